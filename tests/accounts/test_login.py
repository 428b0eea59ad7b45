"""Signing in and out, and what happens to who tries too often."""

from datetime import timedelta
from itertools import cycle, islice
from secrets import token_hex

import pytest
from sqlalchemy import select, update

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS, BudgetSpent, network_of, site_of
from framework.accounts.lifecycle.operations import WrongLogin, authenticate
from framework.accounts.models import Budget, User
from framework.accounts.tasks import forget_budgets
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import PASSWORD, SignIn, Visitor, on_each_deployment, on_one_deployment

pytestmark = on_each_deployment

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


def test_it_makes_a_name_wait_after_too_many_failures(visitor: Visitor, alice: Account, bob: Account) -> None:
    for _ in range(LIMITS["login"].most):
        visitor.submit("/login", username="alice", password="something wrong")
    answer = visitor.submit("/login", username="Alice", password=PASSWORD)
    assert answer.status_code == 429
    assert "Try again in 15 minutes" in answer.text
    assert int(answer.headers["Retry-After"]) > 800
    assert visitor.submit("/login", username="bob", password=PASSWORD).status_code == 302


def test_a_lock_does_not_tell_which_address_belongs_to_a_name(visitor: Visitor, alice: Account) -> None:
    for _ in range(LIMITS["login"].most + 1):
        visitor.submit("/login", username="alice", password="something wrong")
    for login in ("alice@example.org", "nobody@example.org"):
        assert visitor.submit("/login", username=login, password="something wrong").status_code == 400


@on_one_deployment
def test_a_strangers_failures_do_not_lock_out_the_owner(visitor: Visitor, alice: Account, signed_in: SignIn) -> None:
    owner = signed_in(alice)
    owner.submit("/settings", to="/logout")
    for _ in range(LIMITS["login"].most + 1):
        visitor.submit("/login", username="alice", password="something wrong")
    assert visitor.log_in(alice).status_code == 429
    with pytest.raises(WrongLogin):
        authenticate("alice", "something wrong", address="192.0.2.77")
    assert authenticate("alice", PASSWORD, address="192.0.2.77") == alice, "elsewhere in the world"
    assert owner.log_in(alice).status_code == 302, "a browser that she has used before"


@on_one_deployment
def test_a_known_browser_has_a_limit_of_its_own(alice: Account, bob: Account, signed_in: SignIn) -> None:
    known = signed_in(alice)
    known.submit("/settings", to="/logout")
    for _ in range(LIMITS["browser"].most):
        assert known.submit("/login", username="alice", password="something wrong").status_code == 400
    assert known.log_in(alice).status_code == 429
    assert signed_in(alice), "another browser in the same network"
    assert known.log_in(bob).status_code == 302, "who is not known there counts as anywhere"


@on_one_deployment
@pytest.mark.parametrize("cookie", ["", "nonsense", "WyJuYW1lIixbMV1d.x", "WyJuYW1lIixbMV1d"])
def test_nobody_makes_a_browser_known_by_themselves(visitor: Visitor, alice: Account, cookie: str) -> None:
    visitor.client.set_cookie("known_browser", cookie)
    for _ in range(LIMITS["login"].most):
        visitor.submit("/login", username="alice", password="something wrong")
    assert visitor.log_in(alice).status_code == 429


@pytest.mark.parametrize("login", ["alice", "nobody"])
def test_it_counts_failures_of_people_who_do_not_exist_too(alice: Account, login: str) -> None:
    for _ in range(LIMITS["login"].most):
        with pytest.raises(WrongLogin):
            authenticate(login, "something wrong", address=HERE)
    with pytest.raises(BudgetSpent):
        authenticate(login, "something wrong", address=HERE)


@on_one_deployment
@pytest.mark.parametrize(
    ("kind", "addresses"),
    [
        ("login-anywhere", [f"192.0.2.{number}" for number in range(20)]),
        ("network", ["2001:db8::1", "2001:db8::2", "2001:db8:0:0:ffff::"]),
        ("site", [f"2001:db8:0:{number:x}::1" for number in range(200)]),
    ],
)
def test_it_counts_names_networks_and_sites(alice: Account, kind: str, addresses: list[str]) -> None:
    for address in islice(cycle(addresses), LIMITS[kind].most):
        with pytest.raises(WrongLogin):
            authenticate("alice" if kind == "login-anywhere" else token_hex(8), "something wrong", address=address)
    with pytest.raises(BudgetSpent):
        authenticate("alice", "something wrong", address=addresses[-1])


def test_it_lets_people_try_again_after_a_while(alice: Account) -> None:
    for _ in range(LIMITS["login"].most):
        with pytest.raises(WrongLogin):
            authenticate("alice", "something wrong", address=HERE)
    with transaction() as session:
        session.execute(update(Budget).values(window_started_at=now() - LIMITS["login"].window))
    assert authenticate("alice", PASSWORD, address=HERE) == alice


def test_the_right_password_costs_nothing(alice: Account) -> None:
    for _ in range(LIMITS["login"].most - 1):
        with pytest.raises(WrongLogin):
            authenticate("alice", "something wrong", address=HERE)
    for _ in range(3):
        assert authenticate("alice", PASSWORD, address=HERE) == alice
    with read_transaction() as session:
        spent = dict(session.execute(select(Budget.key, Budget.spent).where(~Budget.key.startswith("audited"))).all())
    assert sorted(spent.values()) == [LIMITS["login"].most - 1] * 2, "anywhere and for the network, for this name none"


def test_what_is_over_is_forgotten(alice: Account) -> None:
    with pytest.raises(WrongLogin):
        authenticate("alice", "something wrong", address=HERE)
    assert forget_budgets() == 0
    with transaction() as session:
        session.execute(update(Budget).values(window_started_at=now() - timedelta(days=1, seconds=1)))
    assert forget_budgets() == 5, "two of them for the audit log"


@pytest.mark.parametrize(
    ("address", "network", "site"),
    [
        ("192.0.2.1", "192.0.2.1", None),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64", "2001:db8:1::/48"),
        ("::ffff:192.0.2.1", "192.0.2.1", None),
        ("no address", "unknown", None),
        ("", "unknown", None),
    ],
)
def test_a_subscriber_is_one_network(address: str, network: str, site: str | None) -> None:
    assert (network_of(address), site_of(address)) == (network, site)
