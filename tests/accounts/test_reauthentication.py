"""Sensitive acts ask for the password again, for ten minutes; and it cannot be guessed without limit."""

import re
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from sqlalchemy import select, update

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS
from framework.accounts.models import BrowserSession, Token, User
from framework.accounts.signin.reauthentication import HOLDS
from framework.accounts.signin.tokens import tokens_of
from framework.celery.models import OutboxRow
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.models import Member, Project
from tests.cast import PASSWORD, SignIn, Visitor, csrf_token

HOME = "/alice/secret/settings"
PEOPLE, SHARE = f"{HOME}/people", "/alice/secret/share"
ADDRESS = {"username": "alice", "full_name": "Alice Liddell", "email": "new@example.org"}
TOKEN = {"name": "laptop", "scopes": "write", "days": "90", "project": ""}
SETTINGS = {"name": "secret", "description": "", "topics": "", "visibility": "public", "publish": "y"}

Act = tuple[str, str, dict[str, str]]
"""The page, where its form is sent, and the fields."""

AFTER_SIGN_IN: list[Act] = [("/settings", "/settings", ADDRESS), ("/settings/tokens", "/settings/tokens", TOKEN)]
"""What outlives a session."""
LATER: list[Act] = [
    (HOME, HOME, SETTINGS),
    (HOME, f"{HOME}/export", {}),
    (HOME, f"{HOME}/trash", {}),
    (PEOPLE, PEOPLE, {"person": "charlie", "role": "reader"}),
    (SHARE, f"{SHARE}/roles", {"role-2": "owner"}),
    (SHARE, f"{SHARE}/people/2/remove", {}),
]
"""What asks ten minutes after signing in."""


def state(alice: Account) -> list[Any]:
    """Everything that these acts change."""
    with read_transaction() as session:
        project = session.scalars(select(Project)).one()
        return [
            session.get_one(User, alice.id).pending_email,
            len(session.scalars(select(Token)).all()),
            (project.visibility, project.trashed_at is None),
            [(member.user_id, member.role) for member in session.scalars(select(Member))],
            len(session.scalars(select(OutboxRow).where(OutboxRow.task.startswith("framework.transfer."))).all()),
        ]


def let_pass(after: timedelta) -> None:
    """Have everyone signed in, and asked for the password, so long ago."""
    moment = now() - after
    with transaction() as session:
        session.execute(update(BrowserSession).values(created_at=moment))
        asked = update(BrowserSession).where(BrowserSession.reauthenticated_at.is_not(None))
        session.execute(asked.values(reauthenticated_at=moment))


def send_again(browser: Visitor, page: str, to: str, password: str) -> Any:
    """Send the form of the page that asks, with all that it holds."""
    fields = {
        name: unescape(value) for name, value in re.findall(r'type="hidden" name="([\w-]+)" value="([^"]*)"', page)
    }
    return browser.client.post(to, data={**fields, "current_password": password})


@pytest.mark.usefixtures("shared", "charlie")
@pytest.mark.parametrize("act", [*AFTER_SIGN_IN, *LATER])
def test_an_open_session_is_not_enough(alice: Account, signed_in: SignIn, act: Act) -> None:
    (page, to, fields), browser, before = act, signed_in(alice), state(alice)
    let_pass(HOLDS)
    asked = browser.submit(page, to=to, **fields)
    assert asked.status_code == 403
    wrong = send_again(browser, asked.text, to, "not it at all")
    assert wrong.status_code == 400
    assert "not your current password" in wrong.text
    assert state(alice) == before
    assert send_again(browser, wrong.text, to, PASSWORD).status_code in {200, 302, 303}
    assert state(alice) != before


@pytest.mark.usefixtures("secret")
@pytest.mark.parametrize("act", AFTER_SIGN_IN)
def test_signing_in_is_not_enough_for_what_outlives_the_session(alice: Account, signed_in: SignIn, act: Act) -> None:
    (page, to, fields), browser, before = act, signed_in(alice), state(alice)
    assert browser.submit(page, to=to, **fields).status_code == 403
    assert state(alice) == before


@pytest.mark.usefixtures("shared", "charlie")
@pytest.mark.parametrize("act", LATER)
def test_signing_in_is_enough_for_ten_minutes(alice: Account, signed_in: SignIn, act: Act) -> None:
    (page, to, fields), browser = act, signed_in(alice)
    let_pass(HOLDS - timedelta(minutes=1))
    assert browser.submit(page, to=to, **fields).status_code in {302, 303}


def test_it_is_asked_once_in_ten_minutes(alice: Account, signed_in: SignIn) -> None:
    browser, other = signed_in(alice), signed_in(alice)
    assert browser.submit("/settings/tokens", **TOKEN, current_password=PASSWORD).status_code == 200
    assert browser.submit("/settings/tokens", **TOKEN).status_code == 200
    assert other.submit("/settings/tokens", **TOKEN).status_code == 403
    let_pass(HOLDS)
    assert browser.submit("/settings/tokens", **TOKEN).status_code == 403
    assert len(tokens_of(alice.id)) == 2


def test_a_profile_without_another_address_asks_nothing(alice: Account, signed_in: SignIn) -> None:
    fields = ADDRESS | {"email": "alice@example.org", "full_name": "A. Liddell"}
    assert signed_in(alice).submit("/settings", **fields).status_code == 302


def test_the_page_that_asks_gives_everything_back(alice: Account, signed_in: SignIn) -> None:
    asked = signed_in(alice).submit("/settings/tokens", **(TOKEN | {"name": 'a"><b>&amp;'}))
    assert 'value="a&#34;&gt;&lt;b&gt;&amp;amp;"' in asked.text
    assert 'name="current_password"' in asked.text


@pytest.mark.parametrize("way", ["again", "change", "change to a bad one"])
def test_the_password_cannot_be_guessed_without_limit(alice: Account, signed_in: SignIn, way: str) -> None:
    browser = signed_in(alice)
    token = csrf_token(browser.get("/settings").text)
    to, given = {
        "again": ("/settings/tokens", TOKEN | {"current_password": "wrong"}),
        "change": ("/settings/password", {"current": "wrong", "password": "another good password"}),
        "change to a bad one": ("/settings/password", {"current": "wrong", "password": "x"}),
    }[way]
    answers = [browser.client.post(to, data={**given, "csrf_token": token}) for _ in range(LIMITS["password"].most + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {400}
    assert answers[-1].status_code == 429
    assert "Too many attempts" in answers[-1].text
    right = {"current_password": PASSWORD, "current": PASSWORD}
    assert browser.client.post(to, data={**given, **right, "csrf_token": token}).status_code == 429
    assert signed_in(alice)  # which does not lock the owner out


def test_a_password_needs_the_forms_own_token(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    answer = browser.client.post("/settings/tokens", data={**TOKEN, "current_password": PASSWORD})
    assert answer.status_code == 400
    assert tokens_of(alice.id) == []
