"""Versions of large files, neatly packed: small in the store, and quickly read from there."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from framework.celery.jobs import Work
from framework.gitcore.deltas import chains as delta_chains
from framework.gitcore.deltas import layout
from framework.gitcore.deltas.encoder import make_delta
from framework.gitcore.packs import BLOB, OFS_DELTA
from framework.repositories.cache.copy import ObjectAltered, open_copy
from framework.repositories.cache.eviction import evict
from framework.repositories.cache.hydration import pack_file
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import BLOBS, StoredPack
from framework.repositories.catalog.snapshot import read_packs, read_snapshot
from framework.repositories.history.folders import find
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance import large_files
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.large_files import PackFile
from framework.repositories.maintenance.verification import verify
from framework.repositories.object_keys import pack_key
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full

MIB = 1 << 20


def make_versions(count: int) -> list[bytes]:
    """Versions of a table of some MiB, each with a few other rows than the one before."""
    rng = random.Random(0)
    rows = [b"%d,%s\n" % (number, rng.randbytes(20).hex().encode()) for number in range(30_000)]
    made = []
    for _version in range(count):
        for number in rng.sample(range(len(rows)), 40):
            rows[number] = b"%d,%s\n" % (number, rng.randbytes(20).hex().encode())
        made.append(b"".join(rows))
    return made


*VERSIONS, NEXT = make_versions(7)


def count_deltas(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files of which deltas are made from now on."""
    made = list[Path]()

    def make(base: Path, target: Path) -> Iterator[bytes]:
        made.append(target)
        return make_delta(base, target)

    monkeypatch.setattr(large_files, "make_delta", make)
    return made


@pytest.fixture
def grown(bench: Bench, work: Work) -> Bench:
    """Six versions of a table beside a picture, neatly packed."""
    bench.write(bench.put("data/table.csv", VERSIONS[0]), bench.put("picture", random.Random(1).randbytes(2 * MIB)))
    for version in VERSIONS[1:]:
        bench.write(bench.put("data/table.csv", version))
    consolidate(RepackRequest(bench.repository_id), work)
    return bench


def blobs_of(bench: Bench) -> StoredPack:
    """The pack of large files."""
    [pack] = [pack for pack in read_packs(bench.repository_id) if pack.kind == BLOBS]
    return pack


def commits_of(bench: Bench) -> list[str]:
    """The commits of the main branch, newest first."""
    with open_copy(bench.repository_id) as copy:
        return [commit.sha for commit in read_log(copy, resolve(copy, "main"))]


def kinds_of(bench: Bench) -> dict[bool, int]:
    """How many entries of the pack of large files are deltas, and how many are not."""
    with open_copy(bench.repository_id, FULL) as copy:
        pack = PackFile(pack_file(copy.path, blobs_of(bench).name), neat=True)
        kinds = [pack.head(sha).kind for sha in pack.index]
    return {True: kinds.count(OFS_DELTA), False: kinds.count(BLOB)}


def test_versions_take_what_they_change(grown: Bench) -> None:
    assert kinds_of(grown) == {True: 5, False: 2}
    assert blobs_of(grown).pack_bytes < 2 * MIB + len(VERSIONS[0]) * 0.6
    assert verify(grown.repository_id).faults == ()


def test_the_newest_version_is_one_range(grown: Bench) -> None:
    evict(grown.repository_id)
    with open_copy(grown.repository_id) as copy:
        sha = find(copy, commits_of(grown)[0], "data/table.csv").sha
        with requests() as asked:
            assert b"".join(copy.blob(sha).chunks) == VERSIONS[-1]
    assert asked.operations == ["range"]


@pytest.mark.parametrize("in_memory_bytes", [0, 16 * MIB])
def test_old_versions_are_made_on_the_disk_or_in_memory(
    grown: Bench, in_memory_bytes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delta_chains, "IN_MEMORY_BYTES", in_memory_bytes)
    with open_copy(grown.repository_id) as copy:
        for back, commit in enumerate(commits_of(grown)):
            assert b"".join(copy.blob(find(copy, commit, "data/table.csv").sha).chunks) == VERSIONS[-1 - back]


@pytest.mark.parametrize("back", [1, 5])
@pytest.mark.parametrize(("window_bytes", "asked_for"), [(4 * MIB, ["range"]), (MIB // 4, ["range", "range"])])
def test_an_old_version_is_two_ranges_at_most(
    grown: Bench, back: int, window_bytes: int, asked_for: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "WINDOW_BYTES", window_bytes)
    evict(grown.repository_id)
    with open_copy(grown.repository_id) as copy:
        sha = find(copy, commits_of(grown)[back], "data/table.csv").sha
        with requests() as asked:
            assert b"".join(copy.blob(sha).chunks) == VERSIONS[-1 - back]
    assert asked.operations == asked_for


def test_one_that_deflates_like_a_delta_is_one_range(bench: Bench, work: Work) -> None:
    blank = bytes(3 * MIB)
    bench.write(bench.put("blank", blank))
    consolidate(RepackRequest(bench.repository_id), work)
    evict(bench.repository_id)
    with open_copy(bench.repository_id) as copy:
        sha = find(copy, commits_of(bench)[0], "blank").sha
        with requests() as asked:
            assert b"".join(copy.blob(sha).chunks) == blank
    assert asked.operations == ["range"]


def test_the_local_copy_reads_them_too(grown: Bench) -> None:
    with open_copy(grown.repository_id, FULL) as copy:
        for back, commit in enumerate(commits_of(grown)):
            blob = copy.blob(find(copy, commit, "data/table.csv").sha)
            assert blob.size_bytes == len(VERSIONS[-1 - back])
            assert b"".join(blob.chunks) == VERSIONS[-1 - back]


def test_what_has_been_packed_is_kept_as_it_is(grown: Bench, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    """One more version costs one more delta, however many there are."""
    made = count_deltas(monkeypatch)
    grown.write(grown.put("data/table.csv", NEXT))
    consolidate(RepackRequest(grown.repository_id), work)
    assert len(made) == 1
    assert kinds_of(grown) == {True: 6, False: 2}
    assert verify(grown.repository_id).faults == ()
    assert grown.read("data/table.csv") == NEXT


def test_what_a_branch_or_tag_has_now_is_whole(bench: Bench, work: Work) -> None:
    bench.write(bench.put("table", VERSIONS[0]))
    first = read_snapshot(bench.repository_id).refs["refs/heads/main"]
    bench.write(bench.put("table", VERSIONS[1]))
    bench.write(bench.put("other", b"1"), branch="release", start=first)
    bench.write(bench.put("table", VERSIONS[2]))
    consolidate(RepackRequest(bench.repository_id), work)
    assert kinds_of(bench) == {True: 1, False: 2}


def test_a_long_chain_begins_again(bench: Bench, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_files, "DEPTH", 3)
    for version in VERSIONS:
        bench.write(bench.put("table", version))
    consolidate(RepackRequest(bench.repository_id), work)
    assert kinds_of(bench) == {True: 5, False: 1}
    assert verify(bench.repository_id).faults == ()
    with open_copy(bench.repository_id) as copy:
        for back, commit in enumerate(commits_of(bench)):
            assert b"".join(copy.blob(find(copy, commit, "table").sha).chunks) == VERSIONS[-1 - back]


@pytest.mark.long
def test_what_has_nothing_in_common_stays_whole(bench: Bench, work: Work) -> None:
    for number in range(3):
        bench.write(bench.put("noise", random.Random(number).randbytes(2 * MIB)))
    consolidate(RepackRequest(bench.repository_id), work)
    assert kinds_of(bench) == {True: 0, False: 3}


@pytest.mark.long
def test_it_is_not_tried_for_ever(bench: Bench, work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    made = count_deltas(monkeypatch)
    for number in range(3):
        bench.write(bench.put("noise", random.Random(number).randbytes(2 * MIB)))
    consolidate(RepackRequest(bench.repository_id), work)
    bench.write(bench.put("noise", random.Random(3).randbytes(2 * MIB)))
    assert len(made) == 2
    consolidate(RepackRequest(bench.repository_id), work)
    assert len(made) == 3
    assert kinds_of(bench) == {True: 0, False: 4}


def test_a_chain_is_cut_where_its_deltas_become_too_much(
    bench: Bench, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(large_files, "MOST_CHAIN_BYTES", 10_000)
    for version in VERSIONS:
        bench.write(bench.put("table", version))
    consolidate(RepackRequest(bench.repository_id), work)
    assert kinds_of(bench)[False] > 1
    with open_copy(bench.repository_id) as copy:
        for back, commit in enumerate(commits_of(bench)):
            assert b"".join(copy.blob(find(copy, commit, "table").sha).chunks) == VERSIONS[-1 - back]


def test_a_delta_that_does_not_make_its_file_is_not_kept(
    bench: Bench, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_wrong(base: Path, target: Path) -> Iterator[bytes]:
        yield from make_delta(base, base)

    monkeypatch.setattr(large_files, "make_delta", make_wrong)
    for version in VERSIONS[:3]:
        bench.write(bench.put("table", version))
    consolidate(RepackRequest(bench.repository_id), work)
    assert kinds_of(bench) == {True: 0, False: 3}
    assert verify(bench.repository_id).faults == ()


def test_a_damaged_delta_is_told(grown: Bench) -> None:
    evict(grown.repository_id)
    key = pack_key(grown.repository_id, blobs_of(grown).name)
    with open_copy(grown.repository_id) as copy:
        sha = find(copy, commits_of(grown)[3], "data/table.csv").sha
        offset = PackFile(pack_file(copy.path, blobs_of(grown).name), neat=True).index[sha]
        body = bytearray(store().read(key))
        body[offset + 20] ^= 1
        alter(key, bytes(body))
        with pytest.raises(ObjectAltered):
            b"".join(copy.blob(sha).chunks)
