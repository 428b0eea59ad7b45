"""The overlay: it reads both stores as one, and changes only its own."""

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.storage.contract import ObjectMissing, ObjectStore
from framework.storage.folder import FolderStore
from framework.storage.overlay import OverlayStore


def put(store: ObjectStore, key: str, body: bytes) -> None:
    store.put(key, body, sha256=hashlib.sha256(body).hexdigest())


@pytest.fixture
def below(tmp_path: Path) -> FolderStore:
    store = FolderStore(tmp_path / "below")
    put(store, "a/below", b"from below")
    put(store, "a/both", b"the same")
    return store


@pytest.fixture
def overlay(below: FolderStore, tmp_path: Path) -> Iterator[OverlayStore]:
    made = OverlayStore(below, FolderStore(tmp_path / "own"))
    put(made, "a/own", b"own")
    put(made, "a/both", b"the same")
    yield made
    made.close()


@pytest.mark.parametrize(("key", "body"), [("a/below", b"from below"), ("a/own", b"own"), ("a/both", b"the same")])
def test_it_reads_what_either_has(overlay: OverlayStore, tmp_path: Path, key: str, body: bytes) -> None:
    assert overlay.read(key) == body
    assert overlay.size(key) == len(body)
    assert overlay.fetch(key, tmp_path / "target").sha256 == hashlib.sha256(body).hexdigest()
    with overlay.stream(key, 1, 2) as chunks:
        assert b"".join(chunks) == body[1:3]


def test_it_lists_both_once_and_in_order(overlay: OverlayStore) -> None:
    assert [entry.key for entry in overlay.list("a/")] == ["a/below", "a/both", "a/own"]
    assert [entry.key for entry in overlay.list("a/", after="a/below")] == ["a/both", "a/own"]


def test_nothing_of_the_store_below_changes(overlay: OverlayStore, below: FolderStore) -> None:
    overlay.delete("a/below")
    overlay.delete("a/own")
    assert [entry.key for entry in below.list("")] == ["a/below", "a/both"]
    assert overlay.presign_put("a/new", 60, size_bytes=1) is None


def test_what_neither_has_is_missing(overlay: OverlayStore) -> None:
    with pytest.raises(ObjectMissing):
        overlay.read("a/nothing")
    with pytest.raises(ObjectMissing):
        overlay.size("a/nothing")
