"""An account's other address: it counts once it is confirmed, and the old one can undo it for seven days."""

from datetime import timedelta

import pytest
from flask import Flask
from itsdangerous import TimestampSigner
from sqlalchemy import func, select, update

from framework.accounts.core import signed_links
from framework.accounts.core.account import Account
from framework.accounts.factors.checking import read_ways
from framework.accounts.lifecycle import confirmation
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.lifecycle.operations import WrongLogin, authenticate
from framework.accounts.models import AddressChange, Passkey
from framework.accounts.signin.tokens import create_token
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.accounts.addresses import NEW, change_address, mails, may_read, row_of
from tests.accounts.signing_in.steps import add_passkey, new_authenticator
from tests.cast import PASSWORD, SignIn, Visitor, csrf_token, link_in_mail


def test_a_new_address_counts_when_it_is_confirmed(alice: Account, visitor: Visitor, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    change_address(browser, "new@example.org")
    told = "\n".join(mails())
    assert "Confirm your e-mail address" in told
    assert "about to change" in told
    assert row_of(alice).email == "alice@example.org"
    assert "will be your address once" in browser.get("/settings").text
    browser.get(link_in_mail("verify"))
    assert row_of(alice).email == "new@example.org"
    assert "Your e-mail address was changed" in mails()[-1]


def test_an_address_can_be_written_in_another_case(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    change_address(browser, "Alice@example.org")
    browser.get(link_in_mail("verify"))
    assert row_of(alice).email == "Alice@example.org"


def test_a_change_of_address_can_be_cancelled(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    change_address(browser, "new@example.org")
    link = link_in_mail("verify")
    assert browser.submit("/settings", to="/settings/address/keep").status_code == 302
    assert browser.get(link).status_code == 400
    assert row_of(alice).email == "alice@example.org"


def test_the_old_address_can_undo_a_change(alice: Account, visitor: Visitor, app: Flask, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    change_address(browser, "evil@example.org")
    browser.get(link_in_mail("verify"))
    undo = link_in_mail("undo")
    change_address(browser, "worse@example.org")
    browser.get(link_in_mail("verify"))
    token = create_token(alice.id, "t", ["write"])
    assert visitor.get(undo).status_code == 200
    answer = visitor.submit(undo)
    assert row_of(alice).email == "alice@example.org"
    assert browser.get("/settings").status_code == 302
    assert not may_read(app, token)
    with pytest.raises(WrongLogin):
        authenticate("alice", PASSWORD, address="192.0.2.1")
    assert visitor.submit(answer.location, password=NEW).status_code == 302
    assert signed_in(alice, NEW)
    assert visitor.get(undo).status_code == 400
    with read_transaction() as session:
        assert session.scalar(select(func.count(AddressChange.id))) == 0


@pytest.mark.parametrize(("age", "left"), [(timedelta(days=1), 0), (confirmation.UNDONE_FOR + timedelta(days=1), 1)])
def test_undoing_ends_the_passkeys_that_a_thief_may_have_added(
    alice: Account, visitor: Visitor, signed_in: SignIn, age: timedelta, left: int
) -> None:
    browser = signed_in(alice)
    add_passkey(browser, new_authenticator())
    with transaction() as session:
        session.execute(update(Passkey).values(created_at=now() - age))
    change_address(browser, "new@example.org")
    browser.get(link_in_mail("verify"))
    assert "/reset/" in visitor.submit(link_in_mail("undo")).location
    assert read_ways(alice.id).passkeys == left


def test_who_had_an_address_in_between_cannot_have_it_back(alice: Account, visitor: Visitor, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    for email in ("evil@example.org", "worse@example.org"):
        change_address(browser, email)
        browser.get(link_in_mail("verify"))
    evil = link_in_mail("undo")
    change_address(browser, "Alice@example.org")
    browser.get(link_in_mail("verify"))
    assert row_of(alice).email == "Alice@example.org"
    assert link_in_mail("undo") == evil, "no link goes to worse@example.org"
    assert visitor.get(evil).status_code == 400
    with read_transaction() as session:
        assert session.scalar(select(func.count(AddressChange.id))) == 0


def test_the_address_of_a_suspended_account_stays(alice: Account, visitor: Visitor, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    change_address(browser, "new@example.org")
    browser.get(link_in_mail("verify"))
    undo = link_in_mail("undo")
    page = visitor.get(undo)
    suspend("alice", force=True)
    assert visitor.client.post(undo, data={"csrf_token": csrf_token(page.text)}).status_code == 403
    assert row_of(alice).email == "new@example.org"


def test_a_change_can_be_undone_for_seven_days(
    alice: Account, visitor: Visitor, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(alice)
    change_address(browser, "new@example.org")
    browser.get(link_in_mail("verify"))
    seconds = TimestampSigner("any").get_timestamp() + signed_links.UNDO_DAYS * 86_400
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda _signer: seconds + 1)
    assert visitor.get(link_in_mail("undo")).status_code == 400


def test_it_forgets_changes_that_cannot_be_undone(alice: Account) -> None:
    with transaction() as session:
        for days in (signed_links.UNDO_DAYS + 1, signed_links.UNDO_DAYS - 1):
            moment = now() - timedelta(days=days)
            session.add(AddressChange(user_id=alice.id, email=f"a{days}@example.org", changed_at=moment))
    assert confirmation.forget_changes() == 1
