"""Two people in the same moment, on the database that lets them run at once."""

from concurrent.futures import ThreadPoolExecutor
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import func, select, text

from framework.accounts.account import Account
from framework.accounts.budgets import LIMITS, BudgetSpent
from framework.accounts.models import Budget, User
from framework.accounts.operations import NameTaken, WrongLogin, authenticate, create_user
from framework.database.session import reading, transaction
from framework.projects.models import Project
from framework.projects.operations import ProjectNameTaken, create_project
from framework.repositories.operations import create_repository
from tests.cast import PASSWORD, on_each_deployment

pytestmark = on_each_deployment

TRIES = 8
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
    with reading() as session:
        assert set(session.scalars(select(Budget.spent))) == {TRIES}
