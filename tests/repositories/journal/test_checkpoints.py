"""Checkpoints: when one is due, what it costs, and that it never says what is not so."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from framework.database.session import read_transaction, transaction
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.journal import checkpoints
from framework.repositories.journal.checkpoints import list_due, read_checkpoint, write_checkpoint
from framework.repositories.journal.keys import CheckpointDamaged, list_journal
from framework.repositories.models import LEAST_ENTRIES_BYTES, Repository
from framework.repositories.tasks import write_checkpoints
from framework.repositories.write.commit import commit, do_nothing
from framework.storage.contract import StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench, Meanwhile
from tests.repositories.journal.test_versions import differences, newest, sql_state, write_four
from tests.storage.altered import alter

pytestmark = on_each_deployment_in_full


@pytest.fixture
def written(bench: Bench) -> Bench:
    return write_four(bench)


def row(bench: Bench) -> Repository:
    with read_transaction() as session:
        return session.get_one(Repository, bench.repository_id)


def move_refs(bench: Bench, old: str | None, new: str | None, count: int) -> None:
    """A version that creates or deletes so many branches."""
    updates = tuple(RefUpdate(f"refs/heads/b{number}", old, new) for number in range(count))
    commit(Change(bench.repository_id, "alice", updates=updates), precheck=do_nothing, in_transaction=do_nothing)


def test_it_tells_what_sql_has(written: Bench) -> None:
    write_checkpoint(written.repository_id, anew=True)
    [checkpoint] = list_journal(written.repository_id).checkpoints
    assert differences(read_checkpoint(checkpoint), sql_state(written)) == []


def test_the_next_entry_names_it(written: Bench) -> None:
    write_checkpoint(written.repository_id, anew=True)
    written.write(written.put("b", b"5"))
    [checkpoint] = list_journal(written.repository_id).checkpoints
    body = store().read(list_journal(written.repository_id).entries[-1].key)
    assert f'"checkpoint":"{checkpoint.hash_start}'.encode() in body


def test_one_is_due_when_the_entries_since_are_as_large(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "LEAST_ENTRIES_BYTES", 1)
    bench.write(bench.put("a", b"1"))
    tip = sql_state(bench).refs["refs/heads/main"]
    move_refs(bench, None, tip, 300)
    assert list_due() == [bench.repository_id]
    assert write_checkpoints() == 1
    assert list_due() == []
    bench.write(bench.put("a", b"2"))
    assert (write_checkpoints(), row(bench).checkpoint_bytes > (row(bench).entries_bytes or 0) > 0) == (0, True)
    move_refs(bench, tip, None, 300)
    assert write_checkpoints() == 1
    assert len(list_journal(bench.repository_id).checkpoints) == 2


def test_a_small_repository_waits_for_many_entries(written: Bench) -> None:
    assert (list_due(), write_checkpoint(written.repository_id)) == ([], False)
    with transaction() as session:
        session.execute(update(Repository).values(entries_bytes=LEAST_ENTRIES_BYTES))
    assert list_due() == [written.repository_id]
    assert write_checkpoint(written.repository_id)


def test_what_is_written_meanwhile_comes_after_it(written: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: written.write(written.put("b", b"5")))
    before = row(written).entries_bytes
    assert write_checkpoint(written.repository_id, anew=True)
    journal = list_journal(written.repository_id)
    assert [checkpoint.entry for checkpoint in journal.checkpoints] == [journal.entries[-2]]
    assert 0 < (row(written).entries_bytes or 0) < (before or 0)
    assert differences(newest(written).state, sql_state(written)) == []


def test_one_that_cannot_be_written_changes_nothing(written: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = row(written)
    with monkeypatch.context() as away:
        away.setattr(store(), "_put", _fail)
        with pytest.raises(StoreUnavailable):
            write_checkpoint(written.repository_id, anew=True)
    after = row(written)
    assert (after.checkpoint_hash, after.entries_bytes) == (before.checkpoint_hash, before.entries_bytes)
    assert differences(newest(written).state, sql_state(written)) == []


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda data: data[:-1], "is damaged: its bytes are not those that its name promises"),
        (lambda _data: b"", "is damaged"),
        (None, "is missing in the object store"),
    ],
)
def test_a_damaged_one_is_told(written: Bench, spoil: Callable[[bytes], bytes] | None, words: str) -> None:
    write_checkpoint(written.repository_id, anew=True)
    [checkpoint] = list_journal(written.repository_id).checkpoints
    if spoil:
        alter(checkpoint.key, spoil(store().read(checkpoint.key)))
    else:
        store().delete(checkpoint.key)
    with pytest.raises(CheckpointDamaged, match=words):
        read_checkpoint(checkpoint)


def test_a_project_without_a_version_has_none(bench: Bench) -> None:
    with requests() as asked:
        assert not write_checkpoint(bench.repository_id, anew=True)
    assert asked.total == 0


def _fail(*_arguments: object, **_options: object) -> None:
    raise StoreUnavailable
