"""`flask users …`: what an operator does with people's accounts."""

import base64
import json
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from framework.accounts.core.account import Account, AccountSuspended
from framework.accounts.lifecycle.operations import WrongLogin, authenticate, create_user
from framework.accounts.models import User
from framework.accounts.signin import tokens
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.queries import read_profile
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
    link_in_mail,
    on_each_deployment,
    on_one_deployment,
    posted_texts,
    send_resets,
)


def flask_users(app: Flask, *arguments: str, given: str = "") -> Result:
    """What `flask users …` answers."""
    return app.test_cli_runner().invoke(args=["users", *arguments], input=given)


def done(app: Flask, *arguments: str, given: str = "") -> str:
    """The output of a command that has to succeed."""
    result = flask_users(app, *arguments, given=given)
    assert result.exit_code == 0, result.output
    return result.output


def refused(app: Flask, *arguments: str, given: str = "") -> str:
    """The output of a command that has to fail with a sentence."""
    result = flask_users(app, *arguments, given=given)
    assert result.exit_code == 1, result.output
    assert "Error: " in result.output
    return result.output


def is_admin(name: str) -> bool:
    """Whether the row says so."""
    with read_transaction() as session:
        return session.scalars(select(User.admin).where(User.name == name)).one()


@pytest.fixture
def root(app: Flask) -> Account:
    """The only administrator."""
    return create_user(name="root-of-all", email="root@example.org", password=PASSWORD, admin=True)


@on_one_deployment
class TestCreate:
    def test_it_creates_an_administrator(self, app: Flask) -> None:
        arguments = ["create", "root-of-all", "root@example.org", "--admin", "--password-stdin"]
        output = done(app, *arguments, given=f"{PASSWORD}\n")
        assert output == "Created the administrator root-of-all.\n"
        assert authenticate("root-of-all", PASSWORD, address="").admin

    def test_an_operator_vouches_for_the_address(self, app: Flask) -> None:
        done(app, "create", "anna", "anna@example.org", "--password-stdin", given=f"{PASSWORD}\n")
        assert authenticate("anna@example.org", PASSWORD, address="").email_confirmed
        assert "belongs to another account" in refused(
            app, "create", "berta", "anna@example.org", "--password-stdin", given=f"{PASSWORD}\n"
        )

    def test_it_asks_for_the_password_twice(self, app: Flask) -> None:
        done(app, "create", "anna", "anna@example.org", given=f"{PASSWORD}\n{PASSWORD}\n")
        assert not authenticate("anna", PASSWORD, address="").admin

    @pytest.mark.parametrize("arguments", [["login", "a@example.org"], ["anna", "nobody"]])
    def test_it_says_what_is_wrong(self, app: Flask, arguments: list[str]) -> None:
        assert refused(app, "create", *arguments, "--password-stdin", given=PASSWORD).startswith("Error: ")


@on_each_deployment
class TestList:
    def test_it_tells_what_an_operator_wants_to_know(
        self, app: Flask, alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
    ) -> None:
        with transaction() as session:
            session.get_one(Repository, secret.repository_id).stored_bytes = 5 * 1024 * 1024
            session.get_one(User, bob.id).email_verified_at = None
        signed_in(alice)
        done(app, "suspend", "bob")
        listed = {each["name"]: each for each in json.loads(done(app, "list", "--json"))}
        assert list(listed) == ["alice", "bob"]
        assert listed["alice"].pop("last_seen_at")
        assert listed["alice"] == {
            "name": "alice",
            "email": "alice@example.org",
            "confirmed": True,
            "admin": False,
            "suspended": False,
            "projects": 1,
            "bytes": 5 * 1024 * 1024,
        }
        assert (listed["bob"]["suspended"], listed["bob"]["last_seen_at"]) == (True, None)
        heading, first, second = done(app, "list").splitlines()
        assert heading.split() == ["name", "e-mail", "is", "projects", "stored", "last", "seen"]
        assert first.split()[:6] == ["alice", "alice@example.org", "-", "1", "5", "MiB"]
        assert second.split() == ["bob", "bob@example.org", "suspended,unconfirmed", "0", "0", "bytes", "-"]


@on_one_deployment
class TestAdministrators:
    def test_somebody_becomes_one_and_is_one_no_longer(self, app: Flask, root: Account, alice: Account) -> None:
        assert done(app, "promote", "Alice@example.org") == "alice is an administrator.\n"
        assert is_admin("alice")
        done(app, "promote", "alice")
        done(app, "demote", "alice")
        assert not is_admin("alice")

    @pytest.mark.parametrize("command", ["demote", "suspend", "delete"])
    def test_the_last_one_stays_unless_forced(self, app: Flask, root: Account, command: str) -> None:
        yes = ["--yes"] if command == "delete" else []
        assert "flask users promote" in refused(app, command, "root-of-all", *yes)
        assert is_admin("root-of-all")
        done(app, command, "root-of-all", *yes, "--force")

    def test_a_suspended_one_does_not_count(self, app: Flask, root: Account, alice: Account) -> None:
        done(app, "promote", "alice")
        done(app, "suspend", "alice")
        refused(app, "demote", "root-of-all")

    @pytest.mark.parametrize("command", ["promote", "demote", "suspend", "resume", "reset", "delete", "password"])
    def test_an_unknown_name_is_told(self, app: Flask, command: str) -> None:
        assert "flask users list" in refused(app, command, "nobody", given=f"{PASSWORD}\n{PASSWORD}\n")


@on_one_deployment
class TestPasswords:
    def test_another_password_ends_sessions_and_tokens(self, app: Flask, alice: Account, signed_in: SignIn) -> None:
        visitor, token = signed_in(alice), tokens.create_token(alice.id, "laptop", ["write"])
        done(app, "password", "alice", "--password-stdin", given="another good one\n")
        assert visitor.get("/settings").status_code == 302
        assert tokens.caller_of_token(token) is None
        assert authenticate("alice", "another good one", address="").name == "alice"
        with pytest.raises(WrongLogin):
            authenticate("alice", PASSWORD, address="")

    def test_a_short_password_is_refused(self, app: Flask, alice: Account) -> None:
        assert "8 to 256" in refused(app, "password", "alice", given="short\nshort\n")
        assert authenticate("alice", PASSWORD, address="")

    def test_a_reset_sends_a_link_that_works(self, app: Flask, alice: Account, visitor: Visitor) -> None:
        assert "alice@example.org" in done(app, "reset", "alice")
        assert visitor.submit(link_in_mail("reset"), password="another good one").status_code == 302
        assert authenticate("alice", "another good one", address="")

    def test_nobody_resets_a_suspended_account(self, app: Flask, alice: Account, visitor: Visitor) -> None:
        done(app, "reset", "alice")
        done(app, "suspend", "alice")
        assert "suspended" in refused(app, "reset", "alice")
        assert visitor.submit(link_in_mail("reset"), password="another good one").status_code == 403
        sent = len(posted_texts())
        visitor.submit("/forgot", email="alice@example.org")
        send_resets()
        assert len(posted_texts()) == sent
        done(app, "resume", "alice")
        assert authenticate("alice", PASSWORD, address="")


def basic(name: str, secret: str) -> dict[str, str]:
    """The header of HTTP Basic."""
    return {"Authorization": "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()}


LFS_BATCH = {"operation": "upload", "objects": [{"oid": "0" * 64, "size": 1}]}
DOORS: dict[str, Callable[[FlaskClient, dict[str, str], dict[str, str]], object]] = {
    "git fetch": lambda client, _, basic: client.get(
        "/alice/secret.git/info/refs?service=git-upload-pack", headers=basic
    ),
    "git push": lambda client, _, basic: client.get(
        "/alice/secret.git/info/refs?service=git-receive-pack", headers=basic
    ),
    "lfs": lambda client, _, basic: client.post(
        "/alice/secret.git/info/lfs/objects/batch",
        headers={**basic, "Accept": "application/vnd.git-lfs+json"},
        data=json.dumps(LFS_BATCH),
        content_type="application/vnd.git-lfs+json",
    ),
    "API, reading": lambda client, bearer, _: client.get("/api/v1/user", headers=bearer),
    "API, a public list": lambda client, bearer, _: client.get("/api/v1/projects", headers=bearer),
    "API, writing": lambda client, bearer, _: client.post("/api/v1/projects", headers=bearer, json={"name": "x"}),
    "uploads": lambda client, bearer, _: client.post(
        "/api/v1/uploads", headers={**bearer, "Upload-Length": "3", "Tus-Resumable": "1.0.0"}
    ),
    "tokens": lambda client, _, basic: client.post(
        "/api/v1/tokens", headers=basic, json={"name": "x", "scopes": ["read"]}
    ),
}


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
        assert "bob is removed from 1 projects of others." in output
        with read_transaction() as session:
            assert session.get(User, bob.id) is None
        assert [shared.id] in asked_for("framework.projects.tasks.refresh_about")
        refresh_about(shared.id)
        with read_transaction() as session:
            assert session.get_one(Repository, shared.repository_id).about["members"] == []
        create_user(name="bob", email="bob@example.org", password=PASSWORD)

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
        again = create_user(name="alice", email="alice@example.org", password=PASSWORD)
        assert read_profile("alice").id == again.id
        assert create_project(again, name="website", description="", visibility="public").full_name == "alice/website"
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
