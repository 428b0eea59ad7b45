"""What strangers and members may do only so often, and who may sign up."""

from collections.abc import Callable

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS, BudgetSpent, fingerprint
from framework.accounts.lifecycle.operations import create_user, find_user
from framework.accounts.models import Budget
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.transfers import offer_project
from framework.projects.members.people import add_person
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail, posted_texts


def sign_up(visitor: Visitor, name: str, domain: str = "example.org") -> TestResponse:
    """Ask for an account of this name."""
    return visitor.submit("/signup", username=name, email=f"{name}@{domain}", password=PASSWORD)


def count(key: str, spent: int) -> None:
    """Have so much been counted for this key."""
    with transaction() as session:
        session.merge(Budget(key=key, spent=spent, window_started_at=now()))


def find(name: str) -> int:
    """The number of the account of this name."""
    with read_transaction() as session:
        user = find_user(session, name)
    assert user
    return user.id


def refused(answer: TestResponse, words: str) -> bool:
    """Whether the page refuses with these words, and says when to try again."""
    assert answer.status_code == 429, answer.text
    assert int(answer.headers["Retry-After"]) > 0
    return words in answer.text


def test_a_network_makes_no_more_than_so_many_accounts_at_once(app: Flask, visitor: Visitor) -> None:
    for number in range(LIMITS["signup"].most):
        assert sign_up(Visitor(app), f"person{number}").status_code == 302
    before = len(posted_texts())
    assert refused(sign_up(visitor, "onemore"), "Too many new accounts from your network. Try again in 1 minute.")
    assert len(posted_texts()) == before
    visitor.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    assert sign_up(visitor, "elsewhere").status_code == 302


def test_a_network_asks_for_no_more_than_so_many_links(visitor: Visitor) -> None:
    count("forgot:127.0.0.1", LIMITS["forgot"].most)
    assert refused(visitor.submit("/forgot", email="alice@example.org"), "Too many requests for a new password.")


def test_an_address_is_changed_no_more_than_so_often(alice: Account, signed_in: SignIn) -> None:
    here = signed_in(alice)
    fields = {"username": "alice", "full_name": "", "current_password": PASSWORD}
    codes = [
        here.submit("/settings", email=f"victim{number}@target.example", **fields).status_code
        for number in range(LIMITS["address"].most + 1)
    ]
    assert codes == [302] * LIMITS["address"].most + [429]


@pytest.mark.parametrize("address", ["alice@example.org", "nobody@example.org"])
def test_a_mailbox_hears_of_no_more_than_so_many_sign_ups(alice: Account, app: Flask, address: str) -> None:
    before = len(posted_texts())
    for number in range(LIMITS["claim"].most + 3):
        answer = Visitor(app).submit("/signup", username=f"p{number}", email=address.title(), password=PASSWORD)
        assert answer.status_code == 302
    assert len(posted_texts()) - before == LIMITS["claim"].most


def test_a_mailbox_hears_little_of_accounts_that_only_claim_it(app: Flask) -> None:
    before = len(posted_texts())
    for number in range(3):
        thief = create_user(name=f"thief{number}", email="prof@university.example", password=PASSWORD)
        for _ in range(LIMITS["mail"].most):
            create_token(thief.id, "t", ["read"])
    assert len(posted_texts()) - before == LIMITS["claim"].most


@pytest.mark.parametrize("key", ["invites-unconfirmed", "invited-unconfirmed"])
def test_who_has_confirmed_no_address_invites_few(
    visitor: Visitor, key: str, with_settings: Callable[..., Config]
) -> None:
    with_settings(smtp_url="smtp://mail.example")
    sign_up(visitor, "dora")
    visitor.submit("/new", name="spam", description="", visibility="private")
    page = "/dora/spam/settings/people"
    whose = str(find("dora")) if key == "invites-unconfirmed" else fingerprint("a@target.example")
    count(f"{key}:{whose}", LIMITS[key].most)
    assert refused(visitor.submit(page, person="a@target.example", role="reader"), "has not confirmed its e-mail")
    visitor.get(link_in_mail("verify"))
    assert visitor.submit(page, person="a@target.example", role="reader").status_code == 302


def test_one_person_is_invited_to_a_project_no_more_than_so_often(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    here, page = signed_in(alice), "/alice/secret/settings/people"
    for _ in range(LIMITS["invite"].most):
        assert here.submit(page, person="bob", role="reader").status_code == 302
        assert here.submit(page, to=f"/alice/secret/share/people/{bob.id}/remove").status_code == 302
    assert refused(here.submit(page, person="bob", role="reader"), "Too many invitations to the same person.")
    assert here.submit(page, person="charlie", role="reader").status_code == 302


def test_one_person_is_invited_by_one_account_no_more_than_so_often(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    count(f"invite-person:{alice.id}:{fingerprint('bob')}", LIMITS["invite-person"].most - 1)
    offer_project(alice, secret, to="Bob")
    with pytest.raises(BudgetSpent, match="Too many invitations to the same person"):
        offer_project(alice, website, to="bob")
    with pytest.raises(BudgetSpent):
        add_person(alice, website, person="bob", role="reader")
    add_person(alice, website, person="charlie", role="reader")


def test_the_present_password_is_guessed_no_more_than_so_often(alice: Account, signed_in: SignIn) -> None:
    here = signed_in(alice)
    new = {"password": "another good password"}
    for _ in range(LIMITS["password"].most):
        assert here.submit("/settings", to="/settings/password", current="wrong one", **new).status_code == 400
    answer = here.submit("/settings", to="/settings/password", current=PASSWORD, **new)
    assert refused(answer, "Too many attempts with a wrong password.")


def test_nobody_signs_up_where_it_is_closed(visitor: Visitor, with_settings: Callable[..., Config]) -> None:
    assert 'name="password"' in visitor.get("/signup").text
    with_settings(signup="closed")
    page = visitor.get("/signup")
    assert "Nobody can sign up here." in page.text
    assert 'name="password"' not in page.text
    assert 'href="/signup"' not in visitor.get("/explore").text
    fields = {"username": "alice", "email": "alice@example.org", "password": PASSWORD}
    assert visitor.submit("/login", to="/signup", **fields).status_code == 403


@pytest.mark.parametrize(
    ("domain", "status"),
    [("uni.example", 302), ("CS.Uni.example", 302), ("lab.example", 302), ("notuni.example", 403), ("example", 403)],
)
def test_only_certain_domains_sign_up(
    visitor: Visitor, with_settings: Callable[..., Config], domain: str, status: int
) -> None:
    with_settings(signup="domains", signup_domains=("uni.example", "lab.example"))
    answer = sign_up(visitor, "dora", domain)
    assert answer.status_code == status
    if status == 403:
        assert "Sign up with an address of uni.example or lab.example." in answer.text
        return
    answer = visitor.submit("/new", name="thesis", description="", visibility="private")
    assert answer.status_code == 403, "until the address is confirmed"
    assert "Confirm your e-mail address first" in answer.text


def test_whoever_is_invited_signs_up(
    visitor: Visitor, alice: Account, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(signup="invited")
    answer = sign_up(visitor, "dora")
    assert answer.status_code == 403
    assert "Nobody has invited this address." in answer.text
    stranger = Visitor(visitor.client.application)
    stranger.client.environ_base["REMOTE_ADDR"] = "192.0.2.9"
    for number in range(LIMITS["signup"].most):
        assert sign_up(stranger, f"guess{number}").status_code == 403
    assert refused(sign_up(stranger, "onemore"), "Too many new accounts from your network.")
    add_person(alice, secret, person="dora@example.org", role="reader")
    assert sign_up(visitor, "dora").status_code == 302
