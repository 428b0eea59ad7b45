"""What happens between the look at a push and its commit: each is noticed at the commit point."""

import io
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import Engine, delete, event, make_url
from sqlalchemy.exc import OperationalError

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.config import Config
from framework.database import engine
from framework.database.session import transaction
from framework.gitcore.pkt_line import Received
from framework.githttp.protocol.body import PushBody
from framework.githttp.protocol.commands import read_request
from framework.githttp.push import tree_size
from framework.githttp.push.pushing import DATABASE_AWAY, Push, receive
from framework.projects.branches.protection import Rule
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Member
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.models import Repository
from framework.storage.contract import StoreUnavailable
from framework.storage.current import store
from tests.cast import on_each_deployment, on_one_deployment
from tests.githttp.client import Work
from tests.githttp.protocol.wire import NOTHING, everything, pack_of, push_body
from tests.githttp.push.late import LateBody, alice, bob, leftovers, move, project, push, void, work

__all__ = ["alice", "bob", "project", "work"]


pytestmark = on_each_deployment


def test_a_branch_that_moved_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    push(project, bob, work, (NOTHING, first, "refs/heads/side"))
    second = work.commit("Second", a__txt="2")
    commands = [(first, second, "refs/heads/main"), (first, second, "refs/heads/side")]
    said = push(project, bob, work, *commands, act=move(project, "refs/heads/side", first, None))
    assert b"ok refs/heads/main" in said
    assert b"ng refs/heads/side fetch first" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": second}


def test_atomic_with_a_branch_that_moved_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    before = leftovers(project)
    second = work.commit("Second", a__txt="2")
    body = push_body(
        [(first, second, "refs/heads/main"), (NOTHING, second, "refs/heads/side")],
        pack_of(work, *everything(work, second)),
        "report-status atomic",
    )
    late = PushBody(LateBody(body, move(project, "refs/heads/side", None, first)), "", 1 << 30)
    received = Received(late.chunks())
    said = b"".join(receive(Push(project, bob, read_request(received), late, received)))
    assert b"ng refs/heads/side fetch first" in said
    assert b"ng refs/heads/main atomic push failed" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": first, "refs/heads/side": first}
    assert leftovers(project) == before


def test_a_role_that_was_taken_away_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    def dismiss() -> None:
        with transaction() as session:
            session.execute(delete(Member).where(Member.user_id == bob.id))

    before, first = leftovers(project), work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    said = push(project, bob, work, (first, second, "refs/heads/main"), act=dismiss)
    assert b"ng refs/heads/main There is no such project, or you may not see it." in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": first}
    assert leftovers(project) == before


def test_an_account_that_was_suspended_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    before, first = leftovers(project), work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    update = (first, second, "refs/heads/main")
    said = push(project, bob, work, update, act=lambda: void(administration.suspend("bob", force=True)))
    assert b"ng refs/heads/main The account bob is suspended." in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": first}
    assert leftovers(project) == before


def test_a_branch_that_became_the_default_one_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    push(project, bob, work, (NOTHING, second, "refs/heads/side"))

    def choose() -> None:
        with transaction() as session:
            session.get_one(Repository, project.repository_id).default_branch = "side"

    said = push(project, bob, work, (second, first, "refs/heads/side"), act=choose)
    assert b"ng refs/heads/side side is a protected branch: it became one a moment ago" in said
    assert read_snapshot(project.repository_id).refs["refs/heads/side"] == second


@pytest.mark.parametrize("deletes", [True, False])
def test_a_branch_that_was_protected_meanwhile(
    project: ProjectAccess, alice: Account, bob: Account, work: Work, deletes: bool
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    push(project, bob, work, (NOTHING, second, "refs/heads/side"))
    before = leftovers(project)
    commands = [(second, NOTHING if deletes else first, "refs/heads/side"), (NOTHING, first, "refs/heads/new")]
    said = push(
        project,
        bob,
        work,
        *commands,
        act=lambda: void(set_branch_rule(alice, project, Rule("s*", deletion=not deletes))),
    )
    assert b"ng refs/heads/side side is a protected branch: it" in said
    assert b"ok refs/heads/new" in said
    assert read_snapshot(project.repository_id).refs["refs/heads/side"] == second
    assert leftovers(project)[0] == before[0]


def test_packs_that_were_consolidated_meanwhile(project: ProjectAccess, bob: Account, work: Work) -> None:
    def consolidate() -> None:
        with transaction() as session:
            session.get_one(Repository, project.repository_id).pack_generation += 1
        move(project, "refs/heads/other", None, work.sha("HEAD~1"))()

    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    assert b"ok refs/heads/main" in push(project, bob, work, (first, second, "refs/heads/main"), act=consolidate)
    assert read_snapshot(project.repository_id).refs["refs/heads/main"] == second
    with open_copy(project.repository_id) as copy:
        assert copy.commit(second).message == b"Second\n"


@on_one_deployment
def test_a_database_that_is_busy_is_told_in_a_sentence(
    settings: Config, project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    monkeypatch.setattr(engine, "SQLITE_BUSY_TIMEOUT_SECONDS", 0.1)
    engine.dispose()
    file = make_url(settings.database_url).database or ""
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        said = push(
            project, bob, work, (first, second, "refs/heads/main"), act=lambda: void(other.execute("BEGIN IMMEDIATE"))
        )
    assert DATABASE_AWAY.encode() in said
    assert b"ok refs" not in said
    assert b"ng refs" not in said, "whether it is there has to be asked again"
    assert read_snapshot(project.repository_id).refs["refs/heads/main"] == first
    assert b"ok refs/heads/main" in push(project, bob, work, (first, second, "refs/heads/main"))


def test_a_store_that_refuses_leaves_nothing(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    put = store()._put

    def refuse(key: str, source: bytes | Path, sha256: str) -> None:
        if key.endswith(".pack"):
            raise StoreUnavailable
        put(key, source, sha256)

    before = leftovers(project)
    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", refuse)
        said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"ng refs/heads/main" in said
    assert leftovers(project) == before
    assert b"ok refs/heads/main" in push(project, bob, work, (first, second, "refs/heads/main"))


def test_a_log_that_is_not_confirmed_is_neither_ok_nor_refused(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = work.sha("HEAD")
    second = work.commit("Second", a__txt="2")
    put = store()._put

    def refuse(key: str, source: bytes | Path, sha256: str) -> None:
        if "/log/" in key:
            raise StoreUnavailable
        put(key, source, sha256)

    with monkeypatch.context() as patch:
        patch.setattr(store(), "_put", refuse)
        said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"refs/heads/main" not in said
    assert b"stored, but not yet confirmed" in said
    assert read_snapshot(project.repository_id).refs == {"refs/heads/main": second}


def test_a_push_that_inflates_to_more_than_one_may(
    project: ProjectAccess, bob: Account, work: Work, with_settings: Callable[..., Config]
) -> None:
    with_settings(max_push_bytes=1 << 20)
    before, first = leftovers(project), work.sha("HEAD")
    second = work.commit("Zeros", **{f"f{size}": bytes(size) for size in (33 << 20, 34 << 20)})
    said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"The objects of this push have 67 MiB when they are inflated; those of one push may have 64 MiB" in said
    assert leftovers(project) == before


@on_one_deployment
def test_a_refusal_is_told_although_the_database_fails_while_it_cleans_up(
    project: ProjectAccess, bob: Account, work: Work
) -> None:
    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if "FROM staged_pushes" in statement:
            raise OperationalError(statement, {}, ConnectionError())

    body = PushBody(io.BytesIO(push_body([(NOTHING, work.sha("HEAD"), "refs/heads/side")], b"no pack")), "", 1 << 30)
    received = Received(body.chunks())
    event.listen(Engine, "before_cursor_execute", fail)
    try:
        said = b"".join(receive(Push(project, bob, read_request(received), body, received)))
    finally:
        event.remove(Engine, "before_cursor_execute", fail)
    assert b"ng refs/heads/side" in said
    assert DATABASE_AWAY.encode() not in said


@on_one_deployment
def test_folders_that_take_too_long_are_told(
    project: ProjectAccess, bob: Account, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tree_size, "MAX_SECONDS", -1)
    first, second = work.sha("HEAD"), work.commit("Second", a__txt="2")
    said = push(project, bob, work, (first, second, "refs/heads/main"))
    assert b"ng refs/heads/main Checking the folders of this push took too long" in said
