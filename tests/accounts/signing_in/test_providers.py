"""Signing in at a real small provider, and what is refused of its answers."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.factors.checking import read_ways
from framework.accounts.identities.operations import list_identities
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.models import Identity, User
from framework.accounts.signin.reauthentication import HOLDS
from framework.audit.reading import AuditQuery, read_entries
from framework.config import Config
from framework.database.session import read_transaction
from framework.environment.providers import OIDC, Provider
from tests.accounts.signing_in.conftest import Provided, query_of
from tests.accounts.signing_in.provider import CLIENT, SECRET
from tests.accounts.signing_in.steps import SECURITY, add_passkey, confirm, new_authenticator
from tests.accounts.test_reauthentication import let_pass
from tests.cast import (
    PASSWORD,
    SignIn,
    Visitor,
    csrf_token,
    link_in_mail,
    new_account,
    on_each_deployment,
    posted_texts,
)

ANN = {"sub": "u-1", "name": "Ann Example", "email": "ann@uni.example", "preferred_username": "ann"}


def row_of(name: str) -> User | None:
    with read_transaction() as session:
        return session.scalar(select(User).where(User.name == name))


def is_in(visitor: Visitor) -> bool:
    return visitor.get("/settings").status_code == 200


def link(provided: Provided, visitor: Visitor, key: str = "oidc", **person: str) -> Any:
    """Link an account elsewhere, from the settings."""
    confirm(visitor)
    page = visitor.submit(SECURITY, to=f"{SECURITY}/identities/{key}/link").text
    there = page.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")
    return visitor.get(provided.allow(there, **person))


@on_each_deployment
def test_the_first_sign_in_makes_an_account_and_the_next_one_finds_it(provided: Provided, app: Flask) -> None:
    visitor = Visitor(app)
    assert provided.enter(visitor, query="?next=/new", **ANN).location == "/login/new"
    page = visitor.get("/login/new").text
    assert [one for one in ('value="ann"', 'value="Ann Example"', "ann@uni.example") if one not in page] == []
    told = {"username": "annie", "full_name": "Ann E.", "email": "another@example.org"}
    assert visitor.submit("/login/new", **told).location == "/new"
    user = row_of("annie")
    assert user
    assert (user.email, user.full_name, user.password_hash) == ("ann@uni.example", "Ann E.", None)
    assert user.email_verified_at is not None
    again = Visitor(app)
    assert provided.enter(again, **ANN).location == "/"
    assert is_in(again)
    kinds = [entry.kind for entry in read_entries(AuditQuery(person_id=user.id)).entries]
    assert {"account_created", "identity_linked", "sign_in"} <= set(kinds)


@pytest.mark.parametrize("verified", ["false", "TRUE", ""])
def test_an_address_that_is_not_vouched_for_waits_for_its_link(provided: Provided, app: Flask, verified: str) -> None:
    visitor = Visitor(app)
    person = ANN | {"email": "ann@example.org", "email_verified": verified}
    assert provided.enter(visitor, **person).location == "/login/new"
    assert visitor.submit("/login/new", username="ann", email="ann@example.org").status_code == 302
    user = row_of("ann")
    assert user
    assert (user.email_verified_at, user.pending_email) == (None, "ann@example.org")


def test_a_confirmed_address_is_never_taken_over(provided: Provided, alice: Account, app: Flask) -> None:
    visitor = Visitor(app)
    answer = provided.enter(visitor, **ANN | {"email": "Alice@example.org"})
    assert answer.status_code == 409
    assert "There is an account for Alice@example.org already" in answer.text
    assert not is_in(visitor)
    assert list_identities(alice.id) == []
    provided.enter(visitor, **ANN | {"email": "alice@example.org", "email_verified": "false"})
    visitor.submit("/login/new", username="thief", email="alice@example.org")
    thief = row_of("thief")
    assert thief
    assert thief.email_verified_at is None


@pytest.mark.parametrize(
    "wrong",
    ["nonce", "no nonce", "issuer", "audience", "audiences", "expired", "none", "secret", "key", "signature"],
)
def test_a_false_answer_lets_nobody_in(
    provided: Provided, alice: Account, signed_in: SignIn, app: Flask, wrong: str
) -> None:
    link(provided, signed_in(alice), **ANN)
    visitor = Visitor(app)
    assert provided.enter(visitor, wrong=wrong, **ANN).status_code == 400
    assert not is_in(visitor)
    assert provided.enter(visitor, **ANN).location == "/"


def test_a_code_works_once_and_in_the_browser_that_asked(
    provided: Provided, alice: Account, signed_in: SignIn, app: Flask
) -> None:
    link(provided, signed_in(alice), **ANN)
    visitor, victim = Visitor(app), Visitor(app)
    back = provided.allow(visitor.get("/login/with/oidc").location, **ANN)
    assert victim.get(back).status_code == 400, "nothing was begun there"
    own = query_of(victim.get("/login/with/oidc").location)["state"]
    assert victim.get(back).status_code == 400, "another state"
    victim.get("/login/with/oidc")
    swapped = f"/login/callback/oidc?{urlencode({**query_of(back), 'state': own})}"
    assert victim.get(swapped).status_code == 400, "its state, and a code for another verifier"
    cookie = visitor.client.get_cookie("session")
    assert cookie
    assert visitor.get(back).location == "/"
    replaying = Visitor(app)
    replaying.client.set_cookie("session", cookie.value)
    assert replaying.get(back).status_code == 400, "redeemed before"
    assert not is_in(replaying)
    assert not is_in(victim)


def test_an_answer_of_one_provider_is_none_of_another(provided: Provided, app: Flask) -> None:
    visitor = Visitor(app)
    back = provided.allow(visitor.get("/login/with/oidc").location, **ANN)
    assert visitor.get(back.replace("/oidc", "/orcid")).status_code == 400
    there = visitor.get("/login/with/oidc").location
    assert visitor.get(f"{provided.allow(there, **ANN)}&iss=https://evil.example").status_code == 400


def test_who_does_not_allow_it_is_told(provided: Provided, app: Flask) -> None:
    visitor = Visitor(app)
    state = query_of(visitor.get("/login/with/oidc").location)["state"]
    answer = visitor.get(f"/login/callback/oidc?error=access_denied&state={state}")
    assert answer.status_code == 400
    assert "You were not signed in at Example University." in answer.text


def test_a_provider_that_is_another_or_away_is_told(
    with_settings: Callable[..., Config], provided: Provided, app: Flask
) -> None:
    for address in ("http://localhost:9", provided.url.replace("localhost", "127.0.0.1") + "/"):
        with_settings(providers=(Provider("oidc", "University", OIDC, address, CLIENT, SECRET),))
        assert Visitor(app).get("/login/with/oidc").status_code == 503
    assert Visitor(app).get("/login/with/nobody").status_code == 404


def test_what_the_token_leaves_out_is_asked_for(provided: Provided, app: Flask) -> None:
    visitor = Visitor(app)
    provided.enter(visitor, wrong="userinfo", **ANN)
    assert "ann@uni.example" in visitor.get("/login/new").text


def test_github_tells_by_its_api(provided: Provided, app: Flask) -> None:
    visitor = Visitor(app)
    person = {"sub": "4711", "email": "ann@uni.example", "preferred_username": "ann"}
    assert provided.enter(visitor, "github", **person).location == "/login/new"
    visitor.submit("/login/new", username="ann")
    again = Visitor(app)
    assert provided.enter(again, "github", **person | {"email": "new@uni.example"}).location == "/"
    assert is_in(again)
    unverified = Visitor(app)
    provided.enter(unverified, "github", **person | {"sub": "4712", "email_verified": "false"})
    assert "We send a link there" in unverified.get("/login/new").text


def test_it_does_not_replace_the_second_factor(
    provided: Provided, alice: Account, signed_in: SignIn, app: Flask
) -> None:
    browser = signed_in(alice)
    link(provided, browser, **ANN)
    add_passkey(browser, new_authenticator())
    visitor = Visitor(app)
    assert provided.enter(visitor, query="?next=/new", **ANN).location == "/login/second"
    assert not is_in(visitor)


def test_a_suspended_account_stays_closed(provided: Provided, alice: Account, signed_in: SignIn, app: Flask) -> None:
    link(provided, signed_in(alice), **ANN)
    suspend("alice")
    visitor = Visitor(app)
    assert provided.enter(visitor, **ANN).status_code == 403
    assert not is_in(visitor)


@on_each_deployment
def test_linking_and_unlinking(provided: Provided, alice: Account, bob: Account, signed_in: SignIn, app: Flask) -> None:
    browser, other = signed_in(alice), signed_in(bob)
    assert link(provided, browser, **ANN).location == SECURITY
    assert link(provided, other, **ANN).status_code == 409
    [mine] = list_identities(alice.id)
    assert mine.name == "ann@uni.example"
    assert other.submit(SECURITY, to=f"{SECURITY}/identities/{mine.id}/remove").status_code == 404
    assert browser.submit(SECURITY, to=f"{SECURITY}/password/remove").location == SECURITY
    refused = browser.submit(SECURITY, to=f"{SECURITY}/identities/{mine.id}/remove")
    assert (refused.status_code, "only way to sign in" in refused.text) == (409, True)
    assert browser.submit(SECURITY, to=f"{SECURITY}/password", password="another long summer").location == SECURITY
    assert browser.submit(SECURITY, to=f"{SECURITY}/identities/{mine.id}/remove").location == SECURITY
    assert list_identities(alice.id) == []
    assert signed_in(alice, "another long summer")
    assert any("no longer opens your account" in text for text in posted_texts())


def test_linking_ends_with_the_account_that_began_it(
    provided: Provided, alice: Account, bob: Account, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    confirm(browser)
    page = browser.submit(SECURITY, to=f"{SECURITY}/identities/oidc/link").text
    there = page.partition('content="0; url=')[2].partition('"')[0].replace("&amp;", "&")
    with browser.client.session_transaction() as session:
        kept = session["provider_attempt"]
    other = signed_in(bob)
    with other.client.session_transaction() as session:
        session["provider_attempt"] = kept
    assert other.get(provided.allow(there, **ANN)).status_code == 400
    assert list_identities(bob.id) == []


def test_the_last_way_in_is_kept(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    confirm(browser)
    assert browser.submit(SECURITY, to=f"{SECURITY}/password/remove").status_code == 409
    assert read_ways(alice.id).password


@pytest.mark.parametrize(("wrong", "fresh"), [("", True), ("old", False)])
def test_a_fresh_sign_in_there_stands_in_for_the_password(
    provided: Provided, alice: Account, signed_in: SignIn, wrong: str, fresh: bool
) -> None:
    browser = signed_in(alice)
    link(provided, browser, **ANN)
    let_pass(HOLDS)
    asked = browser.submit(SECURITY, to=f"{SECURITY}/password/remove")
    assert 'href="/login/again/oidc" target="_blank"' in asked.text
    there = browser.get("/login/again/oidc").location
    assert query_of(there)["prompt"] == "login"
    assert browser.get(provided.allow(there, wrong=wrong, **ANN)).status_code == (200 if fresh else 400)
    answer = browser.client.post(f"{SECURITY}/password/remove", data={"csrf_token": csrf_token(asked.text)})
    assert answer.status_code == (302 if fresh else 403)


def test_another_person_there_does_not(provided: Provided, alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    link(provided, browser, **ANN)
    let_pass(HOLDS)
    there = browser.get("/login/again/oidc").location
    assert browser.get(provided.allow(there, **ANN | {"sub": "u-2"})).status_code == 400
    assert browser.submit(SECURITY, to=f"{SECURITY}/password/remove").status_code == 403


@pytest.mark.parametrize(
    ("signup", "status"),
    [
        ({"signup": "closed"}, 403),
        ({"signup_domains": ("lab.example",)}, 403),
        ({"signup_domains": ("uni.example",)}, 302),
    ],
)
def test_new_accounts_are_made_as_the_settings_allow(
    provided: Provided, with_settings: Callable[..., Config], app: Flask, signup: dict[str, object], status: int
) -> None:
    provider = Provider("oidc", "University", OIDC, provided.url, CLIENT, SECRET)
    with_settings(**{"signup": "domains", "providers": (provider,), **signup})
    assert provided.enter(Visitor(app), **ANN).status_code == status


def test_a_stranger_who_began_an_account_does_not_keep_it(provided: Provided, app: Flask) -> None:
    thief = Visitor(app)
    provided.enter(thief, **ANN | {"email": "", "sub": "thief"})
    thief.submit("/login/new", username="thief", email="victim@example.org")
    victim = Visitor(app)
    victim.submit("/forgot", email="victim@example.org")
    assert victim.submit(link_in_mail("reset"), password="another long summer").location == "/"
    with read_transaction() as session:
        assert session.scalars(select(Identity)).all() == []
    assert provided.enter(Visitor(app), **ANN | {"email": "", "sub": "thief"}).location == "/login/new"


def test_nobody_chooses_a_name_without_having_signed_in(app: Flask) -> None:
    new_account("taken")
    visitor = Visitor(app)
    assert visitor.get("/login/new").location.startswith("/login")
    token = csrf_token(visitor.get("/login").text)
    answer = visitor.client.post("/login/new", data={"username": "x", "csrf_token": token, "password": PASSWORD})
    assert answer.location == "/login"
    assert row_of("x") is None
