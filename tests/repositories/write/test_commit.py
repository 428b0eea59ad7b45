"""The commit point: what is checked where it counts, and what happens when nobody answers."""

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, event, select, update
from sqlalchemy.exc import OperationalError

from framework.database.session import read_transaction, transaction
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.pack_records import HISTORY, NewPack
from framework.repositories.models import Pack, Ref, Repository, StagedPush, Version
from framework.repositories.write import staging
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.creation import change_about
from framework.repositories.write.refusals import (
    NotCommitted,
    OutcomeUnknown,
    PacksChanged,
    RefClash,
    RefMoved,
    StagingExpired,
)
from framework.storage.counting import requests
from framework.storage.current import store
from tests.cast import on_each_deployment
from tests.repositories.conftest import Bench

pytestmark = on_each_deployment

ONE, TWO = "1" * 40, "2" * 40


def land(bench: Bench, *updates: RefUpdate, push_id: str | None = None, generation: int = 0) -> Change:
    """Stage a pack and commit a change of these refs."""
    change = prepared(bench, *updates, push_id=push_id, generation=generation)
    commit(change, precheck=do_nothing, in_transaction=do_nothing)
    return change


def prepared(bench: Bench, *updates: RefUpdate, push_id: str | None = None, generation: int = 0) -> Change:
    push_id, pack = push_id or object_keys.new_id(), object_keys.new_id()
    staging.stage(bench.repository_id, push_id, [pack])
    measures: Any = {"pack_bytes": 10, "pack_sha256": "0" * 64, "idx_bytes": 10, "idx_sha256": "0" * 64}
    packs = (NewPack(name=pack, kind=HISTORY, object_count=1, **measures),)
    change = Change(bench.repository_id, "alice", push_id=push_id, pack_generation=generation)
    return replace(change, updates=updates, packs=packs)


def refs(bench: Bench) -> dict[str, str]:
    with read_transaction() as session:
        query = select(Ref.name, Ref.sha).where(Ref.repository_id == bench.repository_id)
        return dict(session.execute(query).all())


def version(bench: Bench) -> int:
    with read_transaction() as session:
        return session.get_one(Repository, bench.repository_id).version


def test_refs_are_created_moved_and_deleted_in_one_version(bench: Bench) -> None:
    land(bench, RefUpdate("refs/heads/main", None, ONE), RefUpdate("refs/tags/v1", None, ONE))
    land(bench, RefUpdate("refs/heads/main", ONE, TWO), RefUpdate("refs/tags/v1", ONE, None))
    assert (refs(bench), version(bench)) == ({"refs/heads/main": TWO}, 2)


@pytest.mark.parametrize(
    ("updates", "error"),
    [
        ([RefUpdate("refs/heads/main", TWO, ONE)], RefMoved),
        ([RefUpdate("refs/heads/main", None, TWO)], RefMoved),
        ([RefUpdate("refs/heads/missing", ONE, TWO)], RefMoved),
        ([RefUpdate("refs/heads/ok", None, TWO), RefUpdate("refs/heads/main", TWO, None)], RefMoved),
        ([RefUpdate("refs/heads/main/sub", None, ONE)], RefClash),
        ([RefUpdate("refs/heads", None, ONE)], RefClash),
        ([RefUpdate("refs/heads/a/b", None, ONE), RefUpdate("refs/heads/a", None, ONE)], RefClash),
    ],
)
def test_a_change_that_came_too_late_has_no_effect(
    bench: Bench, updates: list[RefUpdate], error: type[Exception]
) -> None:
    land(bench, RefUpdate("refs/heads/main", None, ONE))
    with pytest.raises(error):
        land(bench, *updates)
    assert (refs(bench), version(bench)) == ({"refs/heads/main": ONE}, 1)


@pytest.mark.parametrize("count", [1, 30], ids=["few", "many"])
def test_a_created_branch_may_not_be_a_folder_of_others(bench: Bench, count: int) -> None:
    """`_` and `%` in a name stand for themselves, and a capital letter for itself."""
    land(bench, RefUpdate("refs/heads/ab/x", None, ONE), RefUpdate("refs/heads/AC/x", None, ONE))
    others = [RefUpdate(f"refs/heads/o{number}", None, ONE) for number in range(1, count)]
    land(bench, *(RefUpdate(f"refs/heads/{name}", None, ONE) for name in ("a_", "%", "ac")), *others)
    for name in ("ab", "AC", "a_/x", "%/x"):
        with pytest.raises(RefClash):
            land(
                bench,
                RefUpdate(f"refs/heads/{name}", None, ONE),
                *(replace(one, name=f"{one.name}-") for one in others),
            )


def test_a_push_id_commits_at_most_once(bench: Bench) -> None:
    change = land(bench, RefUpdate("refs/heads/main", None, ONE))
    with pytest.raises(StagingExpired):
        commit(change, precheck=do_nothing, in_transaction=do_nothing)
    assert version(bench) == 1


def test_what_the_clean_up_has_taken_cannot_be_committed(bench: Bench) -> None:
    change = prepared(bench, RefUpdate("refs/heads/main", None, ONE))
    with transaction() as session:
        session.get_one(StagedPush, change.push_id).state = "doomed"
    with pytest.raises(StagingExpired):
        commit(change, precheck=do_nothing, in_transaction=do_nothing)
    assert (refs(bench), version(bench)) == ({}, 0)


def test_a_change_that_was_checked_against_older_packs_is_checked_again(bench: Bench) -> None:
    with transaction() as session:
        session.execute(update(Repository).values(pack_generation=1))
    with pytest.raises(PacksChanged):
        land(bench, RefUpdate("refs/heads/main", None, ONE), generation=0)
    land(bench, RefUpdate("refs/heads/main", None, ONE), generation=1)


def test_a_log_entry_tells_what_the_version_changed(bench: Bench) -> None:
    change = land(bench, RefUpdate("refs/heads/main", None, ONE))
    change_about(bench.repository_id, lambda _session: {"name": "renamed", "topics": "moss"}, actor="bob")
    change_about(bench.repository_id, lambda _session: {"topics": "moss"}, actor="bob")
    first, renamed, nameless = (
        json.loads(store().read(entry.key)) for entry in store().list(f"repos/{bench.repository_id}/log/")
    )
    assert first["ref_updates"] == [{"name": "refs/heads/main", "old": None, "new": ONE}]
    assert [pack["name"] for pack in first["packs"]] == [change.packs[0].name]
    assert first["project"] == {"name": "field-notes"}
    assert (renamed["version"], renamed["actor"]) == (2, "bob")
    assert renamed["project"] == {"name": "renamed", "topics": "moss"}
    assert not renamed.keys() & {"ref_updates", "packs", "lfs", "project_removed", "state"}, "nothing else"
    assert nameless["project_removed"] == ["name"]
    assert "project" not in nameless


def test_a_log_entry_is_as_large_as_its_change(bench: Bench) -> None:
    """However many branches there are."""
    land(bench, RefUpdate("refs/heads/main", None, ONE))
    land(bench, RefUpdate("refs/heads/a", None, ONE))
    land(bench, *(RefUpdate(f"refs/heads/b{number}", None, ONE) for number in range(500)))
    land(bench, RefUpdate("refs/heads/c", None, ONE))
    _first, alone, _many, among_many = (entry.size_bytes for entry in store().list(f"repos/{bench.repository_id}/log/"))
    assert abs(among_many - alone) < 10


def test_a_project_without_a_version_stays_without_one(bench: Bench) -> None:
    with requests() as asked:
        change_about(bench.repository_id, lambda _session: {"name": "renamed"}, actor="bob")
    assert asked.of("put") == 0
    with read_transaction() as session:
        assert session.get_one(Repository, bench.repository_id).about == {"name": "renamed"}
        assert not session.scalars(select(Version)).all()


@pytest.fixture
def broken_commit() -> Iterator[Callable[[bool], None]]:
    """Breaks the connection at the next COMMIT of a version, after the database has done it, or before."""
    armed: list[bool] = []

    def lose(connection: object) -> None:
        if armed and getattr(connection, "info", {}).pop("version", False):
            done = armed.pop()
            if done:
                connection.connection.commit()  # type: ignore[attr-defined]
            raise OperationalError("COMMIT", {}, Exception("connection lost"))

    def note(connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if "INTO versions" in statement:
            connection.info["version"] = True  # type: ignore[attr-defined]

    event.listen(Engine, "commit", lose)
    event.listen(Engine, "before_cursor_execute", note)
    yield armed.append
    event.remove(Engine, "commit", lose)
    event.remove(Engine, "before_cursor_execute", note)


def test_a_commit_whose_answer_was_lost_is_found_by_its_push_id(
    bench: Bench, broken_commit: Callable[[bool], None]
) -> None:
    broken_commit(True)
    land(bench, RefUpdate("refs/heads/main", None, ONE))
    assert (refs(bench), version(bench)) == ({"refs/heads/main": ONE}, 1)
    assert len(list(store().list(f"repos/{bench.repository_id}/log/"))) == 1


def test_a_commit_that_did_not_happen_is_told(bench: Bench, broken_commit: Callable[[bool], None]) -> None:
    broken_commit(False)
    with pytest.raises(NotCommitted):
        land(bench, RefUpdate("refs/heads/main", None, ONE))
    assert (refs(bench), version(bench)) == ({}, 0)


def test_an_outcome_that_nobody_can_tell_is_neither_yes_nor_no(
    bench: Bench, broken_commit: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(_push_id: str) -> None:
        raise OperationalError("SELECT", {}, Exception("still away"))

    monkeypatch.setattr("framework.repositories.write.commit.find_push", away)
    broken_commit(True)
    with pytest.raises(OutcomeUnknown) as told:
        land(bench, RefUpdate("refs/heads/main", None, ONE))
    assert told.value.status == 503
    assert refs(bench) == {"refs/heads/main": ONE}


def test_packs_belong_to_the_version_that_added_them(bench: Bench) -> None:
    land(bench, RefUpdate("refs/heads/main", None, ONE))
    land(bench, RefUpdate("refs/heads/main", ONE, TWO))
    with read_transaction() as session:
        assert sorted(session.scalars(select(Pack.version))) == [1, 2]
        assert session.get_one(Repository, bench.repository_id).stored_bytes == 40
