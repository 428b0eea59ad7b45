"""The cast: Alice owns, Bob helps, Charlie has no access, Ada runs the server; and what a visitor does with pages."""

import json
import re
from typing import Any, Protocol

import pytest
from flask import Flask
from sqlalchemy import delete, select
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.lifecycle.resets import send_reset
from framework.celery.models import OutboxRow
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person

PASSWORD = "correct horse battery"

on_each_deployment = pytest.mark.deployments("embedded", "production-like")
"""For what depends on the database, the store or the broker: SQL's dialect, locks, constraints, what S3 really does."""
on_each_deployment_in_full = pytest.mark.deployments(
    "embedded", pytest.param("production-like", marks=pytest.mark.long)
)
"""For what may depend on them, beside what surely does: `make test-full` runs it on the other deployment, too."""
on_one_deployment = pytest.mark.deployments("embedded")
"""For what cannot depend on them, in a module of tests that may."""

SAME_REQUEST = {"X-Request-ID": "the-same-request"}
"""For two requests whose answers are to be the same, their ids included."""


class SignIn(Protocol):
    """Opens the browser of somebody who has signed in."""

    def __call__(self, account: Account, password: str = ...) -> "Visitor": ...


class Visitor:
    """A browser without a window: it keeps cookies, and fills in forms that it has fetched before."""

    def __init__(self, app: Flask) -> None:
        self.client = app.test_client()

    def get(self, address: str, **headers: str) -> TestResponse:
        """Open a page."""
        return self.client.get(address, headers=headers)

    def submit(self, page: str, *, to: str | None = None, **fields: Any) -> TestResponse:
        """Open the page, then post these fields with its CSRF token, to its own address or `to` another."""
        token = csrf_token(self.get(page).text)
        return self.client.post(to or page, data={**fields, "csrf_token": token})

    def log_in(self, account: Account, password: str = PASSWORD) -> TestResponse:
        """Sign in as this person."""
        return self.submit("/login", username=account.name, password=password)


def csrf_token(page: str) -> str:
    """The CSRF token in a page's first form."""
    field = re.search(r'<input[^>]*name="csrf_token"[^>]*>', page)
    value = re.search(r'value="([^"]+)"', field[0]) if field else None
    assert value, "the page has no form with a CSRF token"
    return value[1]


def posted_texts() -> list[str]:
    """Everything that waits in the outbox, each row as text; the newest is last."""
    with read_transaction() as session:
        rows = session.scalars(select(OutboxRow).order_by(OutboxRow.created_at)).all()
    return [json.dumps([row.task, row.args, row.kwargs]) for row in rows]


def asked_for(task: str) -> list[list[Any]]:
    """The arguments of each row of this task in the outbox."""
    with read_transaction() as session:
        return [row.args for row in session.scalars(select(OutboxRow).where(OutboxRow.task == task))]


def asked_for_options(task: str) -> list[dict[str, Any]]:
    """The keyword arguments of the same rows."""
    with read_transaction() as session:
        return [row.kwargs for row in session.scalars(select(OutboxRow).where(OutboxRow.task == task))]


def send_resets() -> None:
    """Do what the worker does for whoever has asked for a new password."""
    mine = delete(OutboxRow).where(OutboxRow.task == "framework.accounts.tasks.send_reset").returning(OutboxRow)
    with transaction() as session:
        asked = session.scalars(mine).all()
    for row in asked:
        send_reset(*row.args, request=row.id)


def link_in_mail(kind: str) -> str:
    """The path of the newest link of this kind (`reset`, `verify`) that was sent."""
    send_resets()
    found = [match for text in posted_texts() for match in re.findall(rf"/{kind}/[\w.-]+", text)]
    assert found, f"no mail holds a link to {kind}"
    return str(found[-1])


def new_account(name: str, *, full_name: str = "", confirmed: bool = True, admin: bool = False) -> Account:
    """Somebody of this name, whose address is the same one's at example.org, and whose password is everybody's."""
    return create_user(
        name=name,
        email=f"{name}@example.org",
        password=PASSWORD,
        full_name=full_name,
        confirmed=confirmed,
        admin=admin,
    )


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(app)


@pytest.fixture
def signed_in(app: Flask) -> SignIn:
    """Gives the browser of somebody who has signed in."""

    def visit(account: Account, password: str = PASSWORD) -> Visitor:
        visitor = Visitor(app)
        assert visitor.log_in(account, password).status_code == 302
        return visitor

    return visit


@pytest.fixture
def alice(app: Flask) -> Account:
    """Owns projects."""
    return new_account("alice", full_name="Alice Liddell")


@pytest.fixture
def bob(app: Flask) -> Account:
    """Helps Alice."""
    return new_account("bob")


@pytest.fixture
def charlie(app: Flask) -> Account:
    """Has no access."""
    return new_account("charlie")


@pytest.fixture
def ada(app: Flask) -> Account:
    """Runs the server."""
    return new_account("ada", admin=True)


@pytest.fixture
def secret(alice: Account) -> ProjectAccess:
    """Alice's private project, without files."""
    return create_project(alice, name="secret", description="Nobody's business", visibility="private")


@pytest.fixture
def website(alice: Account) -> ProjectAccess:
    """Alice's public project, without files."""
    return create_project(alice, name="website", description="For everybody", visibility="public")


@pytest.fixture
def shared(alice: Account, bob: Account, secret: ProjectAccess) -> ProjectAccess:
    """Alice's private project with Bob as a writer, as Bob sees it."""
    add_person(alice, secret, person="bob", role="writer")
    return project_for(bob, "alice", "secret")
