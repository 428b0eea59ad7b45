"""Two people in the same moment, on the database that lets them run at once."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from secrets import token_hex

import pytest
from flask import Flask
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, passwords
from framework.accounts.core.account import Account, SignInRequired
from framework.accounts.core.budgets import LIMITS, BudgetSpent, forget, give_back, spend, spend_now
from framework.accounts.core.emails import mail_password_link
from framework.accounts.core.sessions import Browser, begin_session
from framework.accounts.core.signed_links import LinkExpired, undo_token
from framework.accounts.lifecycle.confirmation import confirm_address, undo_change
from framework.accounts.lifecycle.operations import (
    NameTaken,
    WrongLogin,
    authenticate,
    change_password,
    create_user,
    set_password,
    update_profile,
)
from framework.accounts.lifecycle.resets import reset_password
from framework.accounts.models import AddressChange, BrowserSession, Budget, Token, User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import ProjectNameTaken, create_project
from framework.projects.members.invitations import accept
from framework.projects.members.people import add_person
from framework.projects.models import Project
from framework.repositories.write.creation import create_repository
from tests.accounts.addresses import row_of
from tests.cast import PASSWORD, Visitor, link_in_mail, new_account, on_each_deployment

pytestmark = on_each_deployment

TRIES = 8
NEW = "another good password"
only_postgres = pytest.mark.deployments("production-like")


@only_postgres
def test_it_gives_a_name_to_one_of_two(app: Flask) -> None:
    with ThreadPoolExecutor(1) as other, transaction() as session:
        session.add(User(name="anna", name_key="anna", email="a@b.c", email_key="a@b.c", session_key=token_hex(16)))
        session.flush()
        second = other.submit(create_user, name="Anna", email="anna@example.org", password=PASSWORD)
        while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
            assert not second.done()
        session.commit()
        with pytest.raises(NameTaken):
            second.result()


@contextmanager
def held_up(act: Callable[[], object]) -> Iterator[Callable[[Session], Future[object]]]:
    """Somebody acts while a transaction that has changed the account is open, and waits until it is committed."""
    with ThreadPoolExecutor(1) as other:

        def start(session: Session) -> Future[object]:
            waiting = other.submit(act)
            while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
                assert not waiting.done(), waiting.exception()
            return waiting

        yield start


def confirm_own(session: Session, account: Account) -> None:
    """Do what the link in the mail to this person does."""
    addresses.confirm(session, session.get_one(User, account.id))
    session.flush()


@only_postgres
def test_an_address_that_is_claimed_during_a_confirmation_is_not_confirmed_with_it(app: Flask) -> None:
    anna = new_account("anna", confirmed=False)
    claim = partial(update_profile, anna.id, name="anna", full_name="", email="victim@example.org")
    with held_up(claim) as start, transaction() as session:
        confirm_own(session, anna)
        claimed = start(session)
    claimed.result()
    row = row_of(anna)
    assert (row.email, row.pending_email) == ("anna@example.org", "victim@example.org")
    assert row.email_verified_at is not None


@only_postgres
def test_a_link_that_is_opened_twice_at_once_confirms_the_address(app: Flask) -> None:
    anna = new_account("anna", confirmed=False)
    token = link_in_mail("verify").removeprefix("/verify/")
    with held_up(lambda: confirm_address(token)) as start, transaction() as session:
        confirm_own(session, anna)
        second = start(session)
    assert second.result() == Account.of(row_of(anna))


@only_postgres
def test_an_invitation_that_is_accepted_twice_at_once_is_accepted(
    app: Flask, alice: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person="anna@example.org", role="reader")
    token = link_in_mail("invitations").removeprefix("/invitations/")
    anna = new_account("anna", confirmed=False)
    live = begin_session(anna, Browser("192.0.2.1", "Firefox"), remembered=False)
    with held_up(lambda: accept(live, token)) as start, transaction() as session:
        confirm_own(session, anna)
        second = start(session)
    assert second.result() == "/alice/secret"


@only_postgres
def test_a_link_for_a_password_that_is_used_twice_at_once_sets_one(alice: Account) -> None:
    with transaction() as session:
        mail_password_link(session, session.get_one(User, alice.id))
    token, new_hash = link_in_mail("reset").removeprefix("/reset/"), passwords.hash_password(NEW)
    with held_up(lambda: reset_password(token, "what the second chose")) as start, transaction() as session:
        set_password(session, session.get_one(User, alice.id), new_hash, by=None)
        session.flush()
        second = start(session)
    with pytest.raises(LinkExpired):
        second.result()
    assert authenticate("alice", NEW, address="192.0.2.1").id == alice.id


@only_postgres
def test_a_change_that_is_undone_twice_at_once_is_undone_once(alice: Account) -> None:
    with transaction() as session:
        change = AddressChange(user_id=alice.id, email="before@example.org", changed_at=now())
        session.add(change)
        session.flush()
        token = undo_token(change)
    with held_up(lambda: undo_change(token)) as start, transaction() as session:
        session.get_one(User, alice.id, with_for_update=True)
        session.execute(delete(AddressChange))
        second = start(session)
    with pytest.raises(LinkExpired):
        second.result()
    assert row_of(alice).password_hash is not None


@only_postgres
def test_it_gives_a_projects_name_to_one_of_two(alice: Account) -> None:
    with ThreadPoolExecutor(1) as other, transaction() as session:
        repository_id = create_repository(session, {})
        first = Project(owner_id=alice.id, name="a", name_key="a", visibility="public", repository_id=repository_id)
        session.add(first)
        session.flush()
        second = other.submit(create_project, alice, name="A", description="", visibility="public")
        while not session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))):
            assert not second.done()
        session.commit()
        with pytest.raises(ProjectNameTaken):
            second.result()


def test_no_more_guesses_are_checked_at_one_moment_than_one_after_the_other(alice: Account) -> None:
    tries = 2 * LIMITS["login"].most
    with ThreadPoolExecutor(tries) as attempts:
        tried = [attempts.submit(authenticate, "alice", "wrong", address="192.0.2.1") for _ in range(tries)]
    refusals = [type(attempt.exception()) for attempt in tried]
    assert refusals.count(WrongLogin) == refusals.count(BudgetSpent) == LIMITS["login"].most


@only_postgres
@pytest.mark.parametrize("take_back", [give_back, lambda session, keys: forget(session, *reversed(keys))])
def test_budgets_are_taken_back_in_the_order_in_which_they_are_spent(
    app: Flask, take_back: Callable[[Session, list[str]], None]
) -> None:
    keys = ["login-anywhere:somebody", "login:somebody:192.0.2.1"]
    for key in reversed(keys):
        spend_now(key)

    def act() -> None:
        with transaction() as session:
            take_back(session, keys)

    with held_up(act) as start, transaction() as session:
        spend(session, keys[:1])
        other = start(session)
        spend(session, keys[1:])
    other.result()


def test_it_counts_failures_that_come_at_once(alice: Account) -> None:
    with ThreadPoolExecutor(TRIES) as attempts:
        tried = [attempts.submit(authenticate, "alice", "wrong", address="192.0.2.1") for _ in range(TRIES)]
    assert all(isinstance(attempt.exception(), WrongLogin) for attempt in tried)
    with read_transaction() as session:
        assert set(session.scalars(select(Budget.spent))) == {TRIES}


@contextmanager
def while_it_is_checked(act: Callable[[], object]) -> Iterator[Future[object]]:
    """Somebody shows a password, and its hash is made when this block has ended, not before."""
    with ThreadPoolExecutor(1) as other:
        with passwords.hashing_slots, passwords.hashing_slots:
            shown = other.submit(act)
            while not counted():
                assert not shown.done(), shown.exception()
            yield shown
        shown.exception()  # waits


def counted() -> int:
    """How many attempts there were to show a password."""
    with read_transaction() as session:
        return session.scalar(select(func.sum(Budget.spent))) or 0


def replace(account: Account, new_hash: str) -> None:
    """What a link for a new password does."""
    with transaction() as session:
        set_password(session, session.get_one(User, account.id), new_hash, by=None)


def test_nobody_is_signed_in_by_a_password_that_was_just_replaced(app: Flask, alice: Account) -> None:
    thief, new_hash = Visitor(app), passwords.hash_password(NEW)
    thief.get("/login")
    with while_it_is_checked(lambda: thief.log_in(alice)) as shown:
        replace(alice, new_hash)
    assert shown.result().location == "/login"  # type: ignore[attr-defined]
    with read_transaction() as session:
        assert session.scalars(select(BrowserSession)).all() == []


def test_no_token_is_made_by_a_password_that_was_just_replaced(app: Flask, alice: Account) -> None:
    thief, new_hash, body = app.test_client(), passwords.hash_password(NEW), {"name": "t", "scopes": ["write"]}
    make = lambda: thief.post("/api/v1/tokens", json=body, auth=("alice", PASSWORD))  # noqa: E731
    with while_it_is_checked(make) as shown:
        replace(alice, new_hash)
    assert shown.result().status_code == 401  # type: ignore[attr-defined]
    with read_transaction() as session:
        assert session.scalars(select(Token)).all() == []


def test_of_two_new_passwords_at_once_one_is_set(alice: Account) -> None:
    chosen = [f"another good password {number}" for number in range(2)]
    with ThreadPoolExecutor(2) as others:
        asked = [others.submit(change_password, alice.id, current=PASSWORD, new=new) for new in chosen]
    [kept] = [new for new, change in zip(chosen, asked, strict=True) if change.exception() is None]
    assert authenticate("alice", kept, address="192.0.2.1").id == alice.id


def test_the_password_is_not_changed_by_one_that_was_just_replaced(alice: Account) -> None:
    new_hash = passwords.hash_password(NEW)
    change = lambda: change_password(alice.id, current=PASSWORD, new="what the thief chose")  # noqa: E731
    with while_it_is_checked(change) as shown:
        replace(alice, new_hash)
    assert isinstance(shown.exception(), SignInRequired)
    assert authenticate("alice", NEW, address="192.0.2.1").id == alice.id
