"""Plans: who has which, how long a student's lasts, and who may give one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from framework.accounts.core import plans
from framework.accounts.core.account import Account
from framework.accounts.core.plans import Plan
from framework.accounts.lifecycle import administration, student
from framework.accounts.models import PlanLimits, User
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import SignIn, link_in_mail, on_each_deployment, posted_texts

GIB = 1 << 30


@pytest.fixture
def academic(app: Flask, with_settings: Callable[..., Config]) -> Config:
    """Addresses at example.org are a university's."""
    return with_settings(academic_domains=("example.org",), quota_bytes=GIB)


def plan_of(account: Account) -> Plan:
    """What the account has now."""
    with read_transaction() as session:
        return plans.plan_of(session, session.get_one(User, account.id))


def confirmed(account: Account, *, days_ago: int) -> None:
    """Have the address confirmed so long ago."""
    moment = now() - timedelta(days=days_ago)
    with transaction() as session:
        session.execute(update(User).where(User.id == account.id).values(email_verified_at=moment))


def test_everybody_begins_with_what_the_deployment_allows(alice: Account, with_settings: Callable[..., Config]) -> None:
    with_settings(quota_bytes=GIB)
    assert plan_of(alice) == Plan("free", stored_bytes=GIB)


@pytest.mark.parametrize(
    ("email", "academic"),
    [
        ("a@uni.example", True),
        ("a@cs.Uni.Example", True),
        ("a@x.edu", True),
        ("a@uni.example.org", False),
        ("a@funi.example", False),
        ("a@edu.com", False),
    ],
)
def test_an_address_is_academic_by_its_domain(
    with_settings: Callable[..., Config], email: str, *, academic: bool
) -> None:
    with_settings(academic_domains=("uni.example", "edu"))
    assert plans.is_academic(email) is academic


@pytest.mark.parametrize(("days_ago", "plan"), [(0, "student"), (364, "student"), (366, "free")])
@pytest.mark.usefixtures("academic")
def test_a_confirmed_academic_address_brings_the_student_plan_for_a_year(
    alice: Account, days_ago: int, plan: str
) -> None:
    confirmed(alice, days_ago=days_ago)
    assert plan_of(alice).name == plan
    assert plan_of(alice).stored_bytes == (4 * GIB if plan == "student" else GIB)


@pytest.mark.usefixtures("academic")
def test_an_address_that_nobody_confirmed_brings_nothing(alice: Account) -> None:
    with transaction() as session:
        session.get_one(User, alice.id).email_verified_at = None
    assert plan_of(alice).name == "free"


@pytest.mark.usefixtures("academic")
def test_confirming_the_address_again_renews_the_plan(alice: Account, signed_in: SignIn) -> None:
    confirmed(alice, days_ago=400)
    browser = signed_in(alice)
    page = browser.get("/settings/usage").text
    assert "Your student plan has ended." in page
    assert browser.submit("/settings/usage", to="/settings/usage/confirm").location == "/settings/usage"
    assert plan_of(alice).name == "free"
    assert browser.get(link_in_mail("verify")).location == "/"
    assert plan_of(alice).name == "student"
    assert "Your university address brings you this plan until" in browser.get("/settings/usage").text
    assert browser.submit("/settings", to="/settings/usage/confirm").status_code == 409


@pytest.mark.usefixtures("academic")
def test_a_student_is_reminded_once_before_the_year_ends(alice: Account, bob: Account) -> None:
    confirmed(alice, days_ago=340)
    confirmed(bob, days_ago=300)
    assert student.remind_students() == 1
    assert student.remind_students() == 1
    assert len([mail for mail in posted_texts() if "Your student plan ends on" in mail]) == 1


@on_each_deployment
@pytest.mark.usefixtures("academic")
def test_what_an_administrator_gives_stays(app: Flask, alice: Account) -> None:
    runner = app.test_cli_runner()
    assert runner.invoke(args=["users", "plan", "alice", "unlimited"]).output == "alice has the plan unlimited.\n"
    assert plan_of(alice) == Plan("unlimited")
    confirmed(alice, days_ago=0)
    assert plan_of(alice).name == "unlimited"
    assert runner.invoke(args=["users", "plan", "alice", "automatic"]).exit_code == 0
    assert plan_of(alice).name == "student"
    assert runner.invoke(args=["users", "plan", "alice", "golden"]).exit_code == 2
    assert "There is no account nobody" in runner.invoke(args=["users", "plan", "nobody", "free"]).output


def test_an_unknown_plan_is_given_to_nobody(alice: Account) -> None:
    with pytest.raises(plans.PlanUnknown, match="There is no plan golden"):
        administration.give_plan("alice", "golden")
    assert plan_of(alice).name == "free"


def test_a_plan_of_a_later_release_counts_as_the_free_one(alice: Account) -> None:
    with transaction() as session:
        session.get_one(User, alice.id).plan = "golden"
    assert plan_of(alice).name == "free"


@on_each_deployment
def test_a_plan_that_was_edited_holds_for_everybody_who_has_it(alice: Account) -> None:
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=5, private_projects=2, file_bytes=None))
    assert plan_of(alice) == Plan("free", stored_bytes=5, private_projects=2)
    assert replace(plan_of(alice), file_bytes=3).limit_file(9) == 3
    assert plan_of(alice).limit_file(9) == 9
