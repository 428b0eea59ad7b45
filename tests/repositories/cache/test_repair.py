"""A damaged local copy: pages heal in the same request, streams are cut, clones are right or refused."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from framework.database.session import transaction
from framework.gitcore import git
from framework.repositories import object_keys, tasks
from framework.repositories.cache import eviction, repair
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.copy import Copy, ObjectAltered, open_copy
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.marker import FULL, LAYOUT
from framework.repositories.cache.repair import read_copy
from framework.repositories.catalog.deletion import remove_rows
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment_in_full

LARGE = os.urandom(2 << 20)


@pytest.fixture
def written(bench: Bench) -> Bench:
    bench.write(bench.put("a", b"1"), bench.put("folder/b", b"2" * 5000), bench.put("large", LARGE))
    return bench


def files(bench: Bench, suffix: str) -> list[Path]:
    return sorted((copy_path(bench.repository_id) / "objects" / "pack").glob(f"*{suffix}"))


def flip(file: Path, position: int) -> None:
    """One wrong bit."""
    data = bytearray(file.read_bytes())
    data[position] ^= 1
    file.write_bytes(data)


def page(copy: Copy) -> tuple[list[str], bytes, str]:
    """Everything that a page of the project reads."""
    sha = resolve(copy, "main")
    names = [entry.name for entry in list_folder(copy, find(copy, sha, ""))]
    content = b"".join(copy.blob(find(copy, sha, "folder/b").sha).chunks)
    return names, content, read_log(copy, sha)[0].title


def everywhere(file: Path) -> list[int]:
    size = file.stat().st_size
    return sorted({0, 8, 11, 12, 13, 20, size // 4, size // 2, 3 * size // 4, size - 30, size - 1})


def test_a_flipped_bit_heals_in_the_same_request(written: Bench) -> None:
    """Wherever in the pack or index of the history it is: what is read is right, and the copy is whole afterwards."""
    expected = read_copy(written.repository_id, page)
    smallest = min(files(written, ".pack"), key=lambda file: file.stat().st_size)
    for file in (smallest, smallest.with_suffix(".idx")):
        whole = file.read_bytes()
        for position in everywhere(file):
            flip(file, position)
            assert read_copy(written.repository_id, page) == expected, (file.suffix, position)
            repair.heal(written.repository_id)
            assert file.read_bytes() == whole


@pytest.mark.parametrize("length", [0, 1, 100, 1000])
def test_a_truncated_index_heals_in_the_same_request(written: Bench, length: int) -> None:
    expected = read_copy(written.repository_id, page)
    for file in files(written, ".idx"):
        os.truncate(file, length)
    assert read_copy(written.repository_id, page) == expected


def test_an_index_that_points_beyond_any_file_heals_in_the_same_request(written: Bench) -> None:
    expected = read_copy(written.repository_id, page)
    for file in files(written, ".idx"):
        whole = file.read_bytes()
        file.write_bytes(whole[:8] + b"\xff" * 1020 + whole[8 + 1020 :])  # the last tells how many there are
    assert read_copy(written.repository_id, page) == expected


def test_a_damaged_large_blob_is_cut_off_and_never_passed_as_whole(written: Bench) -> None:
    largest = max(files(written, ".pack"), key=lambda file: file.stat().st_size)
    flip(largest, 1 << 20)
    sent = bytearray()
    with open_copy(written.repository_id) as copy:
        blob = copy.blob(find(copy, resolve(copy, "main"), "large").sha)
        with pytest.raises(ObjectAltered):
            sent.extend(byte for chunk in repair.heal_after(written.repository_id, blob.chunks) for byte in chunk)
    assert len(sent) < len(LARGE)
    assert written.read("large") == LARGE, "the failing read has healed the copy"


def test_a_damaged_range_from_the_store_is_cut_off(written: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(copy_path(written.repository_id))
    written.read("a")
    stream = store()._stream

    def damaged(key: str, start: int, length: int | None):  # type: ignore[no-untyped-def]
        for number, chunk in enumerate(stream(key, start, length)):
            yield chunk if number != 2 else bytes([chunk[0] ^ 1]) + chunk[1:]

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_stream", damaged)
        with pytest.raises(ObjectAltered):
            written.read("large")
    assert written.read("large") == LARGE


def test_a_clone_of_a_damaged_copy_is_right_or_refused(written: Bench, tmp_path: Path) -> None:
    with open_copy(written.repository_id, FULL) as copy:
        path = copy.path
    for number, file in enumerate(files(written, ".pack")):
        whole = file.read_bytes()
        for position in everywhere(file):
            flip(file, position)
            target = tmp_path / f"{number}-{position}"
            address = f"file://{path}"
            done = subprocess.run(["git", "clone", "-q", address, str(target)], capture_output=True, check=False)
            if done.returncode == 0:
                assert (target / "large").read_bytes() == LARGE
            file.write_bytes(whole)


def test_the_daily_scrub_mends_what_nobody_read(written: Bench, new_bench: Callable[[], Bench]) -> None:
    other = new_bench()
    other.write(other.put("a", b"other"))
    damaged = files(written, ".pack")[0]
    whole = damaged.read_bytes()
    flip(damaged, 20)
    with requests() as asked:
        assert tasks.scrub_copies() == 1
    assert asked.operations == ["get"]
    assert damaged.read_bytes() == whole
    with requests() as asked:
        assert tasks.scrub_copies() == 0
    assert asked.total == 0


def test_the_daily_scrub_drops_the_copy_of_what_another_machine_deleted_and_checks_the_rest(
    new_bench: Callable[[], Bench],
) -> None:
    benches = [new_bench(), new_bench()]
    for bench in benches:
        bench.write(bench.put("a", os.urandom(5000)))
    deleted, kept = sorted(benches, key=lambda bench: eviction.copies().index(copy_path(bench.repository_id)))
    with transaction() as session:
        remove_rows(session, deleted.repository_id)
    flip(files(kept, ".pack")[0], 20)
    assert tasks.scrub_copies() == 1
    assert eviction.copies() == [copy_path(kept.repository_id)]


def test_the_daily_scrub_goes_on_when_one_copy_cannot_be_mended(
    new_bench: Callable[[], Bench], caplog: pytest.LogCaptureFixture
) -> None:
    benches = [new_bench(), new_bench()]
    for bench in benches:
        bench.write(bench.put("a", os.urandom(5000)))
        flip(files(bench, ".pack")[0], 20)
    first, _second = sorted(benches, key=lambda bench: eviction.copies().index(copy_path(bench.repository_id)))
    store().delete(object_keys.pack_key(first.repository_id, files(first, ".pack")[0].stem.removeprefix("pack-")))
    assert tasks.scrub_copies() == 1
    assert f"the copy of {first.repository_id} could not be checked" in caplog.text


def wait_in_vain(copy: Copy) -> bytes:
    """Have git wait for what never comes, until its deadline."""
    reader, writer = os.pipe()
    try:
        with git.start(copy.path, "cat-file", "--batch", stdin=reader, deadline_seconds=0.1) as process:
            return b"".join(git.bulk(process))
    finally:
        os.close(reader)
        os.close(writer)


def test_a_deadline_says_nothing_about_the_copy(written: Bench) -> None:
    damaged = files(written, ".pack")[0]
    flip(damaged, 20)
    found = damaged.read_bytes()
    with pytest.raises(git.GitTooSlow):
        read_copy(written.repository_id, wait_in_vain)
    with open_copy(written.repository_id) as copy, pytest.raises(git.GitTooSlow):
        list(repair.heal_after(written.repository_id, (wait_in_vain(copy) for _once in range(1))))
    assert damaged.read_bytes() == found, "nobody has looked at it"


def test_a_write_onto_a_damaged_copy_lands_on_a_mended_one(written: Bench) -> None:
    for file in files(written, ".pack"):
        flip(file, file.stat().st_size // 2)
    written.write(written.put("c", b"3"))
    assert written.read("c") == b"3"
    shutil.rmtree(copy_path(written.repository_id))
    with open_copy(written.repository_id, FULL) as copy:
        command = ["git", "-C", str(copy.path), "fsck", "--full", "--strict"]
        assert subprocess.run(command, capture_output=True, check=True).stderr == b""


@pytest.mark.parametrize("part", LAYOUT)
def test_what_is_left_of_a_copy_that_vanished_while_it_was_brought_forward_is_none(written: Bench, part: str) -> None:
    """The disk is emptied between the packs and the marker: git would see no repository there, or one without refs."""
    place = copy_path(written.repository_id) / part
    if place.is_dir():
        shutil.rmtree(place)
    else:
        place.unlink()
    with lease_copy(written.repository_id, FULL) as (path, _snapshot):
        assert b"refs/heads/main" in git.run(path, "for-each-ref")
    assert written.read("a") == b"1"


def test_a_copy_that_vanishes_amid_a_page_is_made_again_in_the_same_request(written: Bench) -> None:
    path, visits = copy_path(written.repository_id), []

    def look(copy: Copy) -> bytes:
        visits.append(copy.path)
        if len(visits) == 1:
            shutil.rmtree(path)
        return git.run(copy.path, "cat-file", "blob", "main:a")

    assert read_copy(written.repository_id, look) == b"1"
    assert len(visits) == 2
