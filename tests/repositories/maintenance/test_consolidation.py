"""Consolidation: many packs become two, and nothing is lost."""

import shutil
from collections.abc import Callable

import pytest
from sqlalchemy import select

from framework.celery.jobs import Work
from framework.celery.models import BackgroundJob
from framework.config import Config
from framework.database.session import read_transaction
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import evict
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.disk_room import NoRoom
from framework.repositories.journal.keys import list_journal
from framework.repositories.journal.reader import read_entry
from framework.repositories.journal.versions import read_version
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate, is_consolidated
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, Repository
from framework.repositories.tasks import consolidate_packs
from framework.repositories.write.follow_up import CONSOLIDATE
from framework.storage.counting import requests
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import LARGE, MIB, Bench
from tests.repositories.packed import force_away, git_in, packs_of, queued

pytestmark = on_each_deployment_in_full


def test_many_packs_become_two(grown: Bench, work: Work) -> None:
    before = read_snapshot(grown.repository_id)
    done = consolidate(RepackRequest(grown.repository_id), work)
    assert done
    assert done.packs == 8
    history, blobs = packs_of(grown)
    assert (history.kind, blobs.kind) == (HISTORY, BLOBS)
    after = read_snapshot(grown.repository_id)
    assert (after.refs, after.version) == (before.refs, before.version + 1)
    assert after.pack_generation == before.pack_generation + 1
    assert verify(grown.repository_id).faults == ()
    assert grown.read("large") == LARGE
    assert grown.read("a") == b"4" * 1000


def test_the_log_tells_all_of_it(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    journal = list_journal(grown.repository_id)
    entry, state = read_entry(journal.entries[-1]), read_version(journal, journal.entries[-1]).state
    packs = packs_of(grown)
    assert (
        {pack.name for pack in entry.change.packs}
        == {pack.name for pack in state.packs}
        == {pack.name for pack in packs}
    )
    assert len(entry.change.retired_packs) == 8
    assert sorted(entry.change.large_blobs.values()) == [MIB, len(LARGE)]
    assert set(state.side_files) == {packs[0].name}
    assert set(state.side_files[packs[0].name]) == {"midx", "bitmap", "graph", "bundle"}


def test_it_ends_with_a_checkpoint(grown: Bench, work: Work) -> None:
    """So that a rebuild does not follow the packs that are gone, one by one."""
    consolidate(RepackRequest(grown.repository_id), work)
    journal = list_journal(grown.repository_id)
    assert [checkpoint.entry for checkpoint in journal.checkpoints] == [journal.entries[-1]]


def test_what_is_stored_goes_by_what_is_in_use(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    with read_transaction() as session:
        stored = session.get_one(Repository, grown.repository_id).stored_bytes
    assert stored == sum(pack.pack_bytes + pack.idx_bytes for pack in packs_of(grown))


def test_what_is_neatly_packed_already_stays(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    before = read_snapshot(grown.repository_id)
    assert consolidate(RepackRequest(grown.repository_id), work) is None
    assert read_snapshot(grown.repository_id) == before
    grown.write(grown.put("a", b"more"))
    assert not is_consolidated(packs_of(grown))
    assert consolidate(RepackRequest(grown.repository_id), work)
    assert is_consolidated(packs_of(grown))
    assert verify(grown.repository_id).faults == ()


def test_a_project_without_a_version_stays(bench: Bench, work: Work) -> None:
    assert consolidate(RepackRequest(bench.repository_id), work) is None


def test_commits_that_were_pushed_away_stay_readable_by_their_names(grown: Bench, work: Work) -> None:
    lost = force_away(grown)
    consolidate(RepackRequest(grown.repository_id), work)
    with open_copy(grown.repository_id) as copy:
        assert copy.commit(lost).message == b"To be lost\n"


def test_a_cold_page_asks_for_one_history_pack_and_one_index(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    evict(grown.repository_id)
    with requests() as asked:
        grown.read("a")
    assert asked.operations == ["get"] * 3
    with requests() as asked, open_copy(grown.repository_id, FULL) as copy:
        assert (copy.path / "objects" / "pack" / "multi-pack-index").exists()
    assert asked.total == 4, "the large blobs, and three side files"
    with requests() as asked, open_copy(grown.repository_id, FULL):
        pass
    assert asked.total == 0


def test_a_copy_that_consolidated_has_everything_at_hand(grown: Bench, work: Work) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    with requests() as asked, open_copy(grown.repository_id, FULL) as copy:
        names = sorted(file.name for file in (copy.path / "objects" / "pack").iterdir())
        assert (copy.path / "objects" / "info" / "commit-graph").exists()
        assert git_in(copy.path, "rev-list", "--count", "--use-bitmap-index", "--objects", "--all") == "24\n"
        git_in(copy.path, "fsck", "--full")
    assert asked.total == 0
    assert len(names) == 6, "two packs, their indexes, one over both, and a bitmap"


def test_what_is_retired_is_collected_when_the_rules_allow(
    grown: Bench, work: Work, with_settings: Callable[..., Config]
) -> None:
    consolidate(RepackRequest(grown.repository_id), work)
    consolidate(RepackRequest(grown.repository_id, purge=True), work)
    assert [found.objects for found in collect(0)] == [0], "a request that began before may still read it"
    with_settings(longest_request_hours=0)
    assert [found.objects for found in collect(0)] == [6 + 2 * 2 + 2 * 2 + 4]
    assert verify(grown.repository_id).faults == ()
    with read_transaction() as session:
        assert len(session.scalars(select(Pack)).all()) == 2


def test_a_machine_without_room_refuses_and_leaves_everything(
    grown: Bench, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = read_snapshot(grown.repository_id)
    full = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: full)
    with pytest.raises(NoRoom, match=r"needs \d+ MiB of disk, and this machine has 0 MiB free"):
        consolidate(RepackRequest(grown.repository_id), work)
    assert read_snapshot(grown.repository_id) == before


def test_many_packs_queue_one_consolidation_after_each(bench: Bench, with_settings: Callable[..., Config]) -> None:
    with_settings(consolidate_packs=3)
    for number in range(5):
        assert len(queued(CONSOLIDATE)) == int(number > 2)
        bench.write(bench.put("a", str(number).encode()))
    [[repository_id, consolidated]] = queued(CONSOLIDATE)
    assert consolidated == 0
    assert consolidate_packs.run(repository_id, consolidated)
    assert len(packs_of(bench)) == 1
    assert not consolidate_packs.run(repository_id, consolidated), "once is enough"
    for number in range(2):
        bench.write(bench.put("b", str(number).encode()))
    assert queued(CONSOLIDATE) == [[repository_id, 0], [repository_id, 6]], "the version of the last one"
    with read_transaction() as session:
        assert session.scalars(select(BackgroundJob.message)).one().startswith("5 packs of ")
