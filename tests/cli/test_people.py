"""`flask users …`: what an operator does with people's accounts."""

import json
from collections.abc import Callable

import pytest
from click.testing import Result
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import WrongLogin, authenticate, create_user
from framework.accounts.models import User
from framework.accounts.signin import tokens
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess
from framework.repositories.models import Repository
from tests.cast import (
    PASSWORD,
    SignIn,
    Visitor,
    link_in_mail,
    on_each_deployment,
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
