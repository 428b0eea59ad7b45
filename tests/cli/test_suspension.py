"""`flask users suspend, resume and delete`: who is suspended can do nothing, and who is deleted leaves nothing."""

import base64

import pytest
from flask import Flask
from flask.testing import FlaskClient

from framework.accounts.core.account import Account, AccountSuspended
from framework.accounts.lifecycle.operations import NameTaken, authenticate, create_user
from framework.accounts.models import User
from framework.accounts.signin import tokens
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import recorded_members
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.projects.models import Project
from framework.projects.tasks import refresh_about
from framework.repositories.models import Repository
from tests.cast import (
    PASSWORD,
    SignIn,
    Visitor,
    asked_for,
    on_each_deployment,
    on_one_deployment,
)
from tests.cli.test_people import DOORS, done, refused


def basic(name: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


@on_one_deployment
class TestSuspension:
    @pytest.mark.parametrize("door", list(DOORS))
    @pytest.mark.parametrize("secret_is", ["password", "token"])
    def test_every_door_for_programs_is_closed(
        self, app: Flask, client: FlaskClient, alice: Account, secret: ProjectAccess, door: str, secret_is: str
    ) -> None:
        token = tokens.create_token(alice.id, "laptop", ["read", "write"])
        kept = token if secret_is == "token" and door != "tokens" else PASSWORD
        headers = ({"Authorization": f"Bearer {token}"}, basic("alice", kept))
        opened = DOORS[door](client, *headers)
        assert opened.status_code in {200, 201}, opened.get_data(as_text=True)  # type: ignore[attr-defined]
        done(app, "suspend", "alice")
        closed = DOORS[door](client, *headers)
        assert (closed.status_code, "suspended" in closed.get_data(as_text=True)) == (403, True)  # type: ignore[attr-defined]
        done(app, "resume", "alice")
        assert DOORS[door](client, *headers).status_code in {200, 201, 409}  # type: ignore[attr-defined]

    def test_browsers_are_signed_out_and_told_at_the_next_sign_in(
        self, app: Flask, alice: Account, signed_in: SignIn, visitor: Visitor
    ) -> None:
        before = signed_in(alice)
        done(app, "suspend", "alice")
        assert before.get("/settings").status_code == 302
        refusal = visitor.log_in(alice)
        assert (refusal.status_code, "The account alice is suspended." in refusal.text) == (403, True)
        assert "suspended" not in visitor.log_in(alice, "a wrong password").text
        done(app, "resume", "alice")
        assert before.get("/settings").status_code == 302
        assert visitor.log_in(alice).status_code == 302

    def test_a_session_that_began_beside_the_suspension_is_nobodys(
        self, app: Flask, alice: Account, signed_in: SignIn
    ) -> None:
        visitor = signed_in(alice)
        with transaction() as session:  # as if the sign-in had come a moment later
            user = session.get_one(User, alice.id)
            user.suspended_at = user.created_at
        assert visitor.get("/settings").status_code == 302
        assert visitor.get("/").status_code == 200

    def test_a_change_on_its_way_is_refused_at_the_commit(
        self, app: Flask, alice: Account, secret: ProjectAccess
    ) -> None:
        done(app, "suspend", "alice")
        with transaction() as session, pytest.raises(AccountSuspended):
            recheck(session, secret.id, alice, "writer")


@on_each_deployment
class TestDelete:
    def test_an_account_without_projects_goes_at_once(self, app: Flask, bob: Account, shared: ProjectAccess) -> None:
        output = done(app, "delete", "bob", given="bob\n")
        assert "bob is removed from 1 project owned by others." in output
        with read_transaction() as session:
            assert session.get(User, bob.id) is None
        assert [shared.id] in asked_for("framework.projects.tasks.refresh_about")
        refresh_about(shared.id)
        with read_transaction() as session:
            assert recorded_members(session.get_one(Repository, shared.repository_id).about) == []
        create_user(name="robert", email="bob@example.org", password=PASSWORD)  # the address is free at once

    @on_one_deployment
    def test_another_name_deletes_nothing(self, app: Flask, bob: Account) -> None:
        assert "nothing was deleted" in refused(app, "delete", "bob", given="alice\n")
        assert authenticate("bob", PASSWORD, address="")

    @on_one_deployment
    def test_the_only_owner_of_projects_stays_unless_told_otherwise(
        self, app: Flask, alice: Account, secret: ProjectAccess, website: ProjectAccess
    ) -> None:
        output = refused(app, "delete", "alice", "--yes")
        assert "2 projects: alice/secret, alice/website" in output
        assert "--with-projects" in output
        assert authenticate("alice", PASSWORD, address="")

    def test_projects_go_to_the_trash_and_the_row_with_the_last_of_them(
        self, app: Flask, alice: Account, bob: Account, secret: ProjectAccess, website: ProjectAccess, visitor: Visitor
    ) -> None:
        add_person(alice, secret, person="bob", role="writer")
        output = done(app, "delete", "alice", "--yes", "--with-projects")
        assert "Moved to the trash" in output
        assert "The trash is emptied after 30 days." in output
        assert [visitor.get(page).status_code for page in ("/alice", "/alice/website")] == [404, 404]
        with pytest.raises(NameTaken):
            create_user(name="alice", email="alice@example.org", password=PASSWORD)
        deleted = f"deleted:{alice.id}"
        assert f"{deleted}/secret" in app.test_cli_runner().invoke(args=["projects", "trash"]).output
        back = ["projects", "restore", f"{deleted}/website", "--to", "bob"]
        assert "/bob/website" in app.test_cli_runner().invoke(args=back).output
        assert visitor.get("/bob/website").status_code == 200
        delete_for_good(secret.id)
        with read_transaction() as session:
            assert session.get(User, alice.id) is None

    def test_a_project_that_somebody_else_owns_becomes_theirs(
        self, app: Flask, alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
    ) -> None:
        create_project(bob, name="secret", description="", visibility="private")
        add_person(alice, secret, person="bob", role="owner")
        output = done(app, "delete", "alice", "--yes")
        assert "alice/secret becomes a project of bob." in output
        answer = signed_in(bob).get("/bob/secret-2")
        assert answer.status_code == 200
        with read_transaction() as session:
            assert session.get_one(Repository, secret.repository_id).about["owner"]["name"] == "bob"
            assert session.get(User, alice.id) is None

    @on_one_deployment
    def test_a_deletion_that_was_interrupted_goes_on(
        self, app: Flask, alice: Account, secret: ProjectAccess, website: ProjectAccess
    ) -> None:
        with transaction() as session:  # the account is suspended, and one project of two was moved
            session.get_one(User, alice.id).suspended_at = alice_left = session.get_one(Project, secret.id).created_at
            session.get_one(Project, secret.id).trashed_at = alice_left
        done(app, "delete", "alice", "--yes", "--with-projects")
        with read_transaction() as session:
            assert session.get_one(Project, website.id).trashed_at is not None
            assert session.get_one(User, alice.id).deleted_at is not None
