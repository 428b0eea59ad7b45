"""Which address counts: whoever confirms one has it."""

import re
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from flask import Flask
from sqlalchemy import func, select

from framework.accounts.core import signed_links
from framework.accounts.core.account import Account
from framework.accounts.core.addresses import NOWHERE, EmailTaken
from framework.accounts.lifecycle import confirmation
from framework.accounts.lifecycle.operations import WrongLogin, authenticate, create_user, find_user
from framework.accounts.lifecycle.recovery import recover_account
from framework.accounts.models import User
from framework.accounts.signin.tokens import create_token
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.members.people import add_person
from tests.accounts.addresses import NEW, change_address, mails, may_read, row_of
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail, on_each_deployment, send_resets

PROF = "prof@university.example"


def sign_up(name: str, email: str = PROF) -> Account:
    """Somebody who has confirmed nothing."""
    return create_user(name=name, email=email, password=PASSWORD)


def test_it_confirms_the_address_of_who_is_signed_in(visitor: Visitor) -> None:
    visitor.submit("/signup", username="anna", email=PROF, password=PASSWORD)
    assert "not confirmed yet" in visitor.get("/settings").text
    assert visitor.get(link_in_mail("verify")).status_code == 302
    assert f"{PROF} is confirmed" in visitor.get("/").text
    assert "not confirmed yet" not in visitor.get("/settings").text
    assert visitor.get(link_in_mail("verify")).status_code == 302  # doing so twice is fine


def test_it_asks_who_is_not_signed_in_for_the_password(visitor: Visitor, app: Flask) -> None:
    anna = sign_up("anna")
    link = link_in_mail("verify")
    assert visitor.get(link).status_code == 200  # as the scanner of a mail server opens it
    assert visitor.submit(link, password="not hers at all").status_code == 400
    assert row_of(anna).email_verified_at is None
    assert visitor.submit(link, password=PASSWORD).status_code == 302
    assert row_of(anna).email_verified_at is not None
    assert "anna" in visitor.get("/settings").text


def test_it_lets_nobody_in_by_an_address_that_is_not_confirmed(app: Flask) -> None:
    anna = sign_up("anna")
    with pytest.raises(WrongLogin):
        authenticate(PROF, PASSWORD, address="192.0.2.1")
    assert authenticate("anna", PASSWORD, address="192.0.2.1").id == anna.id
    confirmation.confirm_address(link_in_mail("verify").removeprefix("/verify/"))
    assert authenticate(PROF.upper(), PASSWORD, address="192.0.2.1").id == anna.id


@pytest.mark.parametrize("typed", ["anna@bücher.example", "Anna@BÜCHER.example", "anna@xn--bcher-kva.example"])
def test_an_address_is_found_however_its_domain_is_written(
    visitor: Visitor, alice: Account, secret: ProjectAccess, typed: str
) -> None:
    anna = create_user(name="anna", email="anna@bücher.example", password=PASSWORD, confirmed=True)
    assert authenticate(typed, PASSWORD, address="192.0.2.1").id == anna.id
    visitor.submit("/forgot", email=typed)
    assert link_in_mail("reset")
    assert not add_person(alice, secret, person=typed, role="reader").pending


def test_a_sign_up_does_not_tell_whose_an_address_is(visitor: Visitor, alice: Account) -> None:
    answer = visitor.submit("/signup", username="anna", email="Alice@Example.org", password=PASSWORD)
    assert answer.status_code == 302
    mail = mails()[-1]
    assert "You already have an account" in mail
    assert "/verify/" not in mail
    with read_transaction() as session:
        found = find_user(session, "alice@example.org")
    assert found
    assert found.id == alice.id


def test_whoever_confirms_an_address_has_it(visitor: Visitor, app: Flask) -> None:
    thief, owner = sign_up("thief"), sign_up("prof")
    confirmation.confirm_address(link_in_mail("verify").removeprefix("/verify/"))
    with read_transaction() as session:
        found = find_user(session, PROF)
    assert found
    assert found.id == owner.id
    assert row_of(thief).email.endswith(NOWHERE)
    first = re.findall(r"/verify/[\w.-]+", "".join(mails()))[0]
    assert visitor.get(first).status_code == 400


def test_an_account_without_an_address_can_have_another_one(app: Flask, signed_in: SignIn) -> None:
    thief, _owner = sign_up("thief"), sign_up("prof")
    confirmation.confirm_address(link_in_mail("verify").removeprefix("/verify/"))
    browser = signed_in(thief)
    page = browser.get("/settings").text
    assert "Somebody else has confirmed" in page
    assert NOWHERE not in page
    with pytest.raises(confirmation.NothingToConfirm):
        confirmation.send_link_again(thief.id)


@on_each_deployment
def test_two_who_confirm_at_once_do_not_share_an_address(app: Flask) -> None:
    links_sent = [sign_up(name) and link_in_mail("verify").removeprefix("/verify/") for name in ("anna", "berta")]
    together = Barrier(2)

    def confirm(link: str) -> bool:
        together.wait()
        try:
            return bool(confirmation.confirm_address(link))
        except (EmailTaken, signed_links.LinkExpired):
            return False

    with ThreadPoolExecutor(2) as people:
        assert sorted(people.map(confirm, links_sent)) == [False, True]
    with read_transaction() as session:
        assert session.scalar(select(func.count()).where(User.email_verified_at.is_not(None))) == 1


def test_a_first_confirmation_ends_what_was_there(app: Flask, signed_in: SignIn) -> None:
    anna = sign_up("anna")
    here, elsewhere, token = signed_in(anna), signed_in(anna), create_token(anna.id, "t", ["read"])
    here.get(link_in_mail("verify"))
    assert here.get("/settings").status_code == 200
    assert elsewhere.get("/settings").status_code == 302
    assert not may_read(app, token)


def test_a_reset_takes_an_account_from_who_made_it(visitor: Visitor, app: Flask, signed_in: SignIn) -> None:
    thief = sign_up("thief")
    browser, token = signed_in(thief), create_token(thief.id, "t", ["write"])
    visitor.submit("/forgot", email=PROF)
    send_resets()
    assert visitor.submit(link_in_mail("reset"), password=NEW).status_code == 302
    assert row_of(thief).email_verified_at is not None
    assert browser.get("/settings").status_code == 302
    assert not may_read(app, token)


def test_a_link_for_a_password_goes_to_all_who_claim_an_address(visitor: Visitor, app: Flask) -> None:
    for name in ("anna", "berta"):
        sign_up(name)
    before = len(mails())
    visitor.submit("/forgot", email=PROF)
    send_resets()
    assert ["anna" in text for text in mails()[before:]] == [True, False]
    visitor.submit(link_in_mail("reset"), password=NEW)
    visitor.submit("/forgot", email=PROF)
    send_resets()
    assert len(mails()[before:]) == 4  # a confirmed address has one account; the other mail tells of the new password


def test_no_link_for_a_password_is_asked_for_by_an_address_that_only_waits(
    alice: Account, visitor: Visitor, signed_in: SignIn
) -> None:
    change_address(signed_in(alice), PROF)
    before = len(mails())
    visitor.submit("/forgot", email=PROF)
    send_resets()
    assert len(mails()) == before


def test_a_link_confirms_the_address_alone_that_it_was_sent_to(app: Flask, signed_in: SignIn) -> None:
    anna = sign_up("anna", "anna@own.example")
    browser, link = signed_in(anna), link_in_mail("verify")
    assert browser.get(link).status_code == 302
    fields = {"username": "anna", "full_name": "", "current_password": PASSWORD}
    assert browser.submit("/settings", email=PROF, **fields).status_code == 302
    assert browser.get(link).status_code == 302  # it did its work before, and has none left
    assert row_of(anna).email == "anna@own.example"
    assert row_of(anna).pending_email == PROF
    with read_transaction() as session:
        assert find_user(session, PROF) is None


def test_it_sends_the_link_again_but_not_without_limit(app: Flask, signed_in: SignIn) -> None:
    browser = signed_in(sign_up("anna"))
    before = len(mails())
    for _ in range(20):
        browser.submit("/settings", to="/settings/address/confirm")
    assert 1 <= len(mails()) - before < 10
    assert "several times" in browser.get("/settings").text.partition("message-warning")[2]


def test_a_rebuild_gives_nothing_to_who_claims_an_address(app: Flask) -> None:
    thief = sign_up("thief")
    with transaction() as session:
        recovered = recover_account(session, name="prof", email=PROF)
        again = recover_account(session, name="professor", email=PROF)
        known = recover_account(session, name="thief", email=PROF)
    assert recovered == again != thief.id
    assert known in {recovered, thief.id}


def test_an_account_of_an_earlier_release_claims_its_address(app: Flask, visitor: Visitor) -> None:
    old = sign_up("old")
    with transaction() as session:
        user = session.get_one(User, old.id)
        user.email_key, user.pending_email, user.pending_email_key = PROF, None, None
    with read_transaction() as session:
        assert find_user(session, PROF) is None
    owner = sign_up("prof")
    confirmation.confirm_address(link_in_mail("verify").removeprefix("/verify/"))
    assert row_of(owner).email_key == PROF
    assert row_of(old).email.endswith(NOWHERE)
