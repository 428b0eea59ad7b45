"""Consolidation beside pushes, uploads and readers: what happens between its look and its commit, or theirs."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import select

from framework.celery.jobs import Work, track_progress
from framework.database.session import read_transaction
from framework.repositories.cache.copy import ObjectAbsent, open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LargeBlob, Pack, StagedPush
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.refusals import PacksChanged
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, MIB, OTHER, Bench, Meanwhile
from tests.repositories.packed import force_away, has_superseded_packs, packs_of

pytestmark = on_each_deployment_in_full


def test_a_push_meanwhile_stays_beside(grown: Bench, work: Work, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: grown.write(grown.put("late", b"late"), grown.put("large", LARGE[:-1])))
    consolidate(RepackRequest(grown.repository_id), work)
    assert [pack.kind for pack in packs_of(grown)] == [HISTORY, HISTORY, BLOBS, BLOBS]
    assert grown.read("late") == b"late"
    assert verify(grown.repository_id).faults == ()


def test_of_two_consolidations_one_wins_and_the_other_leaves_nothing(
    grown: Bench, work: Work, meanwhile: Meanwhile
) -> None:
    with track_progress("the other") as other:
        meanwhile(lambda: consolidate(RepackRequest(grown.repository_id), other))
        assert consolidate(RepackRequest(grown.repository_id), work) is None
    names = {pack.name for pack in packs_of(grown)}
    assert len(names) == 2
    with read_transaction() as session:
        retired = session.scalars(select(Pack.name).where(Pack.superseded_version.is_not(None))).all()
        assert session.scalars(select(StagedPush)).all() == []
    stored = {Path(entry.key).stem.removeprefix("pack-") for entry in store().list("repos/") if "/packs/" in entry.key}
    assert stored == names | set(retired)


def test_a_purge_that_loses_to_a_consolidation_begins_anew(grown: Bench, work: Work, meanwhile: Meanwhile) -> None:
    lost = force_away(grown)
    with track_progress("the other") as other:
        meanwhile(lambda: consolidate(RepackRequest(grown.repository_id), other))
        assert consolidate(RepackRequest(grown.repository_id, purge=True), work)
    with open_copy(grown.repository_id, FULL) as copy:
        assert not copy.has(lost)
    assert verify(grown.repository_id).faults == ()


def test_a_purge_of_a_project_without_a_branch_leaves_nothing(grown: Bench, work: Work) -> None:
    move = RefUpdate("refs/heads/main", read_snapshot(grown.repository_id).branches["main"], None)
    change = Change(repository_id=grown.repository_id, actor="alice", updates=(move,))
    commit(change, precheck=do_nothing, in_transaction=do_nothing)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert packs_of(grown) == []
    assert verify(grown.repository_id).faults == ()
    grown.write(grown.put("anew", b"anew"), grown.put("large", LARGE))
    assert grown.read("large") == LARGE


def test_a_purge_keeps_what_the_refs_reach_and_nothing_else(grown: Bench, work: Work) -> None:
    lost = force_away(grown)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    with open_copy(grown.repository_id, FULL) as copy, pytest.raises(ObjectAbsent):
        copy.commit(lost)
    with read_transaction() as session:
        assert sorted(session.scalars(select(LargeBlob.size_bytes))) == [MIB, len(LARGE)]
    assert verify(grown.repository_id).faults == ()
    assert grown.read("large") == LARGE


def test_a_push_on_top_of_what_a_purge_is_about_to_drop_keeps_it(
    grown: Bench, work: Work, meanwhile: Meanwhile
) -> None:
    """It was committed before the purge, which begins anew."""
    lost = force_away(grown)
    move = RefUpdate("refs/heads/rescued", None, lost)
    change = Change(repository_id=grown.repository_id, actor="alice", updates=(move,), pack_generation=0)
    meanwhile(lambda: commit(change, precheck=do_nothing, in_transaction=do_nothing))
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert grown.read("secret", "rescued") == b"secret"
    assert grown.read("big secret", "rescued") == LARGE[1:]
    assert verify(grown.repository_id).faults == ()


def test_a_branch_on_what_a_purge_has_dropped_is_refused(grown: Bench, work: Work) -> None:
    lost = force_away(grown)
    move = RefUpdate("refs/heads/rescued", None, lost)
    change = Change(repository_id=grown.repository_id, actor="alice", updates=(move,), pack_generation=0)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    with pytest.raises(PacksChanged):
        commit(change, precheck=do_nothing, in_transaction=do_nothing)
    assert verify(grown.repository_id).faults == ()


def test_an_upload_brings_what_a_purge_has_dropped_meanwhile(grown: Bench, work: Work, meanwhile: Meanwhile) -> None:
    """The large file, the small one and their folder are there when the upload begins, and gone when it commits."""
    force_away(grown)
    meanwhile(lambda: consolidate(RepackRequest(grown.repository_id, purge=True), work))
    grown.write(grown.put("secret", b"secret"), grown.put("big secret", LARGE[1:]))
    assert grown.read("big secret") == LARGE[1:]
    assert verify(grown.repository_id).faults == ()


def test_an_upload_to_a_crowded_copy_brings_what_a_purge_has_dropped(grown: Bench, work: Work) -> None:
    """A reader keeps the old packs on the disk; nobody believes in them."""
    lost = force_away(grown)
    with open_copy(grown.repository_id, FULL) as reader:
        consolidate(RepackRequest(grown.repository_id, purge=True), work)
        assert reader.commit(lost).message == b"To be lost\n"
        assert has_superseded_packs(grown)
        grown.write(grown.put("secret", b"secret"), grown.put("big secret", LARGE[1:]))
    assert not has_superseded_packs(grown)
    assert verify(grown.repository_id).faults == ()


def test_readers_in_a_crowd_are_not_disturbed_and_the_last_one_tidies_up(grown: Bench, work: Work) -> None:
    with open_copy(grown.repository_id) as first:
        consolidate(RepackRequest(grown.repository_id), work)
        with open_copy(grown.repository_id) as second:
            assert first.snapshot.packs.isdisjoint(second.snapshot.packs)
            for copy in (first, second):
                sha = find(copy, resolve(copy, "main"), "folder/4").sha
                assert b"".join(copy.blob(sha).chunks) == b"same"
                assert copy.has(sha)
    assert not has_superseded_packs(grown)
    assert len(list((copy_path(grown.repository_id) / "objects" / "pack").glob("*.pack"))) == 2


@pytest.mark.long
def test_beside_writers_readers_and_evictions(grown: Bench) -> None:
    """20 readers, 2 writers, evictions, and three consolidations, one of them a purge, all at once."""
    over = threading.Event()

    def read() -> int:
        count = 0
        while not over.is_set() or count < 3:
            assert grown.read("large") == LARGE
            assert grown.read("folder/4") == b"same"
            count += 1
        return count

    def write(name: str) -> int:
        count = 0
        while not over.is_set():
            grown.write(grown.put(f"{name}/{count}", f"{name} {count}".encode()), grown.put(f"{name}/large", OTHER))
            count += 1
        return count

    def drop() -> None:
        while not over.is_set():
            evict(grown.repository_id)
            time.sleep(0.2)

    with ThreadPoolExecutor(23) as pool:
        readers = [pool.submit(read) for _ in range(20)]
        writers = {name: pool.submit(write, name) for name in ("one", "two")}
        dropping = pool.submit(drop)
        try:
            for purge in (False, True, False):
                with track_progress("repacking") as work:
                    consolidate(RepackRequest(grown.repository_id, purge=purge), work)
        finally:
            over.set()
        assert all(reader.result() >= 3 for reader in readers)
        written = {name: writer.result() for name, writer in writers.items()}
        dropping.result()
    for name, count in written.items():
        for number in range(count):
            assert grown.read(f"{name}/{number}") == f"{name} {number}".encode()
    assert verify(grown.repository_id).faults == ()
    assert read_snapshot(grown.repository_id).pack_generation >= 1
