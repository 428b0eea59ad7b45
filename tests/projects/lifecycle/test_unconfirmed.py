"""Accounts that never confirmed their address: told after 25 days, removed after 30, kept if anything is in them."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import delete, select, update

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS
from framework.accounts.core.former_names import is_reserved
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.models import Budget, User
from framework.audit.models import AuditEntry
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import Base, now
from framework.groups.operations import create_group
from framework.groups.people import add_person as add_to_group
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle import unconfirmed
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.lifecycle.unconfirmed import PERSONAL, remove_unconfirmed
from framework.projects.members.people import add_person
from tests.cast import PASSWORD, new_account, on_each_deployment, posted_texts

pytestmark = on_each_deployment


@pytest.fixture(autouse=True)
def mailed(app: Flask, with_settings: Callable[..., Config]) -> None:
    """Mail leaves this deployment."""
    with_settings(smtp_url="smtp://mail.example")


def pass_days(days: int) -> None:
    """Have everything about accounts happened so many days earlier."""
    with transaction() as session:
        for user in session.scalars(select(User)).all():
            user.created_at -= timedelta(days=days)
            if user.removal_told_at:
                user.removal_told_at -= timedelta(days=days)


def names() -> set[str]:
    """The accounts that are there."""
    with read_transaction() as session:
        return set(session.scalars(select(User.name)))


def notices() -> int:
    """How many mails said that an account will be removed."""
    return sum("will be removed in 5 days" in text for text in posted_texts())


def test_an_empty_account_is_told_and_removed_and_its_name_is_free(alice: Account) -> None:
    new_account("anna", confirmed=False)
    pass_days(24)
    assert (remove_unconfirmed(), notices()) == (0, 0)
    pass_days(2)
    assert [remove_unconfirmed(), remove_unconfirmed()] == [0, 0]
    assert notices() == 1
    pass_days(4)
    assert (remove_unconfirmed(), names()) == (0, {"alice", "anna"})
    pass_days(2)
    assert [remove_unconfirmed(), remove_unconfirmed()] == [1, 0]
    assert names() == {"alice"}
    with read_transaction() as session:
        [told] = session.scalars(select(AuditEntry).where(AuditEntry.kind == "account_deleted")).all()
    assert (told.person, told.details) == ("anna", {"reason": "The address was never confirmed."})
    assert new_account("anna").name == "anna"


def test_whoever_waited_for_long_is_told_first(alice: Account) -> None:
    new_account("anna", confirmed=False)
    pass_days(400)
    assert (remove_unconfirmed(), notices()) == (0, 1)


def test_many_accounts_that_wait_for_one_address_delay_nobody_else(
    alice: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unconfirmed, "PAGE", 2)
    for number in range(LIMITS["claim"].most + 3):
        create_user(name=f"many{number}", email="one@example.org", password=PASSWORD)
    new_account("anna", confirmed=False)
    pass_days(26)
    with transaction() as session:
        session.execute(delete(Budget))
    remove_unconfirmed()
    assert notices() == LIMITS["claim"].most + 1
    pass_days(6)
    with transaction() as session:
        session.execute(update(Budget).values(spent=1000))
    assert remove_unconfirmed() == LIMITS["claim"].most + 1
    assert names() == {"alice", *(f"many{LIMITS['claim'].most + number}" for number in range(3))}


def test_no_more_than_so_many_are_told_and_removed_a_day(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unconfirmed, "MOST_A_DAY", 1)
    for name in ("anna", "berta"):
        new_account(name, confirmed=False)
    pass_days(40)
    for told in (1, 2):
        remove_unconfirmed()
        assert notices() == told
    pass_days(6)
    assert (remove_unconfirmed(), names()) == (1, {"alice", "berta"})


def test_whoever_confirms_stays(alice: Account) -> None:
    anna = new_account("anna", confirmed=False)
    pass_days(26)
    remove_unconfirmed()
    with transaction() as session:
        session.get_one(User, anna.id).email_verified_at = now()
    pass_days(30)
    assert remove_unconfirmed() == 0


def _own(_alice: Account, anna: Account, _secret: ProjectAccess) -> None:
    create_project(anna, name="mine", description="", visibility="private")


def _trash(_alice: Account, anna: Account, _secret: ProjectAccess) -> None:
    trash_project(anna, create_project(anna, name="mine", description="", visibility="private"))


def _take_part(alice: Account, _anna: Account, secret: ProjectAccess) -> None:
    add_person(alice, secret, person="anna", role="reader")


def _be_in_group(alice: Account, _anna: Account, _secret: ProjectAccess) -> None:
    add_to_group(alice, create_group(alice, name="lab"), person="anna", role="participant")


def _be_invited(alice: Account, _anna: Account, secret: ProjectAccess) -> None:
    add_person(alice, secret, person="anna@example.org", role="reader")


def _be_suspended(_alice: Account, _anna: Account, _secret: ProjectAccess) -> None:
    suspend("anna")


@pytest.mark.parametrize("kept_by", [_own, _trash, _take_part, _be_in_group, _be_invited, _be_suspended])
def test_anything_keeps_an_account(
    alice: Account, secret: ProjectAccess, kept_by: Callable[[Account, Account, ProjectAccess], None]
) -> None:
    anna = new_account("anna", confirmed=False)
    pass_days(26)
    remove_unconfirmed()
    kept_by(alice, anna, secret)
    if kept_by is not _be_invited:  # an invitation lasts for two weeks
        pass_days(30)
    else:
        pass_days(6)
    assert (remove_unconfirmed(), "anna" in names()) == (0, True)
    with read_transaction() as session:
        assert session.get_one(User, anna.id).removal_told_at is None, "they are told again once it is empty"


def test_a_name_below_which_a_project_was_rests_for_a_year(alice: Account) -> None:
    anna = new_account("anna", confirmed=False)
    project = create_project(anna, name="mine", description="", visibility="public")
    trash_project(anna, project)
    delete_for_good(project.id)
    for days in (26, 6):
        pass_days(days)
        remove_unconfirmed()
    assert "anna" not in names()
    with read_transaction() as session:
        assert is_reserved(session, "anna")


def test_nobody_is_removed_where_no_mail_is_sent(alice: Account, with_settings: Callable[..., Config]) -> None:
    with_settings(smtp_url=None)
    new_account("anna", confirmed=False)
    pass_days(400)
    assert (remove_unconfirmed(), notices()) == (0, 0)


def test_the_tables_of_an_account_itself_are_there() -> None:
    assert set(Base.metadata.tables) >= PERSONAL
