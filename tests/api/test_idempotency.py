"""A creating request that is sent again is answered again, and done once."""

import threading
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import Engine, delete, event, func, select, update

from framework.accounts.core.account import Account
from framework.api import tasks
from framework.api.idempotency import LEASE, REMEMBERED, RENEWED_EVERY_SECONDS
from framework.api.models import IdempotencyKey
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.repositories.journal import writer
from framework.storage.current import store
from tests.api.program import Program, Reply, before_the_next_commit
from tests.cast import on_each_deployment, on_one_deployment

pytestmark = on_each_deployment

KEY = {"Idempotency-Key": "5e1f"}
SECRET = "/projects/alice/secret"


def commit(program: Program, content: str = "a", **headers: str) -> Reply:
    put = {"op": "put", "path": "a", "content": content}
    return program.commit("alice/secret", put, headers=KEY | headers)


def commits(program: Program) -> int:
    answer = program.get(f"{SECRET}/commits")
    return len(answer.json) if answer.status_code == 200 else 0


def keys() -> int:
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(IdempotencyKey)) or 0


def same(one: Reply, other: Reply) -> bool:
    told = [(answer.status_code, answer.data, answer.headers.get("Location")) for answer in (one, other)]
    return told[0] == told[1]


def test_a_commit_that_is_sent_again_is_made_once(program: Program) -> None:
    first = commit(program)
    program.put("alice/secret", a="others")
    assert first.status_code == 201
    assert same(commit(program), first)
    assert commits(program) == 2


def test_a_project_that_is_sent_again_is_created_once(program: Program) -> None:
    answers = [program.post("/projects", {"name": "new"}, headers=KEY) for _ in range(2)]
    assert answers[0].status_code == 201
    assert same(*answers)
    assert program.post("/projects", {"name": "new"}).status_code == 409


def test_the_key_of_another_request_is_refused(program: Program) -> None:
    commit(program)
    assert commit(program, "b").status_code == 422
    assert program.post("/projects", {"name": "new"}, headers=KEY).status_code == 422
    assert commits(program) == 1


def test_keys_are_each_accounts_own(program: Program, bobs: Program, shared: ProjectAccess) -> None:
    commit(program, "a")
    assert commit(bobs, "b").status_code == 201
    assert commits(program) == 2


def test_a_commit_without_a_change_is_answered_again_too(program: Program) -> None:
    program.put("alice/secret", a="a")
    first = commit(program)
    assert first.json["changed"] is False
    program.put("alice/secret", a="others")
    assert same(commit(program), first)


def test_a_refusal_frees_its_key(program: Program) -> None:
    gone = {"op": "delete", "path": "a"}
    assert program.commit("alice/secret", {"op": "put", "path": "b", "content": "b"}).status_code == 201
    assert program.commit("alice/secret", gone, headers=KEY).status_code == 404
    assert keys() == 0
    program.put("alice/secret", a="a")
    assert program.commit("alice/secret", gone, headers=KEY).status_code == 201


@on_one_deployment
@pytest.mark.parametrize("key", ["", " ", "x" * 256, "two words", "é"])
def test_a_bad_key_is_refused(program: Program, key: str) -> None:
    assert commit(program, **{"Idempotency-Key": key}).status_code == 400
    assert commits(program) == 0


def test_while_the_first_runs_the_second_waits(
    app: Flask, program: Program, monkeypatch: pytest.MonkeyPatch, settings: Config
) -> None:
    """The same request twice at once: the second comes while the first is about to send its packs."""
    seconds: list[Reply] = []
    before_the_next_commit(monkeypatch, lambda: seconds.append(commit(program)))
    first = commit(program)
    assert [second.status_code for second in seconds] == [409]
    assert int(seconds[0].headers["Retry-After"]) > 0
    assert first.status_code == 201
    assert same(commit(program), first)
    assert commits(program) == 1


def test_many_at_once_make_one_commit(app: Flask, program: Program, settings: Config) -> None:
    answers: list[int] = []

    def send() -> None:
        answers.append(commit(program).status_code)

    _ = program.document
    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert commits(program) == 1


def test_who_died_at_work_is_taken_over_after_the_lease(program: Program, alice: Account) -> None:
    commit(program)
    with transaction() as session:
        session.execute(update(IdempotencyKey).values(status=None, body=None, holder="0" * 32))
        lapses_at = session.scalars(select(IdempotencyKey.running_until)).one()
    assert lapses_at <= now() + timedelta(seconds=30), "whoever repeats a request waits no longer than that"
    assert timedelta(seconds=2 * RENEWED_EVERY_SECONDS) < LEASE, "one renewal may fail"
    assert commit(program).status_code == 409
    with transaction() as session:
        session.execute(update(IdempotencyKey).values(running_until=now() - timedelta(seconds=1)))
    assert commit(program).status_code == 201


def test_who_was_taken_over_creates_nothing(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that stood still for longer than the lease must not make a second commit of one request."""
    seconds: list[Reply] = []

    def lapse_and_send() -> None:
        with transaction() as session:
            session.execute(update(IdempotencyKey).values(running_until=now() - LEASE))
        seconds.append(commit(program))

    before_the_next_commit(monkeypatch, lapse_and_send)
    first = commit(program)
    assert [second.status_code for second in seconds] == [201]
    assert first.status_code == 409
    assert same(commit(program), seconds[0])
    assert commits(program) == 1


def test_a_commit_that_was_not_confirmed_is_confirmed_before_it_is_answered_again(
    program: Program, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store takes the packs and not the log entry: a 503 that says so, and no second commit afterwards."""
    with monkeypatch.context() as broken:
        broken.setattr(writer, "_write", _away)
        assert commit(program).status_code == 503
        assert commit(program).status_code == 503, "still not in the log"
    assert writer.list_unconfirmed_repositories() == [secret.repository_id]
    assert commit(program).status_code == 201
    assert writer.list_unconfirmed_repositories() == []
    assert len(list(store().list(f"repos/{secret.repository_id}/log/"))) == 1
    assert commits(program) == 1


def test_a_key_is_forgotten_after_a_day(program: Program) -> None:
    first = commit(program)
    assert tasks.forget_keys() == 0
    with transaction() as session:
        session.execute(update(IdempotencyKey).values(created_at=now() - REMEMBERED))
    program.put("alice/secret", a="others")
    again = commit(program)
    assert again.status_code == 201
    assert again.json["sha"] != first.json["sha"]
    with transaction() as session:
        session.execute(update(IdempotencyKey).values(created_at=now() - REMEMBERED))
    assert tasks.forget_keys() == 1
    assert keys() == 0


def _away(_version: object) -> None:
    raise writer.NotConfirmed


@pytest.mark.deployments("production-like")
def test_a_key_that_is_freed_at_this_very_moment_is_told_as_running(program: Program) -> None:
    commit(program)
    with transaction() as session:
        session.execute(update(IdempotencyKey).values(status=None, body=None, holder="0" * 32))

    def free() -> None:
        with transaction() as session:
            session.execute(delete(IdempotencyKey))

    def meanwhile(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO idempotency_keys"):
            other = threading.Thread(target=free)
            other.start()
            other.join()

    event.listen(Engine, "after_cursor_execute", meanwhile)
    try:
        assert commit(program).status_code == 409
    finally:
        event.remove(Engine, "after_cursor_execute", meanwhile)
    assert commit(program).status_code == 201
