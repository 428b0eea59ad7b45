"""Sealed files open with their key only, and only when not a byte of them was changed."""

import os
import subprocess
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.backup.first_sealing import CannotUnseal
from framework.backup.identity import identity_of
from framework.backup.sealing import is_sealed, seal, unseal
from tests.backup.first_format import seal_first
from tests.servers.programs import program

KEY = "a key for tests"
CHUNK_BYTES, SEALED_CHUNK = 1 << 16, (1 << 16) + 16
FIRST_CHUNK, FIRST_SEALED_CHUNK = 1 << 20, (1 << 20) + 16


@pytest.mark.parametrize("size", [0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES, 3 << 20])
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
        lambda data: data[:150],
        lambda data: data + b"x",
        lambda data: data[:-50] + bytes([data[-50] ^ 1]) + data[-49:],
        lambda data: data[:60] + bytes([data[60] ^ 1]) + data[61:],
        lambda data: data[: -2 * SEALED_CHUNK] + data[-SEALED_CHUNK:] + data[-2 * SEALED_CHUNK : -SEALED_CHUNK],
    ],
    ids=["shorter", "without its last chunk", "cut off", "cut off in the header", "longer", "a bit flipped",
         "a bit of the header flipped", "chunks swapped"],
)  # fmt: skip
def test_a_changed_file_does_not_open(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    sealed = sealed_file(tmp_path, os.urandom(2 * CHUNK_BYTES))
    sealed.write_bytes(spoil(sealed.read_bytes()))
    with pytest.raises(CannotUnseal):
        unseal(sealed, tmp_path / "opened", KEY)


def test_the_age_tool_opens_it_and_its_files_are_opened(tmp_path: Path) -> None:
    body = os.urandom(3 * CHUNK_BYTES + 7)
    sealed, identity = sealed_file(tmp_path, body), tmp_path / "identity"
    identity.write_text(f"{identity_of(KEY)}\n")
    age = [program("age"), "--decrypt", "--identity", str(identity), str(sealed)]
    assert subprocess.run(age, check=True, capture_output=True).stdout == body
    again = [
        program("age"),
        "--encrypt",
        "--identity",
        str(identity),
        "--output",
        str(tmp_path / "again"),
        str(tmp_path / "plain"),
    ]
    subprocess.run(again, check=True)
    unseal(tmp_path / "again", tmp_path / "opened", KEY)
    assert (tmp_path / "opened").read_bytes() == body


def test_an_identity_is_as_the_format_has_it_and_always_the_same() -> None:
    assert identity_of(KEY) == "AGE-SECRET-KEY-1AC4RKQ7G9P5SMFMPFYMZ2XDA6ADQU9WT3GNDRSKV7HURE7EW2NPSPM5M8G"
    assert identity_of(f"{KEY} ") != identity_of(KEY)


def test_a_file_without_the_key_is_not_taken_for_a_backup(tmp_path: Path) -> None:
    """The public half of the identity is told to nobody; whoever writes to the bucket has another."""
    (tmp_path / "plain").write_bytes(b"x")
    seal(tmp_path / "plain", tmp_path / "forged", "a stranger's key")
    with pytest.raises(CannotUnseal, match="not the one that it was made with"):
        unseal(tmp_path / "forged", tmp_path / "opened", KEY)


def test_memory_does_not_grow_with_a_file(tmp_path: Path) -> None:
    (tmp_path / "plain").write_bytes(bytes(64 << 20))
    seal(tmp_path / "plain", tmp_path / "sealed", KEY)
    tracemalloc.start()
    unseal(tmp_path / "sealed", tmp_path / "opened", KEY)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8 << 20
    assert (tmp_path / "opened").stat().st_size == 64 << 20


@pytest.mark.parametrize("size", [0, 1, FIRST_CHUNK - 1, FIRST_CHUNK, FIRST_CHUNK + 1])
def test_what_an_earlier_release_sealed_opens_too(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    (tmp_path / "sealed").write_bytes(seal_first(body, KEY))
    assert is_sealed(tmp_path / "sealed")
    unseal(tmp_path / "sealed", tmp_path / "opened", KEY)
    assert (tmp_path / "opened").read_bytes() == body


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-1],
        lambda data: data[:-FIRST_SEALED_CHUNK],
        lambda data: data[:40],
        lambda data: data + b"x",
        lambda data: data[:50] + bytes([data[50] ^ 1]) + data[51:],
        lambda data: data[:34] + data[34 + FIRST_SEALED_CHUNK :] + data[34 : 34 + FIRST_SEALED_CHUNK],
        lambda data: data[:18] + bytes(16) + data[34:],
    ],
    ids=["shorter", "without its last chunk", "cut off", "longer", "a bit flipped", "chunks swapped", "another salt"],
)
def test_a_changed_file_of_an_earlier_release_does_not_open(tmp_path: Path, spoil: Callable[[bytes], bytes]) -> None:
    (tmp_path / "sealed").write_bytes(spoil(seal_first(os.urandom(2 * FIRST_CHUNK), KEY)))
    with pytest.raises(CannotUnseal):
        unseal(tmp_path / "sealed", tmp_path / "opened", KEY)


def sealed_file(folder: Path, body: bytes) -> Path:
    """The sealed form of this content."""
    folder.mkdir(exist_ok=True)
    (folder / "plain").write_bytes(body)
    seal(folder / "plain", folder / "sealed", KEY)
    return folder / "sealed"
