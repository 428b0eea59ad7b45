"""Tokens for one project: every other private one is missing for them."""

import re

import pytest
from flask import Flask
from werkzeug.datastructures import Authorization

from framework.accounts.core.account import Account
from framework.accounts.signin.http_auth import account_from_bearer
from framework.accounts.signin.tokens import create_token, tokens_of
from framework.database.session import transaction
from framework.projects.core import queries
from framework.projects.core.access import ProjectAccess, ProjectNotFound, RoleTooLow, project_for, recheck
from framework.projects.lifecycle.operations import TokenConfined, create_project
from framework.projects.models import Project
from framework.repositories.catalog.deletion import remove_rows
from tests.cast import PASSWORD, SignIn


@pytest.fixture
def confined(app: Flask, alice: Account, secret: ProjectAccess) -> Account:
    """Alice, acting by a token for her private project only."""
    token = create_token(alice.id, "robot", ["write"], repository_id=secret.repository_id)
    with app.test_request_context():
        caller = account_from_bearer(Authorization("bearer", token=token))
    assert caller
    return caller.account


def test_it_makes_a_token_for_one_project(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    assert f'<option value="{secret.repository_id}">alice/secret</option>' in visitor.get("/settings/tokens").text
    fields = {"name": "robot", "scopes": "read", "days": "", "project": secret.repository_id}
    page = visitor.submit("/settings/tokens", **fields, current_password=PASSWORD).text
    assert re.search(r'value="(holdfast_\w{46})"', page)
    assert "For alice/secret." in page
    assert [token.repository_id for token in tokens_of(alice.id)] == [secret.repository_id]


def test_a_project_of_others_cannot_be_chosen(bob: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    fields = {"name": "robot", "scopes": "read", "days": "", "project": secret.repository_id}
    assert signed_in(bob).submit("/settings/tokens", **fields).status_code == 400
    assert tokens_of(bob.id) == []


def test_it_acts_in_its_project_and_nowhere_else(
    alice: Account, confined: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    create_project(alice, name="diary", description="", visibility="private")
    assert project_for(confined, "alice", "secret", "owner").id == secret.id
    assert project_for(confined, "alice", "website").role is None
    with pytest.raises(RoleTooLow):
        project_for(confined, "alice", "website", "writer")
    with pytest.raises(ProjectNotFound):
        project_for(confined, "alice", "diary")
    with transaction() as session, pytest.raises(RoleTooLow):
        recheck(session, website.id, confined, "writer")


def test_lists_show_it_no_more_than_a_stranger_sees(
    alice: Account, confined: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    create_project(alice, name="diary", description="", visibility="private")
    mine = [project.name for project in queries.list_projects_of(confined).projects]
    owned = {
        project.name: project.role
        for project in queries.list_owned_projects(queries.read_profile("alice"), confined).projects
    }
    assert (mine, owned) == (["secret"], {"secret": "owner", "website": None})


def test_it_makes_no_project(confined: Account) -> None:
    with pytest.raises(TokenConfined):
        create_project(confined, name="another", description="", visibility="private")


def test_it_administers_nothing(alice: Account) -> None:
    assert not Account(1, "root", "", "root@example.org", admin=True).confine("a" * 32).admin


def test_it_ends_with_its_project(alice: Account, secret: ProjectAccess, confined: Account) -> None:
    with transaction() as session:
        session.delete(session.get_one(Project, secret.id))
        session.flush()
        remove_rows(session, secret.repository_id)
    assert confined.name == "alice"
    assert tokens_of(alice.id) == []
