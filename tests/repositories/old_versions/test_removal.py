"""A history is rewritten while others write to it."""

import errno
import shutil
import subprocess
import zlib

import pytest

from framework.celery.jobs import Work
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.disk_room import NoRoom
from framework.repositories.history.folders import exists
from framework.repositories.old_versions.removal import RemovalRequest, Removed, remove_old_versions
from framework.repositories.old_versions.survey import survey
from framework.repositories.write.write_queue import is_taken
from tests.repositories.conftest import Bench, Meanwhile

PATH = "table"


def version(number: int) -> bytes:
    return b"%d\n" % number * 1000


def remove(bench: Bench, work: Work, path: str = PATH) -> Removed | None:
    return remove_old_versions(
        RemovalRequest(bench.repository_id, path, "alice", lambda _session, _removed: None), work
    )


def which_have(bench: Bench, path: str = PATH) -> list[bool]:
    """Of each commit, the first one first, whether it has the file."""
    with open_copy(bench.repository_id) as copy:
        command = ["git", "-C", str(copy.path), "log", "--reverse", "--format=%H", copy.snapshot.branches["main"]]
        commits = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
        return [exists(copy, sha, path) for sha in commits]


def test_what_was_kept_once_is_kept_in_what_comes_meanwhile(bench: Bench, work: Work, meanwhile: Meanwhile) -> None:
    for number in range(2):
        bench.write(bench.put(PATH, version(number)))

    def push() -> None:
        bench.write(bench.put("other", b"1"))
        bench.write(bench.put(PATH, version(2)))

    meanwhile(push)
    removed = remove(bench, work)
    assert removed
    assert removed.versions == 1
    assert which_have(bench) == [False, True, True, True]


def test_a_machine_without_room_refuses_and_leaves_everything(
    bench: Bench, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2):
        bench.write(bench.put(PATH, version(number)))
    before = read_snapshot(bench.repository_id)
    full = shutil.disk_usage("/")._replace(free=10)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _path: full)
        with pytest.raises(NoRoom, match="this machine has 0 MiB free"):
            remove(bench, work)
    assert read_snapshot(bench.repository_id) == before


def test_a_disk_that_is_full_in_the_middle_is_told(bench: Bench, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(2):
        bench.write(bench.put(PATH, version(number)))
    before = read_snapshot(bench.repository_id)

    def fail(_raw: bytes, _level: int) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(zlib, "compress", fail)
    with pytest.raises(NoRoom, match="make room or use a larger machine"):
        remove(bench, work)
    assert read_snapshot(bench.repository_id) == before


def test_a_file_in_many_folders_is_found(bench: Bench, work: Work) -> None:
    path = "/".join(["d"] * 600 + [PATH])
    for number in range(2):
        bench.write(bench.put(path, version(number)))
    [file] = survey(bench.repository_id, work).files
    assert (file.path, file.old_versions) == (path, 1)
    assert remove(bench, work, path)
    assert which_have(bench, path) == [False, True]


def test_nobody_waits_while_all_commits_are_walked_again(bench: Bench, work: Work, meanwhile: Meanwhile) -> None:
    """The second loss is to a branch that ends with a version which was removed; then one is to nobody in turn."""
    first = bench.write(bench.put(PATH, version(0))).sha
    bench.write(bench.put(PATH, version(1)))
    bench.write(bench.put(PATH, version(2)))
    taken = list[bool]()

    def look() -> None:
        taken.append(is_taken(bench.repository_id))
        bench.write(bench.put("other", b"2"))
        meanwhile(lambda: taken.append(is_taken(bench.repository_id)))

    def branch() -> None:
        bench.write(bench.put("other", b"1"), branch="side", start=first)
        meanwhile(look)

    def push() -> None:
        bench.write(bench.put("other", b"1"))
        meanwhile(branch)

    meanwhile(push)
    removed = remove(bench, work)
    assert removed
    assert removed.versions == 1
    assert which_have(bench) == [True, False, True, True, True]
    assert taken == [False, True]
