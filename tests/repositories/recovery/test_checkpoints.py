"""A rebuild from checkpoints and entries, and what it does when some of them are lost."""

from dataclasses import dataclass

import pytest

from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.journal.keys import list_journal
from framework.repositories.maintenance.verification import verify
from framework.repositories.recovery.recovery import rebuild, resume
from framework.repositories.tasks import restore_sample
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.catalog.test_lfs_objects import FILM, name, receive
from tests.repositories.conftest import Bench
from tests.repositories.journal.earlier import rewrite_newest_entry
from tests.repositories.recovery.test_recovery import LARGE, adopt
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    """Four versions with a checkpoint of the second; the third brings a large blob and the fourth a Git LFS object."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("a", b"2"))
    write_checkpoint(bench.repository_id, anew=True)
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


@pytest.mark.parametrize("number", range(4))
@pytest.mark.parametrize("missing", [True, False], ids=["missing", "damaged"])
def test_a_lost_entry_costs_no_file(written: Bench, number: int, *, missing: bool) -> None:
    """One after the checkpoint may have brought packs and objects: they are taken from the store."""
    before = everything(written)
    key = list_journal(written.repository_id).entries[number].key
    store().delete(key) if missing else alter(key, b"{}")
    moments.put_back(moments.NOTHING)
    [done] = rebuild(adopt)
    assert bool(done.faults) == (number >= 2 or not missing), "those before a checkpoint may have been dropped"
    assert everything(written) == before
    assert [fault for fault in verify(written.repository_id).faults if "journal" not in fault] == []


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


def test_a_lost_entry_is_made_up_for_while_the_database_is_there(
    written: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything(written)
    monkeypatch.setattr("framework.repositories.maintenance.scrub.sample", lambda: [written.repository_id])
    store().delete(list_journal(written.repository_id).entries[3].key)
    assert restore_sample()["faults"]
    assert len(list_journal(written.repository_id).checkpoints) == 2
    moments.put_back(moments.NOTHING)
    list(rebuild(adopt))
    assert everything(written) == before
