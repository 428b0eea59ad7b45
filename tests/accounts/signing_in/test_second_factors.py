"""An authenticator app and recovery codes: set up, asked for after the password, used once, removed and reset."""

import time
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select, update

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS
from framework.accounts.core.emails import NoAddress
from framework.accounts.core.ways_in.reading import has_second_factor
from framework.accounts.factors import totp
from framework.accounts.factors.administration import NoSecondFactor, reset_second_factor
from framework.accounts.factors.checking import read_ways
from framework.accounts.models import AuthenticatorApp, BrowserSession, RecoveryCode, User
from framework.accounts.signin.http_auth import TokenNeededInstead
from framework.accounts.signin.tokens import create_token
from framework.accounts.tasks import seal_anew
from framework.audit.reading import AuditQuery, read_entries
from framework.database.session import read_transaction, transaction
from tests.access.callers import basic
from tests.accounts.signing_in.steps import (
    SECURITY,
    App,
    add_passkey,
    app_form,
    confirm,
    new_authenticator,
    read_codes,
    set_up_app,
)
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

RFC_SECRET = b"12345678901234567890"


def next_code(app: App) -> str:
    """The code after the one that set the app up, which the server takes already."""
    return app.code(time.time() + totp.STEP_SECONDS)


def enter(visitor: Visitor, account: Account, code: str, **fields: str) -> object:
    """Sign in with the password and this code; where it leads, or the status where it leads nowhere."""
    assert visitor.submit("/login", username=account.name, password=PASSWORD, **fields).location == "/login/second"
    answer = visitor.submit("/login/second", code=code)
    return answer.location or answer.status_code


def kinds_of(account: Account) -> list[str]:
    return [entry.kind for entry in read_entries(AuditQuery(person_id=account.id)).entries]


@pytest.mark.parametrize(("moment", "code"), [(59, "287082"), (1111111109, "081804"), (20000000000, "353130")])
def test_the_codes_are_those_of_the_rfc(moment: int, code: str) -> None:
    assert totp.code_at(RFC_SECRET, moment // totp.STEP_SECONDS) == code.encode()


@on_each_deployment
def test_the_second_step_comes_after_the_password_and_leads_on(alice: Account, signed_in: SignIn, app: Flask) -> None:
    phone, codes = set_up_app(signed_in(alice), time.time())
    assert len(set(codes)) == 10
    visitor = Visitor(app)
    assert visitor.submit("/login", username="alice", password=PASSWORD, next="/new", remember="y").status_code == 302
    assert visitor.get("/new").status_code == 302, "nobody is signed in yet"
    assert visitor.client.get_cookie("remember_token") is None
    assert visitor.client.get_cookie("known_browser") is None
    assert visitor.submit("/login/second", code="000000").status_code == 400
    assert visitor.submit("/login/second", code=next_code(phone)).location == "/new"
    assert visitor.client.get_cookie("remember_token")
    assert visitor.get("/new").status_code == 200
    assert any("An authenticator app was added" in text for text in posted_texts())
    assert {"second_factor_on", "sign_in_failed", "sign_in"} <= set(kinds_of(alice))


@on_each_deployment
def test_a_code_and_a_recovery_code_work_once(alice: Account, signed_in: SignIn, app: Flask) -> None:
    phone, codes = set_up_app(signed_in(alice), time.time())
    code = next_code(phone)
    assert enter(Visitor(app), alice, code) == "/"
    assert enter(Visitor(app), alice, code) == 400
    assert enter(Visitor(app), alice, codes[3].upper().replace("-", " ")) == "/"
    assert enter(Visitor(app), alice, codes[3]) == 400
    assert read_ways(alice.id).recovery_codes == 9
    assert any("9 are left" in text for text in posted_texts())
    assert "recovery_code_used" in kinds_of(alice)


def test_a_code_of_before_the_last_one_is_refused() -> None:
    present = 50_000_000
    code = totp.code_at(RFC_SECRET, present).decode()
    at = present * totp.STEP_SECONDS
    assert totp.find_step(RFC_SECRET, code, after=0, at=at) == present
    assert totp.find_step(RFC_SECRET, code, after=present, at=at) is None
    beside = [totp.find_step(RFC_SECRET, code, after=0, at=at + late * totp.STEP_SECONDS) for late in (-2, -1, 1, 2)]
    assert beside == [None, present, present, None]


def test_neither_the_secret_nor_the_codes_are_kept_as_they_are(alice: Account, signed_in: SignIn) -> None:
    phone, codes = set_up_app(signed_in(alice), time.time())
    with read_transaction() as session:
        digests = session.scalars(select(RecoveryCode.digest)).all()
        kept = "".join([session.scalars(select(AuthenticatorApp.sealed)).one(), *digests])
    assert phone.secret.hex() not in kept
    assert not any(code in kept or code.replace("-", "") in kept for code in codes)


@pytest.mark.usefixtures("secret")
def test_the_password_alone_opens_nothing_to_programs(alice: Account, signed_in: SignIn, app: Flask) -> None:
    set_up_app(signed_in(alice), time.time())
    client, token = app.test_client(), create_token(alice.id, "laptop", ["admin"])
    for address in ("/alice/secret.git/info/refs?service=git-upload-pack", "/api/v1/tokens"):
        answer = client.get(address, headers={"Authorization": basic("alice", PASSWORD)})
        assert (answer.status_code, str(TokenNeededInstead()) in answer.text) == (403, True), address
        assert client.get(address, headers={"Authorization": basic("alice", "wrong")}).status_code == 401
    git = client.get(
        "/alice/secret.git/info/refs?service=git-upload-pack", headers={"Authorization": basic("x", token)}
    )
    assert git.status_code == 200


def test_a_new_password_by_mail_does_not_remove_it(alice: Account, signed_in: SignIn, app: Flask) -> None:
    _phone, codes = set_up_app(signed_in(alice), time.time())
    visitor = Visitor(app)
    visitor.submit("/forgot", email="alice@example.org")
    answer = visitor.submit(link_in_mail("reset"), password="another long summer")
    assert answer.location == "/login/second"
    assert "Your password is changed." in visitor.get("/login/second").text
    assert visitor.get("/new").status_code == 302
    assert visitor.submit("/login/second", code=codes[0]).location == "/"
    assert visitor.get("/new").status_code == 200


def test_codes_cannot_be_guessed_without_limit(alice: Account, signed_in: SignIn, app: Flask) -> None:
    owner = signed_in(alice)
    _phone, codes = set_up_app(owner, time.time())
    thief = Visitor(app)
    assert [enter(thief, alice, "000000") for _ in range(LIMITS["factor"].most)] == [400] * LIMITS["factor"].most
    assert enter(thief, alice, codes[0]) == 429
    owner.submit("/settings", to="/logout")
    assert enter(owner, alice, codes[0]) == "/", "the owner's own browser is not locked out"


def test_the_second_step_ends_with_the_password_it_began_with(alice: Account, signed_in: SignIn, app: Flask) -> None:
    _phone, codes = set_up_app(signed_in(alice), time.time())
    thief, owner = Visitor(app), Visitor(app)
    page = thief.get("/login").text
    thief.client.post("/login", data={"username": "alice", "password": PASSWORD, "csrf_token": csrf_token(page)})
    token = csrf_token(thief.get("/login/second").text)
    owner.submit("/forgot", email="alice@example.org")
    owner.submit(link_in_mail("reset"), password="another long summer")
    answer = thief.client.post("/login/second", data={"code": codes[0], "csrf_token": token})
    assert answer.location.startswith("/login")
    assert read_ways(alice.id).recovery_codes == 10


def test_a_wrong_first_code_turns_nothing_on(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    confirm(browser)
    page = browser.get(f"{SECURITY}/app").text
    answer = browser.client.post(f"{SECURITY}/app", data=app_form(page) | {"code": "000000"})
    assert answer.status_code == 400
    assert "This is not the code" in answer.text
    assert not read_ways(alice.id).second_factor


def test_nobody_sets_up_the_secret_of_somebody_else(alice: Account, bob: Account, signed_in: SignIn) -> None:
    thief, victim = signed_in(bob), signed_in(alice)
    confirm(thief)
    confirm(victim)
    page = thief.get(f"{SECURITY}/app").text
    planted = {"sealed": app_form(page)["sealed"], "csrf_token": csrf_token(victim.get(f"{SECURITY}/app").text)}
    assert victim.client.post(f"{SECURITY}/app", data=planted | {"code": "123456"}).status_code == 400
    assert not read_ways(alice.id).second_factor


@on_each_deployment
def test_new_codes_replace_those_of_before_and_go_with_the_app(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    _phone, codes = set_up_app(browser, time.time())
    fresh = read_codes(browser.submit(SECURITY, to=f"{SECURITY}/codes").text)
    assert len(fresh) == 10
    assert not set(fresh) & set(codes)
    assert browser.submit(SECURITY, to=f"{SECURITY}/app/remove").location == SECURITY
    ways = read_ways(alice.id)
    assert (ways.second_factor, ways.recovery_codes) == (False, 0)
    assert browser.submit(SECURITY, to=f"{SECURITY}/codes").status_code == 409
    assert {"second_factor_off", "recovery_codes_made"} <= set(kinds_of(alice))


def test_an_earlier_key_still_opens_what_it_has_sealed(
    alice: Account, signed_in: SignIn, app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    phone, _codes = set_up_app(signed_in(alice), time.time())
    before = config.current()
    newer = replace(before, secret_key="n" * 64, secret_key_fallbacks=(before.secret_key,))
    monkeypatch.setattr(config, "_current", newer)
    with transaction() as session:
        assert totp.use_code(session, session.get_one(User, alice.id), next_code(phone))
    assert seal_anew() == 1
    assert seal_anew() == 0
    monkeypatch.setattr(config, "_current", replace(newer, secret_key_fallbacks=()))
    with transaction() as session:
        session.execute(update(AuthenticatorApp).values(last_step=0))
        assert totp.use_code(session, session.get_one(User, alice.id), next_code(phone))


@on_each_deployment
def test_an_administrator_resets_it_and_everything_ends(alice: Account, ada: Account, signed_in: SignIn) -> None:
    browser, admin = signed_in(alice), signed_in(ada)
    set_up_app(browser, time.time())
    create_token(alice.id, "laptop", ["read"])
    page = "/admin/people/alice"
    assert admin.submit(page, to=f"{page}/second-factor", reason="").status_code == 400
    assert admin.submit(page, to=f"{page}/second-factor", reason="Lost at sea.").location == page
    assert not read_ways(alice.id).second_factor
    assert browser.get("/new").status_code == 302
    with read_transaction() as session:
        assert session.scalars(select(BrowserSession).where(BrowserSession.user_id == alice.id)).all() == []
    assert any("The reason: Lost at sea." in text for text in posted_texts())
    assert kinds_of(alice)[0] == "second_factor_reset"
    assert "Reset second factor" not in admin.get(page).text
    assert signed_in(alice)


def test_what_a_stranger_set_up_ends_when_the_address_is_confirmed_by_mail(app: Flask, signed_in: SignIn) -> None:
    account = new_account("claimed", confirmed=False)
    set_up_app(signed_in(account), time.time())
    visitor = Visitor(app)
    visitor.submit("/forgot", email="claimed@example.org")
    assert visitor.submit(link_in_mail("reset"), password="another long summer").location == "/"
    assert not read_ways(account.id).second_factor


def test_a_reset_needs_something_to_reset(alice: Account) -> None:
    with pytest.raises(NoSecondFactor, match="alice has no second factor"):
        reset_second_factor("alice", reason="")


def test_a_reset_leaves_whoever_has_no_password_a_way_back(alice: Account, signed_in: SignIn, app: Flask) -> None:
    add_passkey(signed_in(alice), new_authenticator())
    with transaction() as session:
        session.get_one(User, alice.id).password_hash = None
    reset_second_factor("alice", reason="Lost")
    link = link_in_mail("reset")
    assert "Set a password with the link" in " ".join(posted_texts())
    visitor = Visitor(app)
    assert visitor.submit(link, password="another long summer").location == "/"
    assert visitor.get("/new").status_code == 200


def test_a_reset_after_which_nobody_could_sign_in_is_refused(alice: Account, signed_in: SignIn) -> None:
    add_passkey(signed_in(alice), new_authenticator())
    with transaction() as session:
        user = session.get_one(User, alice.id)
        user.password_hash = user.pending_email = user.pending_email_key = user.email_verified_at = None
        user.email_key = "unconfirmed:1"
    with pytest.raises(NoAddress):
        reset_second_factor("alice", reason="Lost")
    with read_transaction() as session:
        assert has_second_factor(session, alice.id)
