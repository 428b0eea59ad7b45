"""Profile and tokens."""

import base64
import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.datastructures import Authorization

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS, BudgetSpent
from framework.accounts.models import Token, User
from framework.accounts.signin.http_auth import account_from_basic, account_from_bearer
from framework.accounts.signin.tokens import SCOPES, InvalidScopes, InvalidTokenName, create_token, tokens_of
from framework.database.session import transaction
from framework.database.types import now
from tests.cast import PASSWORD, SignIn, posted_texts

PROFILE = {"username": "alice", "full_name": "Alice Liddell", "email": "alice@example.org"}


def test_it_saves_a_profile(alice: Account, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    answer = visitor.submit("/settings", username="Alicia", full_name="Alicia L.", email="alice@example.org")
    assert answer.status_code == 302
    page = visitor.get("/settings").text
    assert 'value="Alicia"' in page
    assert 'value="Alicia L."' in page


def test_it_tells_the_projects_about_a_new_name(alice: Account, signed_in: SignIn) -> None:
    signed_in(alice).submit("/settings", **(PROFILE | {"username": "alicia"}))
    assert any("framework.projects.tasks.refresh_person" in text for text in posted_texts())


def test_it_leaves_the_projects_alone_when_nothing_of_theirs_changes(alice: Account, signed_in: SignIn) -> None:
    signed_in(alice).submit("/settings", **(PROFILE | {"full_name": "A. Liddell"}))
    assert not any("refresh_person" in text for text in posted_texts())


@pytest.mark.parametrize(
    ("change", "field", "status"),
    [
        ({"username": ""}, "username", 400),
        ({"username": "login"}, "username", 400),
        ({"username": "../x"}, "username", 400),
        ({"username": "BOB"}, "username", 409),
        ({"email": "nobody"}, "email", 400),
        ({"full_name": "x" * 101}, "full_name", 400),
        ({"full_name": "a\x00b"}, "full_name", 400),
        ({"full_name": "a\u009bb"}, "full_name", 400),
    ],
)
def test_it_gives_a_bad_profile_back(
    alice: Account, bob: Account, signed_in: SignIn, change: dict[str, str], field: str, status: int
) -> None:
    answer = signed_in(alice).submit("/settings", **(PROFILE | change))
    assert answer.status_code == status
    assert f'id="{field}-error"' in answer.text


def test_it_keeps_a_name_that_was_reserved_later(alice: Account, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    with transaction() as session:
        user = session.get_one(User, alice.id)
        user.name = user.name_key = "login"
    assert visitor.submit("/settings", **(PROFILE | {"username": "login", "full_name": "A."})).status_code == 302


def test_it_shows_a_token_once(alice: Account, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    given = {"name": "laptop", "scopes": "write", "days": "90", "current_password": PASSWORD}
    page = visitor.submit("/settings/tokens", **given).text
    text = re.search(r'value="(holdfast_\w{46})"', page)
    assert text
    assert text[1] not in visitor.get("/settings/tokens").text
    assert "laptop" in visitor.get("/settings/tokens").text


@pytest.mark.parametrize(
    "fields",
    [
        {"name": "", "scopes": "read", "days": "30"},
        {"name": "x" * 101, "scopes": "read", "days": "30"},
        {"name": "a\x00", "scopes": "read", "days": "30"},
        {"name": "laptop", "scopes": "owner", "days": "30"},
        {"name": "laptop", "scopes": "read", "days": "-1"},
        {"name": "laptop", "scopes": "read", "days": "30", "project": "nosuch"},
    ],
)
def test_it_gives_a_bad_token_form_back(alice: Account, signed_in: SignIn, fields: dict[str, str]) -> None:
    assert signed_in(alice).submit("/settings/tokens", **fields).status_code == 400
    assert tokens_of(alice.id) == []


def test_it_refuses_bad_tokens_without_a_form(alice: Account) -> None:
    with pytest.raises(InvalidTokenName):
        create_token(alice.id, " ", ["read"])
    with pytest.raises(InvalidScopes):
        create_token(alice.id, "laptop", [])


def test_it_deletes_only_ones_own_tokens(alice: Account, bob: Account, signed_in: SignIn) -> None:
    create_token(alice.id, "laptop", ["read"])
    token_id = tokens_of(alice.id)[0].id
    address = f"/settings/tokens/{token_id}/delete"
    assert signed_in(bob).submit("/settings/tokens", to=address).status_code == 404
    assert len(tokens_of(alice.id)) == 1
    assert signed_in(alice).submit("/settings/tokens", to=address).status_code == 302
    assert tokens_of(alice.id) == []


def test_it_knows_a_program_by_its_token(app: Flask, alice: Account) -> None:
    token = create_token(alice.id, "laptop", ["read"])
    with app.test_request_context():
        caller = account_from_basic(_basic("whoever", token))
        bearer = account_from_bearer(Authorization("bearer", token=token))
    assert caller is not None
    assert caller == bearer
    assert (caller.account, caller.scopes) == (alice, frozenset({"read"}))
    assert tokens_of(alice.id)[0].last_used_at is not None


def test_it_knows_a_program_by_the_password(app: Flask, alice: Account) -> None:
    with app.test_request_context():
        caller = account_from_basic(_basic("alice@example.org", PASSWORD))
    assert caller is not None
    assert (caller.account, caller.scopes) == (alice, frozenset(SCOPES))


@pytest.mark.parametrize(
    ("name", "secret"),
    [("alice", "wrong"), ("nobody", PASSWORD), ("alice", ""), ("alice", "hf_wrong"), ("\x00", "\x00")],
)
def test_it_does_not_know_a_stranger(app: Flask, alice: Account, name: str, secret: str) -> None:
    with app.test_request_context():
        assert account_from_basic(_basic(name, secret)) is None
        assert account_from_bearer(Authorization("bearer", token=secret)) is None
        assert account_from_basic(None) is None


def test_it_takes_no_token_that_has_ended(app: Flask, alice: Account) -> None:
    token = create_token(alice.id, "laptop", ["read"], days=1)
    with transaction() as session:
        session.execute(update(Token).values(expires_at=now() - timedelta(seconds=1)))
    with app.test_request_context():
        assert account_from_bearer(Authorization("bearer", token=token)) is None


def test_it_makes_programs_wait_too_but_not_those_with_a_token(app: Flask, alice: Account) -> None:
    token = create_token(alice.id, "laptop", ["read"])
    with app.test_request_context():
        for _ in range(LIMITS["login"].most):
            assert account_from_basic(_basic("alice", "wrong")) is None
        with pytest.raises(BudgetSpent):
            account_from_basic(_basic("alice", PASSWORD))
        assert account_from_basic(_basic("alice", token)) is not None


def _basic(name: str, secret: str) -> Authorization:
    header = "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()
    authorization = Authorization.from_header(header)
    assert authorization is not None
    return authorization
