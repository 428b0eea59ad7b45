"""Two people in the same moment, on the database that lets them run at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from framework.accounts.core import passwords
from framework.accounts.core.account import Account, SignInRequired
from framework.accounts.core.budgets import LIMITS, BudgetSpent
from framework.accounts.lifecycle.operations import (
    NameTaken,
    WrongLogin,
    authenticate,
    change_password,
    create_user,
    set_password,
)
from framework.accounts.models import BrowserSession, Budget, Token, User
from framework.database.session import read_transaction, transaction
from framework.projects.lifecycle.operations import ProjectNameTaken, create_project
from framework.projects.models import Project
from framework.repositories.write.creation import create_repository
from tests.cast import PASSWORD, Visitor, on_each_deployment

pytestmark = on_each_deployment

TRIES = 8
NEW = "another good password"
only_postgres = pytest.mark.deployments("production-like")


@only_postgres
def test_it_gives_a_name_to_one_of_two(app: Flask) -> None:
    with ThreadPoolExecutor(1) as other, transaction() as session:
        session.add(User(name="anna", name_key="anna", email="a@b.c", email_key="a@b.c", session_key=token_hex(16)))
        session.flush()
        second = other.submit(create_user, name="Anna", email="anna@example.org", password=PASSWORD)
        while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
            assert not second.done()
        session.commit()
        with pytest.raises(NameTaken):
            second.result()


@only_postgres
def test_it_gives_a_projects_name_to_one_of_two(alice: Account) -> None:
    with ThreadPoolExecutor(1) as other, transaction() as session:
        repository_id = create_repository(session, {})
        first = Project(owner_id=alice.id, name="a", name_key="a", visibility="public", repository_id=repository_id)
        session.add(first)
        session.flush()
        second = other.submit(create_project, alice, name="A", description="", visibility="public")
        while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
            assert not second.done()
        session.commit()
        with pytest.raises(ProjectNameTaken):
            second.result()


def test_no_more_guesses_are_checked_at_one_moment_than_one_after_the_other(alice: Account) -> None:
    tries = 2 * LIMITS["login"].most
    with ThreadPoolExecutor(tries) as attempts:
        tried = [attempts.submit(authenticate, "alice", "wrong", address="192.0.2.1") for _ in range(tries)]
    refusals = [type(attempt.exception()) for attempt in tried]
    assert refusals.count(WrongLogin) == refusals.count(BudgetSpent) == LIMITS["login"].most


def test_it_counts_failures_that_come_at_once(alice: Account) -> None:
    with ThreadPoolExecutor(TRIES) as attempts:
        tried = [attempts.submit(authenticate, "alice", "wrong", address="192.0.2.1") for _ in range(TRIES)]
    assert all(isinstance(attempt.exception(), WrongLogin) for attempt in tried)
    with read_transaction() as session:
        assert set(session.scalars(select(Budget.spent))) == {TRIES}


@contextmanager
def while_it_is_checked(act: Callable[[], object]) -> Iterator[Future[object]]:
    """Somebody shows a password, and its hash is made when this block has ended, not before."""
    with ThreadPoolExecutor(1) as other:
        with passwords.few, passwords.few:
            shown = other.submit(act)
            while not counted():
                assert not shown.done(), shown.exception()
            yield shown
        shown.exception()  # waits


def counted() -> int:
    """How many attempts there were to show a password."""
    with read_transaction() as session:
        return session.scalar(select(func.sum(Budget.spent))) or 0


def replace(account: Account, new_hash: str) -> None:
    """What a link for a new password does."""
    with transaction() as session:
        set_password(session, session.get_one(User, account.id), new_hash)


def test_nobody_is_signed_in_by_a_password_that_was_just_replaced(app: Flask, alice: Account) -> None:
    thief, new_hash = Visitor(app), passwords.hash_password(NEW)
    thief.get("/login")
    with while_it_is_checked(lambda: thief.log_in(alice)) as shown:
        replace(alice, new_hash)
    assert shown.result().location == "/login"  # type: ignore[attr-defined]
    with read_transaction() as session:
        assert session.scalars(select(BrowserSession)).all() == []


def test_no_token_is_made_by_a_password_that_was_just_replaced(app: Flask, alice: Account) -> None:
    thief, new_hash, body = app.test_client(), passwords.hash_password(NEW), {"name": "t", "scopes": ["write"]}
    make = lambda: thief.post("/api/v1/tokens", json=body, auth=("alice", PASSWORD))  # noqa: E731
    with while_it_is_checked(make) as shown:
        replace(alice, new_hash)
    assert shown.result().status_code == 401  # type: ignore[attr-defined]
    with read_transaction() as session:
        assert session.scalars(select(Token)).all() == []


def test_of_two_new_passwords_at_once_one_is_set(alice: Account) -> None:
    chosen = [f"another good password {number}" for number in range(2)]
    with ThreadPoolExecutor(2) as others:
        asked = [others.submit(change_password, alice.id, current=PASSWORD, new=new) for new in chosen]
    [kept] = [new for new, change in zip(chosen, asked, strict=True) if change.exception() is None]
    assert authenticate("alice", kept, address="192.0.2.1").id == alice.id


def test_the_password_is_not_changed_by_one_that_was_just_replaced(alice: Account) -> None:
    new_hash = passwords.hash_password(NEW)
    change = lambda: change_password(alice.id, current=PASSWORD, new="what the thief chose")  # noqa: E731
    with while_it_is_checked(change) as shown:
        replace(alice, new_hash)
    assert isinstance(shown.exception(), SignInRequired)
    assert authenticate("alice", NEW, address="192.0.2.1").id == alice.id
