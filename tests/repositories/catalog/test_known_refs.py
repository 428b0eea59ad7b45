"""Refs are read once for a version, and never those of another one."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some
from sqlalchemy import select

from framework.database.session import read_transaction
from framework.repositories.catalog import known_refs
from framework.repositories.catalog.changes import Change, Committed, RefUpdate
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.journal.keys import list_entries
from framework.repositories.models import Ref
from framework.repositories.recovery.recovery import resume
from framework.repositories.write.commit import commit, do_nothing
from framework.storage.current import store
from tests import moments
from tests.cast import on_each_deployment_in_full
from tests.repositories.conftest import Bench
from tests.repositories.recovery.test_recovery import adopt

pytestmark = on_each_deployment_in_full

ONE, TWO, THREE = "1" * 40, "2" * 40, "3" * 40
MANY = known_refs.LEAST_REFS + 10


@pytest.fixture
def crowded(bench: Bench) -> Bench:
    """A repository of many branches."""
    move(bench, *(RefUpdate(f"refs/heads/b{number}", None, ONE) for number in range(MANY)))
    return bench


def move(bench: Bench, *updates: RefUpdate) -> None:
    commit(Change(bench.repository_id, "alice", updates=updates), precheck=do_nothing, in_transaction=do_nothing)


def in_sql(bench: Bench) -> dict[str, str]:
    with read_transaction() as session:
        rows = session.execute(select(Ref.name, Ref.sha).where(Ref.repository_id == bench.repository_id))
        return dict(rows.all())


def recalled(bench: Bench) -> object:
    """What is remembered of the newest version."""
    snapshot = read_snapshot(bench.repository_id)
    return known_refs.recall_refs(bench.repository_id, (snapshot.epoch, snapshot.version, snapshot.entry_hash or ""))


def test_a_version_is_read_once(crowded: Bench) -> None:
    assert read_snapshot(crowded.repository_id).refs is read_snapshot(crowded.repository_id).refs


def test_a_change_of_ours_is_carried_forward(crowded: Bench) -> None:
    before = read_snapshot(crowded.repository_id)
    move(crowded, RefUpdate("refs/heads/b1", ONE, TWO), RefUpdate("refs/heads/b2", ONE, None))
    after = read_snapshot(crowded.repository_id)
    assert after.refs == in_sql(crowded)
    assert (after.refs["refs/heads/b1"], "refs/heads/b2" in after.refs) == (TWO, False)
    assert recalled(crowded) is after.refs
    assert before.refs["refs/heads/b1"] == ONE, "a snapshot does not change"


def test_a_change_of_another_process_is_read(crowded: Bench) -> None:
    known = read_snapshot(crowded.repository_id)
    known_refs.forget_refs()
    move(crowded, RefUpdate("refs/heads/b1", ONE, TWO))
    known_refs.remember_refs(crowded.repository_id, (known.epoch, known.version, known.entry_hash or ""), known.refs)
    assert read_snapshot(crowded.repository_id).refs == in_sql(crowded)


def test_a_recovery_is_read(crowded: Bench) -> None:
    """It adds refs of another line under the entry that SQL has, and makes a version afterwards."""
    backup = moments.remember()
    move(crowded, RefUpdate("refs/heads/b1", ONE, THREE))
    [hidden] = list_entries(crowded.repository_id)[1:]
    body = store().read(hidden.key)
    store().delete(hidden.key)
    moments.put_back(backup)
    move(crowded, RefUpdate("refs/heads/b2", ONE, TWO))
    store().put(hidden.key, body, sha256=hashlib.sha256(body).hexdigest())
    assert read_snapshot(crowded.repository_id).refs == in_sql(crowded)
    [done] = resume(adopt)
    assert len(done.kept) == 1
    assert read_snapshot(crowded.repository_id).refs == in_sql(crowded)


def test_few_refs_are_not_remembered(bench: Bench) -> None:
    move(bench, RefUpdate("refs/heads/main", None, ONE))
    assert read_snapshot(bench.repository_id).refs == {"refs/heads/main": ONE}
    assert recalled(bench) is None


@given(some.lists(some.tuples(some.integers(0, 30), some.sampled_from([None, ONE, TWO]))))
def test_what_is_carried_forward_is_what_sql_would_have(steps: list[tuple[int, str | None]]) -> None:
    refs = {f"refs/heads/b{number}": ONE for number in range(MANY)}
    known_refs.remember_refs("r", (1, 0, "0"), refs)
    for number, (branch, sha) in enumerate(steps):
        name = f"refs/heads/b{branch}"
        committed = Committed("r", 1, number + 1, str(number + 1), str(number))
        known_refs.remember_updated(committed, [RefUpdate(name, refs.get(name), sha)])
        refs = {**refs, name: sha} if sha else {one: its for one, its in refs.items() if one != name}
        assert known_refs.recall_refs("r", (1, number + 1, str(number + 1))) == refs
