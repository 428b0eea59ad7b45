"""A change of credentials ends what was made with the old ones, and each new token is told by mail."""

import pytest
from flask import Flask
from werkzeug.datastructures import Authorization

from framework.accounts.core.account import Account
from framework.accounts.core.sessions import live_session
from framework.accounts.lifecycle.administration import replace_password
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.http_auth import account_from_bearer
from framework.accounts.signin.tokens import create_token, tokens_of
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail, posted_texts

NEW = "another good password"
CHANGE = {"to": "/settings/password", "current": PASSWORD, "password": NEW}


def may_read(app: Flask, token: str) -> bool:
    """Whether a token lets somebody in."""
    with app.test_request_context():
        return account_from_bearer(Authorization("bearer", token=token)) is not None


def session_number(browser: Visitor, account: Account) -> int:
    """The number of the session that a browser is signed in with."""
    with browser.client.session_transaction() as kept:
        live = live_session(kept["_user_id"])
    assert live
    assert live.account.id == account.id
    return live.id


def test_a_new_password_ends_every_token(app: Flask, alice: Account, signed_in: SignIn) -> None:
    token = create_token(alice.id, "laptop", ["write"])
    assert signed_in(alice).submit("/settings", **CHANGE).status_code == 302
    assert not may_read(app, token)


def test_a_new_password_asks_what_to_keep(app: Flask, alice: Account, signed_in: SignIn) -> None:
    here, kept, lost = signed_in(alice), signed_in(alice), signed_in(alice)
    tokens = {name: create_token(alice.id, name, ["read"]) for name in ("laptop", "stolen")}
    page = here.get("/settings").text
    assert "Access token “stolen”" in page
    number = session_number(kept, alice)
    laptop = next(about.id for about in tokens_of(alice.id) if about.name == "laptop")
    assert f'value="session-{number}"' in page
    keep = [f"session-{number}", f"token-{laptop}", "token-0", "token-x", "nonsense"]
    wrong = here.submit("/settings", **(CHANGE | {"current": "not it at all"}), keep=keep)
    assert f'value="token-{laptop}" checked' in wrong.text
    assert here.submit("/settings", **CHANGE, keep=keep).status_code == 302
    assert [browser.get("/settings").status_code for browser in (here, kept, lost)] == [200, 200, 302]
    assert {name: may_read(app, token) for name, token in tokens.items()} == {"laptop": True, "stolen": False}


def test_nobody_keeps_what_is_anothers(app: Flask, alice: Account, bob: Account, signed_in: SignIn) -> None:
    token = create_token(bob.id, "bobs", ["read"])
    keep = [f"token-{tokens_of(bob.id)[0].id}"]
    assert signed_in(alice).submit("/settings", **CHANGE, keep=keep).status_code == 302
    assert may_read(app, token)
    assert tokens_of(alice.id) == []


@pytest.mark.parametrize("way", ["reset", "operator"])
def test_a_reset_ends_every_token(app: Flask, alice: Account, visitor: Visitor, way: str) -> None:
    token = create_token(alice.id, "laptop", ["write"])
    if way == "operator":
        replace_password("alice", NEW)
    else:
        visitor.submit("/forgot", email=alice.email)
        assert visitor.submit(link_in_mail("reset"), password=NEW).status_code == 302
    assert not may_read(app, token)


def test_a_new_token_is_told_by_mail(alice: Account) -> None:
    create_token(alice.id, "laptop", ["write"], days=30)
    mail = posted_texts()[-1]
    assert "alice@example.org" in mail
    assert "A new access token was created" in mail
    assert "laptop" in mail


def test_tokens_do_not_flood_an_address_that_is_not_confirmed(app: Flask) -> None:
    thief = create_user(name="thief", email="prof@university.example", password=PASSWORD)
    before = len(posted_texts())
    for number in range(20):
        create_token(thief.id, f"t{number}", ["read"])
    assert 1 <= len(posted_texts()) - before < 10
