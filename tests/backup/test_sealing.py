"""Sealed files open with their key only, and only when not a byte of them was changed."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.backup.sealing import CHUNK_BYTES, CannotUnseal, is_sealed, seal, unseal

KEY = "a key for tests"
SEALED_CHUNK = CHUNK_BYTES + 16


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES])
def test_what_was_sealed_opens_with_its_key(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    sealed = sealed_file(tmp_path, body)
    assert is_sealed(sealed)
    assert size < 100 or body[:100] not in sealed.read_bytes()
    unseal(sealed, tmp_path / "opened", KEY)
    assert (tmp_path / "opened").read_bytes() == body


def test_the_same_file_is_sealed_differently_each_time(tmp_path: Path) -> None:
    assert sealed_file(tmp_path / "a", b"x").read_bytes() != sealed_file(tmp_path / "b", b"x").read_bytes()


@pytest.mark.parametrize("key", ["another key", f"{KEY} "])
def test_another_key_does_not_open_it(tmp_path: Path, key: str) -> None:
    with pytest.raises(CannotUnseal, match="BACKUP_KEY is not the one that it was made with"):
        unseal(sealed_file(tmp_path, b"x"), tmp_path / "opened", key)


@pytest.mark.parametrize("key", [None, ""])
def test_without_a_key_it_says_what_to_set(tmp_path: Path, key: str | None) -> None:
    with pytest.raises(CannotUnseal, match="BACKUP_KEY is not set"):
        unseal(sealed_file(tmp_path, b"x"), tmp_path / "opened", key)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:-SEALED_CHUNK],
        lambda data: data[:40],
        lambda data: data + b"x",
        lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:],
        lambda data: data[:34] + data[34 + SEALED_CHUNK : 34 + 2 * SEALED_CHUNK] + data[34 : 34 + SEALED_CHUNK],
        lambda data: data[:18] + bytes(16) + data[34:],
    ],
    ids=["shorter", "without its last chunk", "cut off", "longer", "a bit flipped", "chunks swapped", "another salt"],
)
def test_a_changed_file_does_not_open(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    sealed = sealed_file(tmp_path, os.urandom(2 * CHUNK_BYTES))
    sealed.write_bytes(spoil(sealed.read_bytes()))
    with pytest.raises(CannotUnseal):
        unseal(sealed, tmp_path / "opened", KEY)


def sealed_file(folder: Path, body: bytes) -> Path:
    """The sealed form of this content."""
    folder.mkdir(exist_ok=True)
    (folder / "plain").write_bytes(body)
    seal(folder / "plain", folder / "sealed", KEY)
    return folder / "sealed"
