"""Checkpoints: when one is due, what it costs, and that it never says what is not so."""

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from framework.celery.models import OutboxRow
from framework.database.session import read_transaction, transaction
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.journal import checkpoints
from framework.repositories.journal.checkpoints import list_due, read_checkpoint, write_checkpoint
from framework.repositories.journal.keys import CheckpointDamaged, list_journal
from framework.repositories.models import LEAST_ENTRIES_BYTES, Repository
from framework.repositories.tasks import write_checkpoint as write_checkpoint_task
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
    write_checkpoint(written.repository_id, least_bytes=0)
    [checkpoint] = list_journal(written.repository_id).checkpoints
    assert differences(read_checkpoint(checkpoint), sql_state(written)) == []


def test_the_next_entry_names_it(written: Bench) -> None:
    write_checkpoint(written.repository_id, least_bytes=0)
    written.write(written.put("b", b"5"))
    [checkpoint] = list_journal(written.repository_id).checkpoints
    body = store().read(list_journal(written.repository_id).entries[-1].key)
    assert f'"checkpoint":"{checkpoint.hash_start}'.encode() in body


def test_one_is_due_when_the_entries_since_are_as_large(bench: Bench) -> None:
    bench.write(bench.put("a", b"1"))
    tip = sql_state(bench).refs["refs/heads/main"]
    move_refs(bench, None, tip, 900)
    assert list_due() == [bench.repository_id]
    assert write_checkpoints() == 1
    assert list_due() == []
    bench.write(bench.put("a", b"2"))
    assert write_checkpoints() == 0
    assert 0 < (row(bench).uncheckpointed_bytes or 0) < row(bench).checkpoint_bytes
    move_refs(bench, tip, None, 900)
    assert write_checkpoints() == 1
    assert len(list_journal(bench.repository_id).checkpoints) == 2


def test_large_entries_do_not_wait_for_the_hour(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoints, "URGENT_BYTES", 70_000)
    bench.write(bench.put("a", b"1"))
    move_refs(bench, None, sql_state(bench).refs["refs/heads/main"], 900)
    with read_transaction() as session:
        [task] = session.scalars(select(OutboxRow).where(OutboxRow.task == write_checkpoint_task.name)).all()
    assert write_checkpoint_task(*task.args)
    assert len(list_journal(bench.repository_id).checkpoints) == 1


def test_a_checkpoint_of_another_entry_is_none(written: Bench) -> None:
    write_checkpoint(written.repository_id, least_bytes=0)
    journal = list_journal(written.repository_id)
    [checkpoint] = journal.checkpoints
    elsewhere = replace(checkpoint, entry=journal.entries[0])
    body = store().read(checkpoint.key)
    store().put(elsewhere.key, body, sha256=hashlib.sha256(body).hexdigest())
    with pytest.raises(CheckpointDamaged, match="is of another version than its name says"):
        read_checkpoint(elsewhere)


def test_a_small_repository_waits_for_many_entries(written: Bench) -> None:
    assert (list_due(), write_checkpoint(written.repository_id)) == ([], False)
    with transaction() as session:
        session.execute(update(Repository).values(uncheckpointed_bytes=LEAST_ENTRIES_BYTES))
    assert list_due() == [written.repository_id]
    assert write_checkpoint(written.repository_id)


def test_what_is_written_meanwhile_comes_after_it(written: Bench, meanwhile: Meanwhile) -> None:
    meanwhile(lambda: written.write(written.put("b", b"5")))
    before = row(written).uncheckpointed_bytes
    assert write_checkpoint(written.repository_id, least_bytes=0)
    journal = list_journal(written.repository_id)
    assert [checkpoint.entry for checkpoint in journal.checkpoints] == [journal.entries[-2]]
    assert 0 < (row(written).uncheckpointed_bytes or 0) < (before or 0)
    assert differences(newest(written).state, sql_state(written)) == []


def test_one_that_cannot_be_written_changes_nothing(written: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    before = row(written)
    with monkeypatch.context() as away:
        away.setattr(store(), "_put", _fail)
        with pytest.raises(StoreUnavailable):
            write_checkpoint(written.repository_id, least_bytes=0)
    after = row(written)
    assert (after.checkpoint_hash, after.uncheckpointed_bytes) == (before.checkpoint_hash, before.uncheckpointed_bytes)
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
    write_checkpoint(written.repository_id, least_bytes=0)
    [checkpoint] = list_journal(written.repository_id).checkpoints
    if spoil:
        alter(checkpoint.key, spoil(store().read(checkpoint.key)))
    else:
        store().delete(checkpoint.key)
    with pytest.raises(CheckpointDamaged, match=words):
        read_checkpoint(checkpoint)


def test_a_project_without_a_version_has_none(bench: Bench) -> None:
    with requests() as asked:
        assert not write_checkpoint(bench.repository_id, least_bytes=0)
    assert asked.total == 0


def _fail(*_arguments: object, **_options: object) -> None:
    raise StoreUnavailable
