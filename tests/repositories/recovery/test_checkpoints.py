"""A rebuild from checkpoints and entries, and what it does when some of them are lost."""

import hashlib
from dataclasses import dataclass

import pytest

from framework.celery.jobs import track_progress
from framework.repositories import object_keys
from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.journal.keys import list_journal
from framework.repositories.maintenance.collector import collect
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.maintenance.verification import verify
from framework.repositories.object_keys import idx_key, pack_key
from framework.repositories.recovery.recovery import rebuild, resume
from framework.repositories.tasks import restore_sample
from framework.repositories.write.creation import change_about
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.catalog.test_lfs_objects import FILM, name, receive
from tests.repositories.conftest import Bench
from tests.repositories.journal.earlier import rewrite_newest_entry
from tests.repositories.maintenance.test_collector import Settings
from tests.repositories.recovery.test_recovery import LARGE, adopt
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Five versions with a checkpoint of the second; the third brings a large blob and the fourth a Git LFS object."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    write_checkpoint(bench.repository_id, least_bytes=0)
    bench.write(bench.put("large", LARGE))
    name(bench, receive(bench, FILM))
    bench.write(bench.put("b", b"5"))
    return bench


@dataclass(frozen=True)
class Everything:
    """The files of a repository, and its Git LFS objects by their SHA-256."""

    files: tuple[bytes, ...]
    lfs: frozenset[str]


def everything(bench: Bench) -> Everything:
    """All that is read of it."""
    objects = read_all_named(bench.repository_id, until=99)
    files = tuple(bench.read(path) for path in ("a", "large", "b"))
    return Everything(files, frozenset(one.oid for one in objects))


def test_everything_comes_back(written: Bench) -> None:
    before = everything(written)
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert (done.versions, done.faults) == (5, ())
    assert everything(written) == before
    assert verify(written.repository_id).faults == ()


def test_a_damaged_checkpoint_is_told_and_costs_nothing(written: Bench) -> None:
    before = everything(written)
    alter(list_journal(written.repository_id).checkpoints[0].key, b"{}")
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert len(done.faults) == 1
    assert "the journal's checkpoint of version 2, is damaged" in done.faults[0]
    assert everything(written) == before


@pytest.mark.parametrize(("number", "missing"), [(0, False), (1, False), (2, False), (2, True), (3, False), (3, True)])
def test_a_lost_entry_costs_no_file(written: Bench, number: int, *, missing: bool) -> None:
    """One after the checkpoint may have brought packs and objects: they are taken from the store."""
    before = everything(written)
    key = list_journal(written.repository_id).entries[number].key
    if missing:
        store().delete(key)
    else:
        alter(key, b"{}")
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert done.faults
    assert everything(written) == before
    assert [fault for fault in verify(written.repository_id).faults if "journal" not in fault] == []


def test_the_newest_version_whose_entry_is_lost_is_told(written: Bench) -> None:
    """Its checkpoint names it: whoever reads the fault can still stop what would delete its packs."""
    write_checkpoint(written.repository_id, least_bytes=0)
    newest = list_journal(written.repository_id).entries[-1]
    store().delete(newest.key)
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert done.versions == 4
    assert any(fault.startswith(f"{newest.key} is missing in the object store: version") for fault in done.faults)


def test_a_lost_entry_costs_nothing_where_sql_has_what_came_before(written: Bench) -> None:
    backup = moments.remember()
    written.write(written.put("c", b"6"))
    before = everything(written)
    alter(list_journal(written.repository_id).entries[3].key, b"{}")
    moments.put_back(backup)
    [done] = resume(adopt)
    assert (done.versions, done.faults) == (1, ())
    assert (everything(written), written.read("c")) == (before, b"6")


def test_the_journal_of_an_earlier_release_is_read(written: Bench) -> None:
    before = everything(written)
    rewrite_newest_entry(written)
    moments.put_back(moments.NOTHING)
    assert [done.faults for done in rebuild(adopt)] == [()]
    assert everything(written) == before
    written.write(written.put("c", b"6"))
    moments.put_back(moments.NOTHING)
    assert [done.versions for done in rebuild(adopt)] == [7]
    assert (everything(written), written.read("c")) == (before, b"6")


def test_an_entry_that_may_have_been_dropped_is_no_gap(written: Bench) -> None:
    before = everything(written)
    for key in list_journal(written.repository_id).entries[:2]:
        store().delete(key.key)
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert (done.versions, done.faults) == (3, ())
    assert everything(written) == before


def test_a_lost_consolidation_leaves_the_packs_that_there_are(written: Bench, with_settings: Settings) -> None:
    """Those that it retired were deleted since, and no later entry says so."""
    with_settings(longest_request_hours=0, staged_hours=0)
    before = everything(written)
    with track_progress("test") as work:
        consolidate(RepackRequest(written.repository_id), work)
    assert sum(found.objects for found in collect(0)) > 0
    written.write(written.put("c", b"7"))
    journal = list_journal(written.repository_id)
    for lost in (journal.entries[5].key, journal.checkpoints[-1].key):
        store().delete(lost)
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert any("is missing, and an entry of the journal that may tell why" in fault for fault in done.faults)
    assert (everything(written), written.read("c")) == (before, b"7")
    assert [fault for fault in verify(written.repository_id).faults if "journal" not in fault] == []


def test_what_cannot_be_read_of_an_orphan_is_passed_over(written: Bench) -> None:
    """A push that was refused, or an upload that was broken off, is no reason to recover nothing."""
    before = everything(written)
    key = list_journal(written.repository_id).entries[3].key
    alter(key, b"{}")
    name, oid = object_keys.new_id(), "0" * 64
    for orphan in (pack_key(written.repository_id, name), idx_key(written.repository_id, name)):
        store().put(orphan, b"half", sha256=hashlib.sha256(b"half").hexdigest())
    store().put(
        object_keys.lfs_key(written.repository_id, oid, name), b"half", sha256=hashlib.sha256(b"half").hexdigest()
    )
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert everything(written) == before


@pytest.mark.parametrize("dropped", [True, False], ids=["dropped", "lost"])
def test_what_was_closed_since_the_backup_stays_closed(bench: Bench, *, dropped: bool) -> None:
    """Though the entry that says so is gone: a checkpoint says it, too."""
    change_about(bench.repository_id, lambda _session: {"name": "notes", "visibility": "public"}, actor="alice")
    bench.write(bench.put("a", b"1"))
    backup = moments.remember()
    change_about(bench.repository_id, lambda _session: {"name": "notes", "visibility": "private"}, actor="alice")
    bench.write(bench.put("secret", b"2"))
    write_checkpoint(bench.repository_id, least_bytes=0)
    bench.write(bench.put("a", b"3"))
    journal = list_journal(bench.repository_id)
    for key in journal.entries[1:2] if dropped else journal.entries[1:3]:
        store().delete(key.key)
    moments.put_back(backup)
    [done] = resume(adopt)
    assert done.project["visibility"] == "private"


def test_an_lfs_object_that_was_purged_and_named_again_is_kept(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    name(bench, receive(bench, FILM))
    write_checkpoint(bench.repository_id, least_bytes=0)
    with track_progress("test") as work:
        consolidate(RepackRequest(bench.repository_id, purge=True), work)
    store().delete(list_journal(bench.repository_id).checkpoints[-1].key)
    name(bench, receive(bench, FILM))
    bench.write(bench.put("b", b"5"))
    alter(list_journal(bench.repository_id).entries[3].key, b"{}")
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert [one.oid for one in read_all_named(bench.repository_id, until=99)] == [hashlib.sha256(FILM).hexdigest()]


def test_a_lost_entry_is_replaced_while_the_database_is_there(written: Bench) -> None:
    before = everything(written)
    store().delete(list_journal(written.repository_id).entries[3].key)
    assert restore_sample()["faults"]
    assert len(list_journal(written.repository_id).checkpoints) == 2
    assert restore_sample()["faults"], "the entry stays lost"
    assert len({one.entry for one in list_journal(written.repository_id).checkpoints}) == 2
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert everything(written) == before
