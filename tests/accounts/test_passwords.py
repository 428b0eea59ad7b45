"""Changing a password, and choosing a new one by mail."""

import pytest
from flask import Flask
from itsdangerous import TimestampSigner

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS
from framework.accounts.core.signed_links import RESET_HOURS
from framework.accounts.core.validation import InvalidPassword
from framework.accounts.lifecycle.administration import replace_password
from framework.accounts.lifecycle.operations import create_user
from tests.accounts.addresses import change_address, row_of
from tests.cast import PASSWORD, SignIn, Visitor, csrf_token, link_in_mail, posted_texts, send_resets

NEW = "another good password"


def test_it_ends_every_other_session_when_the_password_changes(alice: Account, signed_in: SignIn) -> None:
    here, elsewhere = signed_in(alice), signed_in(alice)
    changed = here.submit("/settings", to="/settings/password", current=PASSWORD, password=NEW)
    assert changed.status_code == 302
    assert here.get("/settings").status_code == 200
    assert elsewhere.get("/settings").status_code == 302


def test_a_new_password_cancels_a_change_of_the_address(alice: Account, signed_in: SignIn) -> None:
    here = signed_in(alice)
    change_address(here, "evil@example.org")
    link = link_in_mail("verify")
    here.submit("/settings", to="/settings/password", current=PASSWORD, password=NEW)
    assert row_of(alice).pending_email is None
    assert here.get(link).status_code == 400


def test_it_ends_remembered_devices_too(visitor: Visitor, alice: Account, signed_in: SignIn) -> None:
    visitor.submit("/login", username="alice", password=PASSWORD, remember="y")
    signed_in(alice).submit("/settings", to="/settings/password", current=PASSWORD, password=NEW)
    assert visitor.get("/settings").status_code == 302


@pytest.mark.parametrize(
    ("current", "new", "field"),
    [
        ("not it at all", NEW, "current"),
        ("", NEW, "current"),
        (PASSWORD, "short", "password"),
        (PASSWORD, "", "password"),
    ],
)
def test_it_refuses_a_bad_change(alice: Account, signed_in: SignIn, current: str, new: str, field: str) -> None:
    visitor = signed_in(alice)
    answer = visitor.submit("/settings", to="/settings/password", current=current, password=new)
    assert answer.status_code == 400
    assert f'id="{field}-error"' in answer.text
    assert signed_in(alice)


def test_it_lets_a_person_choose_a_password_by_mail(visitor: Visitor, alice: Account, signed_in: SignIn) -> None:
    assert visitor.submit("/forgot", email="Alice@example.org").status_code == 200
    link = link_in_mail("reset")
    assert visitor.get(link).status_code == 200
    assert visitor.submit(link, password=NEW).status_code == 302
    assert visitor.get("/settings").status_code == 200
    assert signed_in(alice, NEW)


def test_it_takes_a_link_only_once(visitor: Visitor, alice: Account) -> None:
    visitor.submit("/forgot", email=alice.email)
    link = link_in_mail("reset")
    visitor.submit(link, password=NEW)
    answer = visitor.get(link)
    assert answer.status_code == 400
    assert "Request a new one" in answer.text


def test_it_takes_no_old_link(visitor: Visitor, alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor.submit("/forgot", email=alice.email)
    link = link_in_mail("reset")
    later = TimestampSigner("any").get_timestamp() + RESET_HOURS * 3600 + 1
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer: later)
    assert visitor.get(link).status_code == 400


@pytest.mark.parametrize("link", ["/reset/nonsense", "/reset/WzFd.x.y", "/verify/nonsense", "/reset/WzEsMl0"])
def test_it_takes_no_link_that_we_did_not_write(visitor: Visitor, alice: Account, link: str) -> None:
    assert visitor.get(link).status_code == 400


def test_it_takes_no_link_for_another_purpose(visitor: Visitor, app: Flask) -> None:
    create_user(name="dora", email="dora@example.org", password=PASSWORD)
    verify = link_in_mail("verify")
    assert visitor.get(verify.replace("verify", "reset")).status_code == 400


def test_it_keeps_the_link_when_the_new_password_is_bad(visitor: Visitor, alice: Account) -> None:
    visitor.submit("/forgot", email=alice.email)
    link = link_in_mail("reset")
    assert visitor.submit(link, password="short").status_code == 400
    assert visitor.submit(link, password=NEW).status_code == 302


def test_it_does_not_tell_who_has_an_account(visitor: Visitor, alice: Account) -> None:
    before = len(posted_texts())
    known = visitor.submit("/forgot", email="alice@example.org").text
    unknown = visitor.submit("/forgot", email="alicf@example.org").text
    assert known.replace("alice@", "") == unknown.replace("alicf@", "")
    assert len(posted_texts()) == before + 2, "both are looked up later, so that the times are the same"
    send_resets()
    assert len(posted_texts()) == before + 1


def test_it_does_not_flood_a_mailbox(visitor: Visitor, alice: Account) -> None:
    before = len(posted_texts())
    for _ in range(LIMITS["mail"].most + 3):
        assert visitor.submit("/forgot", email=alice.email).status_code == 200
    send_resets()
    assert len(posted_texts()) == before + LIMITS["mail"].most


def test_it_lets_a_person_in_again_who_was_made_to_wait(visitor: Visitor, alice: Account, signed_in: SignIn) -> None:
    for _ in range(LIMITS["login"].most):
        visitor.submit("/login", username="alice", password="something wrong")
    visitor.submit("/forgot", email=alice.email)
    visitor.submit(link_in_mail("reset"), password=NEW)
    assert signed_in(alice, NEW)


def test_it_writes_links_with_the_configured_address(visitor: Visitor, alice: Account) -> None:
    forged = "http://evil.example"
    token = csrf_token(visitor.client.get("/forgot", base_url=forged).text)
    visitor.client.post("/forgot", base_url=forged, data={"email": alice.email, "csrf_token": token})
    send_resets()
    assert "/reset/" in posted_texts()[-1]
    assert "evil.example" not in posted_texts()[-1]


@pytest.mark.parametrize("password", ["password", "12345678", "aaaaaaaa", "P4ssw0rd!", "qwertyuiop", "a" * 200])
def test_it_refuses_what_anyone_would_try_first(visitor: Visitor, password: str) -> None:
    answer = visitor.submit("/signup", username="carol", email="carol@example.org", password=password)
    assert answer.status_code == 400
    assert "among the first that anyone would try" in answer.text


@pytest.mark.parametrize("password", ["wab12xyzz", "wab12xyzz-1", "kim@q7k.example", "q7k.example"])
def test_it_refuses_ones_own_name_and_address(visitor: Visitor, password: str) -> None:
    answer = visitor.submit("/signup", username="wab12xyzz", email="kim@q7k.example", password=password)
    assert answer.status_code == 400
    assert "made of your name or address" in answer.text


def test_it_refuses_them_wherever_a_password_is_chosen(visitor: Visitor, alice: Account, signed_in: SignIn) -> None:
    here = signed_in(alice)
    visitor.submit("/forgot", email=alice.email)
    for password, words in (("iloveyou1", "first that anyone would try"), ("LiddellAlice", "name or address")):
        with pytest.raises(InvalidPassword, match=words):
            replace_password("alice", password)
        assert words in here.submit("/settings", to="/settings/password", current=PASSWORD, password=password).text
        assert words in visitor.submit(link_in_mail("reset"), password=password).text
    assert signed_in(alice)
