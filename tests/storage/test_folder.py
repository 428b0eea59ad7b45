"""What is peculiar to the folder: it can tell when a key is used twice, and it answers for its own durability."""

import os
import resource
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from framework.storage.contract import Draft, ObjectExists, ObjectMissing, StoreUnavailable
from framework.storage.folder import ABANDONED_HOURS, INCOMING, FolderStore
from tests.storage.conftest import hex_of


def test_it_refuses_other_bytes_for_a_key_that_is_in_use(folder: FolderStore) -> None:
    folder.put("a/b", b"first", sha256=hex_of(b"first"))
    with pytest.raises(ObjectExists, match="a/b"):
        folder.put("a/b", b"second", sha256=hex_of(b"second"))
    assert folder.read("a/b") == b"first"


def test_one_of_many_at_once_is_stored(folder: FolderStore) -> None:
    bodies = [bytes([number]) * 300_000 for number in range(8)]

    def put(body: bytes) -> bool:
        try:
            folder.put("a/b", body, sha256=hex_of(body))
        except ObjectExists:
            return False
        return True

    with ThreadPoolExecutor(max_workers=8) as pool:
        stored = list(pool.map(put, bodies))
    assert [body for body, won in zip(bodies, stored, strict=True) if won] == [folder.read("a/b")]


def test_it_has_no_addresses_for_others(folder: FolderStore) -> None:
    assert folder.presign_get("a", 60) is None
    assert folder.presign_put("a", 60, size_bytes=1) is None


def test_a_key_below_an_object_is_missing(folder: FolderStore) -> None:
    folder.put("a", b"", sha256=hex_of(b""))
    with pytest.raises(ObjectMissing):
        folder.read("a/b")


def test_a_folder_is_not_an_object(folder: FolderStore) -> None:
    folder.put("a/b", b"", sha256=hex_of(b""))
    with pytest.raises(ObjectMissing):
        folder.read("a")
    with pytest.raises(ObjectMissing):
        folder.size("a")


def test_it_publishes_only_what_is_on_the_disk(
    folder: FolderStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published = tmp_path / "objects" / "a" / "b" / "c"
    synced: list[tuple[str, bool]] = []
    fsync = os.fsync

    def noted(descriptor: int) -> None:
        synced.append((str(Path(f"/proc/self/fd/{descriptor}").readlink()), published.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", noted)
    folder.put("a/b/c", b"body", sha256=hex_of(b"body"))
    (draft, draft_was_public), *folders = synced
    assert (Path(draft).parent.name, draft_was_public) == (INCOMING, False)
    assert folders == [(str(path), True) for path in list(published.parents)[:3]]
    synced.clear()
    for key in ("a/b/d", "a/e/f"):
        folder.put(key, b"body", sha256=hex_of(b"body"))
    kept = [path for path, _is_public in synced if INCOMING not in path]
    assert kept == [str(tmp_path / "objects" / name) for name in ("a/b", "a/e", "a")], "folders that are new, and above"


def test_a_full_disk_leaves_nothing_behind(folder: FolderStore, tmp_path: Path) -> None:
    body = bytes(1_000_000)
    with _files_up_to(100_000), pytest.raises(StoreUnavailable):
        folder.put("a", body, sha256=hex_of(body))
    assert list(folder.list("")) == []
    assert list((tmp_path / "objects" / INCOMING).iterdir()) == []


def test_it_sweeps_what_a_killed_process_left(tmp_path: Path) -> None:
    incoming = tmp_path / "objects" / INCOMING
    incoming.mkdir(parents=True)
    (incoming / "old").touch()
    (incoming / "new").touch()
    age = (incoming / "old").stat().st_mtime - (ABANDONED_HOURS + 1) * 3600
    os.utime(incoming / "old", (age, age))
    FolderStore(tmp_path / "objects")
    assert [path.name for path in incoming.iterdir()] == ["new"]


@contextmanager
def _files_up_to(size_bytes: int) -> Iterator[None]:
    """The kernel refuses to write more, as a full disk does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.fixture
def draft(folder: FolderStore) -> Iterator[Draft]:
    """An object that is being written in the folder."""
    begun = folder.begin_draft()
    assert begun
    yield begun
    begun.close()


def test_a_draft_becomes_an_object_at_once(folder: FolderStore, draft: Draft, tmp_path: Path) -> None:
    draft.write(b"bo")
    draft.write(memoryview(b"dy"))
    with pytest.raises(ObjectMissing):
        folder.read("a/b")
    assert folder.publish("a/b", draft, sha256=hex_of(b"body"))
    assert folder.publish("a/b", draft, sha256=hex_of(b"body")), "as often as it is tried"
    draft.close()
    assert folder.read("a/b") == b"body"
    assert not list((tmp_path / "objects" / INCOMING).iterdir())


def test_a_draft_replaces_no_object(folder: FolderStore, draft: Draft) -> None:
    folder.put("a/b", b"first", sha256=hex_of(b"first"))
    draft.write(b"second")
    with pytest.raises(ObjectExists, match="a/b"):
        folder.publish("a/b", draft, sha256=hex_of(b"second"))
    assert folder.read("a/b") == b"first"


def test_a_draft_that_the_disk_did_not_take_is_no_object(folder: FolderStore, draft: Draft) -> None:
    with _files_up_to(10):
        draft.write(bytes(20))
        draft.write(b"x")
        assert not folder.publish("a/b", draft, sha256=hex_of(bytes(20)))
    with pytest.raises(ObjectMissing):
        folder.read("a/b")
