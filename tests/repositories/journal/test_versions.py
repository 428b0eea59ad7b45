"""What a version left, from whatever checkpoints and entries can be read."""

import gzip
import hashlib
import json
from collections.abc import Callable

import pytest

from framework.config import Config
from framework.database.session import read_transaction
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.journal.keys import EntryDamaged, JournalKey, list_journal
from framework.repositories.journal.reader import read_entry
from framework.repositories.journal.state import State, read_state
from framework.repositories.journal.versions import FullVersion, KnownVersion, read_version
from framework.repositories.models import Repository
from framework.repositories.write.creation import change_about
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.repositories.journal.earlier import rewrite_newest_entry
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


def write_four(bench: Bench) -> Bench:
    """Versions of small and large files and of a renamed project."""
    bench.write(bench.put("a", b"1"))
    bench.write(bench.put("large", bytes(2 << 20)))
    change_about(bench.repository_id, lambda _session: {"name": "renamed"}, actor="bob")
    bench.write(bench.put("a", b"4"), branch="side", start=sql_state(bench).refs["refs/heads/main"])
    return bench


@pytest.fixture
def written(bench: Bench) -> Bench:
    return write_four(bench)


def newest(bench: Bench) -> FullVersion:
    """What the journal tells of the newest version."""
    journal = list_journal(bench.repository_id)
    return read_version(journal, journal.entries[-1])


def sql_state(bench: Bench) -> State:
    """The state that SQL has, with packs and objects in the order of the journal's."""
    with read_transaction() as session:
        return read_state(session, session.get_one(Repository, bench.repository_id))


def differences(one: State, other: State) -> list[str]:
    """The parts in which two states differ, whatever the order of packs and objects."""
    values = ("default_branch", "refs", "side_files", "large_blobs", "project", "settled")
    apart = [name for name in values if getattr(one, name) != getattr(other, name)]
    return apart + [name for name in ("packs", "lfs") if set(getattr(one, name)) != set(getattr(other, name))]


def damage(key: JournalKey) -> None:
    alter(key.key, b"{}")


def test_the_entries_lead_to_what_sql_has(written: Bench) -> None:
    told = newest(written)
    assert differences(told.state, sql_state(written)) == []
    assert (told.faults, told.gap) == ((), False)


def test_a_checkpoint_spares_the_entries_before_it(written: Bench) -> None:
    assert write_checkpoint(written.repository_id, least_bytes=0)
    written.write(written.put("b", b"5"))
    journal = list_journal(written.repository_id)
    with requests() as asked:
        told = read_version(journal, journal.entries[-1])
    assert asked.operations == ["get", "get"], "the newest entry, and the checkpoint before it"
    assert differences(told.state, sql_state(written)) == []


def test_a_damaged_checkpoint_falls_back_to_the_one_before(written: Bench) -> None:
    write_checkpoint(written.repository_id, least_bytes=0)
    written.write(written.put("b", b"5"))
    write_checkpoint(written.repository_id, least_bytes=0)
    written.write(written.put("c", b"6"))
    first, second = list_journal(written.repository_id).checkpoints
    alter(second.key, b"nothing")
    told = newest(written)
    assert differences(told.state, sql_state(written)) == []
    assert "the journal's checkpoint of version 5, is damaged" in told.faults[0]
    assert not told.gap
    alter(first.key, b"nothing")
    told = newest(written)
    assert differences(told.state, sql_state(written)) == []
    assert len(told.faults) == 2


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_lost_entry_before_a_checkpoint_costs_nothing(written: Bench, number: int) -> None:
    write_checkpoint(written.repository_id, least_bytes=0)
    written.write(written.put("b", b"5"))
    damage(list_journal(written.repository_id).entries[number])
    told = newest(written)
    assert differences(told.state, sql_state(written)) == []
    assert not told.gap


def test_a_lost_entry_that_no_checkpoint_covers_is_told(written: Bench) -> None:
    """A branch that no later version moved is at its earlier position."""
    damage(list_journal(written.repository_id).entries[1])
    told = newest(written)
    assert told.gap
    assert "the journal entry of version 2, is damaged" in told.faults[0]
    assert told.state.refs.keys() == sql_state(written).refs.keys()
    assert told.state.project == {"name": "renamed"}
    assert differences(told.state, sql_state(written)) == ["refs", "large_blobs", "packs"]


def test_a_state_that_is_known_needs_no_earlier_entry(written: Bench) -> None:
    last = list_journal(written.repository_id).entries[-1]
    known = KnownVersion(last.place, read_entry(last).line.entry_hash, sql_state(written))
    written.write(written.put("b", b"5"))
    for key in list_journal(written.repository_id).entries[:-1]:
        damage(key)
    journal = list_journal(written.repository_id)
    told = read_version(journal, journal.entries[-1], known=known)
    assert differences(told.state, sql_state(written)) == []
    assert (told.faults, told.gap) == ((), False)


def test_a_state_that_is_known_is_not_replaced_by_an_older_one(written: Bench) -> None:
    """SQL's own entry and the next one are lost: what came before is older than what SQL has."""
    last = list_journal(written.repository_id).entries[-1]
    known = KnownVersion(last.place, read_entry(last).line.entry_hash, sql_state(written))
    written.write(written.put("b", b"5"))
    written.write(written.put("c", b"6"), branch="other", start=sql_state(written).refs["refs/heads/main"])
    journal = list_journal(written.repository_id)
    for key in journal.entries[-3:-1]:
        damage(key)
    told = read_version(journal, journal.entries[-1], known=known)
    assert told.gap
    assert told.state.refs.keys() == sql_state(written).refs.keys()
    assert told.state.refs["refs/heads/side"] == known.state.refs["refs/heads/side"]


def test_two_checkpoints_of_a_version_are_both_tried(written: Bench) -> None:
    write_checkpoint(written.repository_id, least_bytes=0)
    write_checkpoint(written.repository_id, least_bytes=0)
    journal = list_journal(written.repository_id)
    for key in journal.entries[:-1]:
        damage(key)
    for number in (0, 1):
        body = store().read(journal.checkpoints[number].key)
        alter(journal.checkpoints[number].key, b"nothing")
        told = newest(written)
        assert differences(told.state, sql_state(written)) == []
        assert not told.gap
        alter(journal.checkpoints[number].key, body)


def test_a_version_whose_own_entry_is_damaged_is_none(written: Bench) -> None:
    damage(list_journal(written.repository_id).entries[-1])
    with pytest.raises(EntryDamaged):
        newest(written)


def test_entries_of_an_earlier_format_tell_everything(written: Bench) -> None:
    """Below them nothing is read; sizes of large blobs, which they do not tell, are read from the packs."""
    old = rewrite_newest_entry(written)
    told = newest(written)
    assert told.line.key == old
    assert differences(told.state, sql_state(written)) == ["large_blobs"]
    assert told.state.large_blobs is None
    for key in list_journal(written.repository_id).entries[:-1]:
        damage(key)
    written.write(written.put("b", b"5"))
    assert differences(newest(written).state, sql_state(written)) == []


def test_the_first_entry_after_an_upgrade_tells_everything(written: Bench) -> None:
    damage(rewrite_newest_entry(written))
    written.write(written.put("b", b"5"))
    written.write(written.put("b", b"6"))
    fifth, sixth = map(read_entry, list_journal(written.repository_id).entries[-2:])
    assert fifth.state
    assert sixth.state is None
    assert differences(newest(written).state, sql_state(written)) == []


def test_other_objects_are_ignored(written: Bench) -> None:
    store().put(
        f"repos/{written.repository_id}/checkpoints/000001/notes.txt",
        b"",
        sha256=hashlib.sha256(b"").hexdigest(),
    )
    assert list_journal(written.repository_id).checkpoints == ()


def test_packs_whose_index_is_not_stored_are_named_apart(bench: Bench) -> None:
    """A release that knows no such packs reads their records, and everything once the indexes are written."""
    bench.write(bench.put("a", b"1"), bench.put("large", bytes(2 << 20)))
    write_checkpoint(bench.repository_id, least_bytes=0)
    [entry], [checkpoint] = (found := list_journal(bench.repository_id)).entries, found.checkpoints
    small, large = sorted(sql_state(bench).packs, key=lambda pack: pack.idx_stored)
    assert (small.kind, small.idx_stored, large.kind, large.idx_stored) == ("history", False, "blobs", True)
    told = json.loads(store().read(entry.key))
    state = json.loads(gzip.decompress(store().read(checkpoint.key)))["state"]
    measures = {"name", "kind", "pack_bytes", "pack_sha256", "idx_bytes", "idx_sha256", "object_count"}
    assert (told["unstored_indexes"], [set(pack) for pack in told["packs"]]) == ([small.name], [measures] * 2)
    assert state["unstored_indexes"] == [small.name]
    assert [set(pack) for pack in state["packs"]] == [measures | {"epoch", "version"}] * 2
    assert newest(bench).state == sql_state(bench)


def test_where_every_index_is_stored_nothing_is_said_of_it(bench: Bench, with_settings: Callable[..., Config]) -> None:
    with_settings(store_small_indexes=True)
    bench.write(bench.put("a", b"1"))
    [entry] = list_journal(bench.repository_id).entries
    assert b"index" not in store().read(entry.key)
