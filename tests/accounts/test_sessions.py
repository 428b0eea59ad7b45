"""Where a person is signed in: sessions that are renewed, listed, ended and forgotten."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from framework import config
from framework.accounts.core import sessions
from framework.accounts.core.account import Account
from framework.accounts.core.credentials import USE_NOTED_EVERY
from framework.accounts.core.sessions import LONGEST, NOT_REMEMBERED, REMEMBERED
from framework.accounts.models import BrowserSession
from framework.accounts.tasks import forget_sessions
from framework.application import create_app
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import (
    PASSWORD,
    SignIn,
    Visitor,
    csrf_token,
    link_in_mail,
)
from tests.servers.application.deployments import SECRET_KEY

FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"
EDGE = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0"
)
PAGE = "/settings/sessions"
SECOND = timedelta(seconds=1)
COOKIES = ("session", "remember_token")


def enter(app: Flask, account: Account, *, agent: str = FIREFOX, address: str = "192.0.2.7", **fields: str) -> Visitor:
    """The browser of this make and address, in which the person has signed in."""
    visitor = Visitor(app)
    visitor.client.environ_base.update(HTTP_USER_AGENT=agent, REMOTE_ADDR=address)
    assert visitor.submit("/login", username=account.name, password=PASSWORD, **fields).status_code == 302
    return visitor


def copy_of(visitor: Visitor, app: Flask) -> Visitor:
    """Another browser with the cookies that this one has now."""
    thief = Visitor(app)
    for name in COOKIES:
        if cookie := visitor.client.get_cookie(name):
            thief.client.set_cookie(name, cookie.value)
    return thief


def is_signed_in(visitor: Visitor) -> bool:
    """Whether a page for members is shown."""
    return visitor.get("/settings").status_code == 200


def rows() -> list[BrowserSession]:
    """Every session that is kept, the oldest first."""
    with read_transaction() as session:
        return list(session.scalars(select(BrowserSession).order_by(BrowserSession.id)))


def move(**moments: datetime) -> None:
    """Set moments of every session."""
    with transaction() as session:
        session.execute(update(BrowserSession).values(**moments))


def listed(visitor: Visitor) -> list[str]:
    """The browsers on the page, as it names them."""
    titles: list[str] = re.findall(r'<div class="list-title">([^<]+)', visitor.get(PAGE).text)
    return [title.strip() for title in titles]


def press(visitor: Visitor, address: str) -> TestResponse:
    """Press the button of the page that posts there."""
    return visitor.submit(PAGE, to=address)


@pytest.mark.parametrize("fields", [{}, {"remember": "y"}])
def test_a_copied_cookie_is_worthless_after_signing_out(app: Flask, alice: Account, fields: dict[str, str]) -> None:
    visitor = enter(app, alice, **fields)
    thief = copy_of(visitor, app)
    assert is_signed_in(thief)
    visitor.submit("/settings", to="/logout")
    assert not is_signed_in(thief)
    assert rows() == []


def test_signing_in_again_ends_the_session_before(app: Flask, alice: Account, bob: Account) -> None:
    visitor = enter(app, alice, remember="y")
    earlier = copy_of(visitor, app)
    assert visitor.submit(PAGE, to="/login", username="bob", password=PASSWORD).status_code == 302
    assert not is_signed_in(earlier)
    visitor.client.delete_cookie("session")
    assert not is_signed_in(visitor), "Alice's remembered session does not come back"
    assert [row.user_id for row in rows()] == [bob.id]


def test_the_secret_itself_is_not_kept(app: Flask, alice: Account) -> None:
    visitor = enter(app, alice)
    with visitor.client.session_transaction() as session:
        secret = session["_user_id"]
    assert len(secret) >= 43
    assert secret not in str([vars(row) for row in rows()])


@pytest.mark.parametrize("user_id", ["1.00000000000000000000000000000000", "1", "", "\x00", "\ud800"])
def test_cookies_of_another_kind_sign_nobody_in(visitor: Visitor, alice: Account, user_id: str) -> None:
    with visitor.client.session_transaction() as session:
        session["_user_id"] = user_id
    assert not is_signed_in(visitor)
    assert visitor.log_in(alice).status_code == 302
    assert is_signed_in(visitor)


def test_it_lists_this_browser_first_then_the_one_used_last(app: Flask, alice: Account, bob: Account) -> None:
    here = enter(app, alice, address="2001:db8::1")
    enter(app, alice, agent="curl/8.5.0")
    enter(app, alice, agent=EDGE)
    enter(app, bob, agent="Wget/1.21")
    assert listed(here) == ["Firefox on Linux", "Edge on Windows", "curl"]
    page = here.get(PAGE).text
    assert page.count("This browser") == 1
    assert "2001:db8::1 · signed in" in page
    assert page.count("192.0.2.7 · signed in") == 2


def test_it_offers_to_end_others_only_when_there_are_some(app: Flask, alice: Account) -> None:
    here = enter(app, alice)
    assert "Sign out all others" not in here.get(PAGE).text
    enter(app, alice)
    assert "Sign out all others" in here.get(PAGE).text


def test_one_other_browser_is_signed_out(app: Flask, alice: Account) -> None:
    here, lost, kept = enter(app, alice), enter(app, alice, remember="y"), enter(app, alice)
    address = f"{PAGE}/{rows()[1].id}/end"
    assert f'action="{address}"' in here.get(PAGE).text
    assert press(here, address).location == PAGE
    assert [is_signed_in(one) for one in (here, lost, kept)] == [True, False, True]
    answer = press(here, address)
    assert answer.status_code == 404
    assert "it may have ended already" in answer.text


def test_all_other_browsers_are_signed_out(app: Flask, alice: Account, bob: Account) -> None:
    here, other, third = enter(app, alice), enter(app, alice, remember="y"), enter(app, alice)
    stranger = enter(app, bob)
    assert press(here, f"{PAGE}/end-others").location == PAGE
    assert [is_signed_in(one) for one in (here, other, third, stranger)] == [True, False, False, True]


def test_nobody_ends_the_sessions_of_others(app: Flask, alice: Account, bob: Account) -> None:
    hers = enter(app, alice)
    his = enter(app, bob)
    assert press(his, f"{PAGE}/{rows()[0].id}/end").status_code == 404
    assert is_signed_in(hers)


@pytest.mark.parametrize("which", ["{id}/end", "end-others"])
def test_another_site_ends_no_session(app: Flask, alice: Account, which: str) -> None:
    here, other = enter(app, alice), enter(app, alice)
    assert here.client.post(f"{PAGE}/{which.format(id=rows()[1].id)}").status_code == 400
    assert is_signed_in(other)


@pytest.mark.parametrize("remembered", [False, True])
def test_a_new_password_ends_every_session_but_renews_this_one(app: Flask, alice: Account, remembered: bool) -> None:
    here, other = enter(app, alice, **({"remember": "y"} if remembered else {})), enter(app, alice)
    before = copy_of(here, app)
    here.submit("/settings", to="/settings/password", current=PASSWORD, password="another good password")
    assert [is_signed_in(one) for one in (here, other, before)] == [True, False, False]
    here.client.delete_cookie("session")
    assert is_signed_in(here) == remembered


def test_a_password_chosen_by_mail_ends_every_session(app: Flask, alice: Account) -> None:
    earlier, here = enter(app, alice, remember="y"), Visitor(app)
    here.submit("/forgot", email=alice.email)
    here.submit(link_in_mail("reset"), password="another good password")
    assert [is_signed_in(one) for one in (here, earlier)] == [True, False]
    assert len(rows()) == 1


@pytest.mark.parametrize(("fields", "lifetime"), [({}, NOT_REMEMBERED), ({"remember": "y"}, REMEMBERED)])
def test_a_session_ends_when_it_is_not_used(
    app: Flask, alice: Account, signed_in: SignIn, fields: dict[str, str], lifetime: timedelta
) -> None:
    visitor = enter(app, alice, **fields)
    row = rows()[0]
    assert row.expires_at - row.last_used_at == lifetime
    move(expires_at=now() - SECOND)
    assert not is_signed_in(visitor)
    assert listed(signed_in(alice)) == ["Werkzeug"]


@pytest.mark.parametrize(("fields", "lifetime"), [({}, NOT_REMEMBERED), ({"remember": "y"}, REMEMBERED)])
def test_use_makes_it_last_and_is_noted_once_an_hour(
    app: Flask, alice: Account, fields: dict[str, str], lifetime: timedelta
) -> None:
    visitor = enter(app, alice, **fields)
    recently, ends = now() - USE_NOTED_EVERY + timedelta(minutes=5), now() + timedelta(hours=1)
    move(last_used_at=recently, expires_at=ends)
    assert is_signed_in(visitor)
    assert (rows()[0].last_used_at, rows()[0].expires_at) == (recently, ends)
    move(last_used_at=now() - USE_NOTED_EVERY)
    assert is_signed_in(visitor)
    assert rows()[0].last_used_at > recently
    assert rows()[0].expires_at == rows()[0].last_used_at + lifetime


@pytest.mark.parametrize(("fields", "sent"), [({}, False), ({"remember": "y"}, True)])
def test_a_remembered_browser_is_sent_its_cookie_again(
    app: Flask, alice: Account, fields: dict[str, str], sent: bool
) -> None:
    visitor = enter(app, alice, **fields)
    assert "remember_token" not in str(visitor.get("/settings").headers.getlist("Set-Cookie"))
    move(last_used_at=now() - USE_NOTED_EVERY)
    assert ("remember_token" in str(visitor.get("/settings").headers.getlist("Set-Cookie"))) == sent
    visitor.client.delete_cookie("session")
    assert is_signed_in(visitor) == sent


def test_sessions_that_have_expired_are_forgotten(app: Flask, alice: Account, signed_in: SignIn) -> None:
    enter(app, alice)
    enter(app, alice, remember="y")
    move(expires_at=now() - SECOND)
    visitor = signed_in(alice)
    assert forget_sessions() == 2
    assert len(rows()) == 1
    assert is_signed_in(visitor)


def test_what_a_browser_tells_is_kept_as_far_as_it_can_be_shown(app: Flask, alice: Account) -> None:
    visitor = enter(app, alice, agent="\x9b<b>curl</b>" + "x" * 1000, address="unknown" * 10)
    assert (rows()[0].agent[:11], len(rows()[0].agent), len(rows()[0].address)) == ("<b>curl</b>", 300, 45)
    assert "&lt;b&gt;curl" in visitor.get(PAGE).text


def test_signing_out_twice_at_once_is_fine(app: Flask, alice: Account) -> None:
    visitor = enter(app, alice)
    with visitor.client.session_transaction() as session:
        live = sessions.live_session(session["_user_id"])
    assert live is not None
    sessions.leave_session(live)
    sessions.leave_session(live)
    assert not is_signed_in(visitor)


def test_it_ends_after_ninety_days_however_much_it_is_used(app: Flask, alice: Account) -> None:
    visitor = enter(app, alice, remember="y")
    move(created_at=now() - LONGEST + 60 * SECOND)
    assert is_signed_in(visitor)
    move(created_at=now() - LONGEST)
    assert not is_signed_in(visitor)
    assert forget_sessions() == 1
    assert rows() == []


@pytest.mark.parametrize("lost", ["session", "remember_token"])
def test_it_stays_signed_in_over_a_new_secret_key(
    visitor: Visitor, alice: Account, with_settings: Callable[..., Config], lost: str
) -> None:
    visitor.submit("/login", username="alice", password=PASSWORD, remember="y")
    token = csrf_token(visitor.get("/settings").text)
    visitor.submit("/forgot", email=alice.email)
    with_settings(secret_key="another key", secret_key_fallbacks=(SECRET_KEY,))
    later = copy_of(visitor, create_app(config.current()))
    assert later.client.post("/settings/sessions/end-others", data={"csrf_token": token}).status_code == 302
    later.client.delete_cookie(lost)
    assert is_signed_in(later)
    assert later.get(link_in_mail("reset")).status_code == 200
    with_settings(secret_key="another key", secret_key_fallbacks=())
    assert not is_signed_in(copy_of(visitor, create_app(config.current())))
