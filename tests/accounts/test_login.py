"""Signing in and out, and what happens to who tries too often."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from framework.accounts import throttle
from framework.accounts.account import Account
from framework.accounts.models import LoginFailure, User
from framework.accounts.operations import WrongLogin, authenticate
from framework.accounts.throttle import LIMITS, WINDOW, TooManyAttempts, address_key
from framework.database.session import transaction
from framework.database.types import now
from tests.cast import PASSWORD, SignIn, Visitor, on_one_deployment

WRONG = "The name or the password is wrong"
HERE = "192.0.2.1"


@pytest.mark.parametrize("login", ["alice", "ALICE", "alice@example.org", " Alice@Example.org "])
def test_it_signs_in_by_name_or_address(visitor: Visitor, alice: Account, login: str) -> None:
    assert visitor.submit("/login", username=login, password=PASSWORD).location == "/"
    assert "Dashboard" in visitor.get("/").text


@pytest.mark.parametrize("login", ["alice", "nobody", "nobody@example.org", "\x00", "x" * 300, "\U0001f41b"])
def test_it_does_not_tell_whether_the_account_exists(visitor: Visitor, alice: Account, login: str) -> None:
    answer = visitor.submit("/login", username=login, password="something wrong")
    assert answer.status_code == 400
    assert WRONG in answer.text
    assert "something wrong" not in answer.text


@on_one_deployment
def test_it_asks_for_both_fields(visitor: Visitor) -> None:
    answer = visitor.submit("/login", username="", password="")
    assert answer.status_code == 400
    assert "Enter your user name." in answer.text
    assert "Enter your password." in answer.text


def test_it_lets_nobody_in_to_an_account_without_a_password(alice: Account) -> None:
    with transaction() as session:
        session.get_one(User, alice.id).password_hash = None
    with pytest.raises(WrongLogin):
        authenticate("alice", "", address=HERE)


def test_it_leads_back_to_the_page_that_asked(visitor: Visitor, alice: Account) -> None:
    asked = visitor.get("/settings")
    assert asked.status_code == 302
    assert asked.location == "/login?next=/settings"
    form = visitor.get(asked.location).text
    assert 'name="next" type="hidden" value="/settings"' in form
    assert visitor.submit("/login", username="alice", password=PASSWORD, next="/settings").location == "/settings"


@on_one_deployment
def test_it_leads_nowhere_else(visitor: Visitor, alice: Account) -> None:
    answer = visitor.submit("/login", username="alice", password=PASSWORD, next="//evil.example")
    assert answer.location == "/"


@on_one_deployment
def test_it_tells_a_program_to_sign_in(visitor: Visitor) -> None:
    answer = visitor.get("/settings", Accept="application/json")
    assert answer.status_code == 401
    assert "WWW-Authenticate" in answer.headers


def test_it_signs_out(alice: Account, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    answer = visitor.submit("/", to="/logout")
    assert (answer.location, answer.headers["Clear-Site-Data"]) == ("/", '"cache"')
    assert visitor.get("/settings").status_code == 302


@pytest.mark.parametrize(("fields", "status"), [({}, 302), ({"remember": "y"}, 200)])
def test_it_remembers_only_who_asks(visitor: Visitor, alice: Account, fields: dict[str, str], status: int) -> None:
    visitor.submit("/login", username="alice", password=PASSWORD, **fields)
    visitor.client.delete_cookie("session")
    assert visitor.get("/settings").status_code == status


def test_it_forgets_the_device_at_signing_out(visitor: Visitor, alice: Account) -> None:
    visitor.submit("/login", username="alice", password=PASSWORD, remember="y")
    visitor.submit("/settings", to="/logout")
    assert visitor.client.get_cookie("remember_token") is None
    assert visitor.get("/settings").status_code == 302


@on_one_deployment
def test_it_starts_a_new_session_at_login(visitor: Visitor, alice: Account) -> None:
    with visitor.client.session_transaction() as session:
        session["planted"] = "by somebody else"
    visitor.log_in(alice)
    with visitor.client.session_transaction() as session:
        assert "planted" not in session


def test_it_makes_an_account_wait_after_too_many_failures(visitor: Visitor, alice: Account, bob: Account) -> None:
    for _ in range(LIMITS["account"]):
        visitor.submit("/login", username="alice", password="something wrong")
    answer = visitor.submit("/login", username="alice@example.org", password=PASSWORD)
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    assert visitor.submit("/login", username="bob", password=PASSWORD).status_code == 302


@pytest.mark.parametrize("login", ["alice", "nobody"])
def test_it_counts_failures_of_people_who_do_not_exist_too(alice: Account, login: str) -> None:
    for _ in range(LIMITS["account"]):
        with pytest.raises(WrongLogin):
            authenticate(login, "something wrong", address=HERE)
    with pytest.raises(TooManyAttempts):
        authenticate(login, "something wrong", address="192.0.2.2")


def test_it_makes_an_address_wait_that_tries_many_accounts(alice: Account) -> None:
    with transaction() as session:
        session.add(LoginFailure(key=address_key(HERE), failures=LIMITS["address"]))
    with pytest.raises(TooManyAttempts) as refusal:
        authenticate("alice", PASSWORD, address=HERE)
    assert int(refusal.value.headers["Retry-After"]) <= WINDOW.total_seconds()
    assert authenticate("alice", PASSWORD, address="192.0.2.2") == alice


def test_it_lets_people_try_again_after_a_while(alice: Account) -> None:
    for _ in range(LIMITS["account"]):
        with pytest.raises(WrongLogin):
            authenticate("alice", "something wrong", address=HERE)
    with transaction() as session:
        session.execute(update(LoginFailure).values(window_started_at=now() - WINDOW - timedelta(seconds=1)))
    assert authenticate("alice", PASSWORD, address=HERE) == alice


def test_it_forgets_failures_once_the_password_was_right(alice: Account) -> None:
    for _ in range(LIMITS["account"] - 1):
        with pytest.raises(WrongLogin):
            authenticate("alice", "something wrong", address=HERE)
    assert authenticate("alice", PASSWORD, address=HERE) == alice
    with pytest.raises(WrongLogin):
        authenticate("alice", "something wrong", address=HERE)


def test_it_counts_a_subscribers_network_as_one_address() -> None:
    assert throttle.address_key("2001:db8::1") == throttle.address_key("2001:db8::ffff")
    assert throttle.address_key("2001:db8::1") != throttle.address_key("2001:db8:0:1::1")
    assert throttle.address_key("no address") == throttle.address_key("")
