"""Folding: many small packs become few, nothing is lost, and each byte is rewritten a few times only."""

import math
from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework import config
from framework.celery.jobs import Work
from framework.config import Config
from framework.database.session import read_transaction
from framework.gitcore.pack_objects import object_names
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.hydration import pack_file
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.catalog.small_packs import count_geometric, list_small
from framework.repositories.catalog.snapshot import read_packs, read_snapshot
from framework.repositories.journal.keys import list_journal
from framework.repositories.journal.reader import read_entry
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate, is_consolidated
from framework.repositories.maintenance.folding import fold
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, Repository
from framework.repositories.recovery.recovery import rebuild
from framework.repositories.serve.bundle import read_bundle
from framework.repositories.tasks import fold_packs
from framework.repositories.write.follow_up import CONSOLIDATE, FOLD
from framework.storage.counting import requests
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, MIB, Bench
from tests.repositories.packed import force_away, git_in, packs_of, queued, run_queued
from tests.repositories.recovery.test_recovery import adopt

pytestmark = on_each_deployment_in_full


@pytest.fixture
def few(with_settings: Callable[..., Config]) -> None:
    """More than two small packs are many."""
    with_settings(fold_packs=2)


def names_in(bench: Bench) -> set[str]:
    """Every object of the project, reached or not."""
    with open_copy(bench.repository_id, FULL) as copy:
        return {name for pack in copy.snapshot.packs for name in object_names(pack_file(copy.path, pack, ".idx"))}


@pytest.mark.usefixtures("few")
def test_small_packs_become_one_of_each_kind_with_every_object(grown: Bench) -> None:
    lost = force_away(grown)
    before, names = read_snapshot(grown.repository_id), names_in(grown)
    assert fold(grown.repository_id) == 10
    history, blobs = packs_of(grown)
    assert (history.kind, blobs.kind) == (HISTORY, BLOBS)
    after = read_snapshot(grown.repository_id)
    assert (after.refs, after.version) == (before.refs, before.version + 1)
    assert after.pack_generation == before.pack_generation + 1
    assert names_in(grown) == names
    assert history.object_count + blobs.object_count == len(names)
    evict(grown.repository_id)
    with open_copy(grown.repository_id, FULL) as copy:
        assert copy.commit(lost).message == b"To be lost\n"
        for name in names:
            git_in(copy.path, "cat-file", "-e", name)
        git_in(copy.path, "fsck", "--full", "--strict")
    assert grown.read("large") == LARGE
    assert verify(grown.repository_id).faults == ()


@pytest.mark.usefixtures("few")
def test_the_journal_and_the_sizes_follow(grown: Bench) -> None:
    fold(grown.repository_id)
    packs = packs_of(grown)
    entry = read_entry(list_journal(grown.repository_id).entries[-1])
    assert {pack.name for pack in entry.change.packs} == {pack.name for pack in packs}
    assert len(entry.change.retired_packs) == 8
    assert sorted(entry.change.large_blobs.values()) == [MIB, len(LARGE)]
    with read_transaction() as session:
        stored = session.get_one(Repository, grown.repository_id).stored_bytes
    assert stored == sum(pack.stored_bytes for pack in packs)


@pytest.mark.usefixtures("few")
def test_a_lost_database_comes_back_with_what_was_folded(grown: Bench) -> None:
    fold(grown.repository_id)
    packs = {pack.name for pack in packs_of(grown)}
    moments.put_back(moments.NOTHING)
    assert [done.faults for done in rebuild(adopt)] == [()]
    assert {pack.name for pack in packs_of(grown)} == packs
    assert grown.read("large") == LARGE
    assert verify(grown.repository_id).faults == ()


def test_few_small_packs_stay(grown: Bench) -> None:
    before = read_snapshot(grown.repository_id)
    assert fold(grown.repository_id) == 0
    assert read_snapshot(grown.repository_id) == before


@pytest.mark.usefixtures("few")
def test_a_machine_without_a_copy_reads_the_small_packs_and_makes_none(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    for number in range(3):
        grown.write(grown.put("late", b"%d" % number))
    evict(grown.repository_id)
    with requests() as asked:
        assert fold(grown.repository_id) == 3
    assert asked.operations.count("get") == 3
    assert not copy_path(grown.repository_id).exists()


@pytest.mark.usefixtures("few")
def test_a_copy_has_the_packs_at_hand_before_and_after(grown: Bench) -> None:
    with open_copy(grown.repository_id, FULL):
        pass
    with requests() as asked:
        fold(grown.repository_id)
        assert grown.read("a") == b"4" * 1000
    assert "get" not in asked.operations
    assert len(list(copy_path(grown.repository_id).glob("objects/pack/*.pack"))) == 2


@pytest.mark.usefixtures("few")
def test_a_damaged_copy_is_not_folded(grown: Bench) -> None:
    with open_copy(grown.repository_id) as copy:
        spoilt = pack_file(copy.path, packs_of(grown)[0].name)
    spoilt.chmod(0o600)
    spoilt.write_bytes(b"x" * spoilt.stat().st_size)
    fold(grown.repository_id)
    evict(grown.repository_id)
    assert verify(grown.repository_id).faults == ()


@pytest.mark.usefixtures("few")
def test_a_consolidation_keeps_its_packs_and_side_files_beside(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    neat, bundle = packs_of(grown), read_bundle(grown.repository_id)
    for number in range(4):
        grown.write(grown.put("late", b"%d" % number))
    assert fold(grown.repository_id) == 4
    packs = packs_of(grown)
    assert {pack.name for pack in neat} < {pack.name for pack in packs}
    assert len(packs) == 3
    assert not is_consolidated(packs)
    assert read_bundle(grown.repository_id) == bundle
    with open_copy(grown.repository_id, FULL) as copy:
        assert (copy.path / "objects" / "pack" / "multi-pack-index").exists()
        git_in(copy.path, "rev-list", "--count", "--use-bitmap-index", "--objects", "--all")
        git_in(copy.path, "fsck", "--full")
    assert consolidate(RepackRequest(grown.repository_id), work)
    assert is_consolidated(packs_of(grown))


@pytest.mark.usefixtures("few")
def test_what_was_folded_is_collected_when_the_rules_allow(grown: Bench, with_settings: Callable[..., Config]) -> None:
    fold(grown.repository_id)
    assert [found.objects for found in collect(0)] == [0], "a request that began before may still read it"
    with_settings(longest_request_hours=0)
    assert [found.objects for found in collect(0)] == [8 + 2]  # eight packs, and the indexes of two of large blobs
    assert verify(grown.repository_id).faults == ()
    with read_transaction() as session:
        assert len(session.scalars(select(Pack)).all()) == 2


@pytest.mark.long
def test_two_hundred_commits_are_about_twelve_packs_and_each_byte_is_rewritten_a_few_times(
    bench: Bench, with_settings: Callable[..., Config]
) -> None:
    with_settings(consolidate_packs=1000)
    received = rewritten = most = 0
    for number in range(200):
        bench.write(bench.put(f"folder-{number % 7}/file", b"%d" % number * 50))
        received += newest_bytes(bench)
        if run_queued(FOLD):
            rewritten += newest_bytes(bench)
        most = max(most, len(read_packs(bench.repository_id)))
    assert most <= config.current().fold_packs + 1
    assert rewritten <= received * math.log(200, 1.5)
    assert rewritten < received * 5, "in fact"
    evict(bench.repository_id)
    with open_copy(bench.repository_id, FULL) as copy:
        git_in(copy.path, "fsck", "--full", "--strict")
        assert git_in(copy.path, "rev-list", "--count", "main") == "200\n"


@pytest.mark.long
def test_uploads_of_large_files_are_about_twelve_packs(bench: Bench, with_settings: Callable[..., Config]) -> None:
    with_settings(large_blob_bytes=1000, consolidate_packs=1000)
    for number in range(40):
        bench.write(bench.put(f"large-{number}", b"%d" % number * 1000))
        run_queued(FOLD)
        assert len(read_packs(bench.repository_id)) <= config.current().fold_packs + 2
    for number in range(40):
        assert bench.read(f"large-{number}") == b"%d" % number * 1000
    assert verify(bench.repository_id).faults == ()


@pytest.mark.long
def test_a_consolidation_comes_after_as_many_versions_however_few_packs_they_are(
    bench: Bench, with_settings: Callable[..., Config]
) -> None:
    with_settings(fold_packs=2, consolidate_packs=12)
    for number in range(30):
        bench.write(bench.put("a", b"%d" % number))
        run_queued(FOLD)
        assert not list_small(read_packs(bench.repository_id))[3:]
        run_queued(CONSOLIDATE)
    assert [args[1] for args in queued(CONSOLIDATE)][:1] == [0]
    assert len(queued(CONSOLIDATE)) >= 2
    assert verify(bench.repository_id).faults == ()


@pytest.mark.usefixtures("few")
def test_a_fold_is_queued_once_for_each_generation(bench: Bench) -> None:
    for number in range(4):
        bench.write(bench.put("a", b"%d" % number))
    [[repository_id, generation]] = queued(FOLD)
    assert generation == 0
    assert fold_packs.run(repository_id, generation) == 4
    assert fold_packs.run(repository_id, generation) == 0, "once is enough"


@pytest.mark.parametrize(
    ("sizes", "count"),
    [
        ([], 0),
        ([5], 0),
        ([1, 3, 9, 27], 0),
        ([1, 1, 4], 2),
        ([1, 1, 3], 3),
        ([1, 1, 1, 1, 100], 4),
        ([1, 2, 6, 18, 50], 5),
    ],
)
def test_each_pack_is_left_twice_as_large_as_the_smaller_ones(sizes: list[int], count: int) -> None:
    assert count_geometric(sizes) == count


def newest_bytes(bench: Bench) -> int:
    """The bytes of the packs that the newest version brought."""
    newest = read_snapshot(bench.repository_id).version
    return sum(pack.pack_bytes for pack in read_packs(bench.repository_id) if pack.version == newest)
