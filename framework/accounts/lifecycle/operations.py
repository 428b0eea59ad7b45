"""What people do with their accounts."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import select, union
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, budgets, emails, passwords, throttle, validation
from framework.accounts.core.account import GROUP, Account
from framework.accounts.core.credentials import NOTHING, Kept, lock_unchanged_user
from framework.accounts.core.former_names import former_holder, is_reserved, keep_former_name, select_former_holder
from framework.accounts.core.throttle import KnownBrowser
from framework.accounts.lifecycle.account_invitations import take_invitation
from framework.accounts.models import User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.errors import Conflict, Invalid


class NameTaken(Conflict):
    """Somebody has this user name, perhaps in another case."""

    field = "username"


class WrongLogin(Invalid):
    """No account has this name (or address) and this password; which of the two is wrong is not told."""


class WrongPassword(Invalid):
    """The present password, asked again, is another one."""

    field = "current"


def create_user(
    *,
    name: str,
    email: str,
    password: str,
    full_name: str = "",
    admin: bool = False,
    confirmed: bool = False,
    invitation: str = "",
) -> Account:
    """A new account, and a mail that asks to confirm its address; none when an operator says that it is `confirmed`.

    None either when the link of an administrator's `invitation` was sent to it.

    Anyone may claim any address, so that nobody learns here which ones have an account.

    Raises:
        InvalidName, InvalidEmail, InvalidPassword, InvalidFullName: a rule is broken.
        NameTaken: somebody was earlier.
        EmailTaken: an operator gives somebody an address that another account has confirmed.
    """
    name, email, full_name = validation.user_name(name), validation.email(email), validation.full_name(full_name)
    password_hash = passwords.hash_password(validation.password(password, about=(name, full_name, email)))
    user = User(full_name=full_name, password_hash=password_hash, session_key=secrets.token_hex(16), admin=admin)

    def settle(session: Session) -> bool:
        audit.record(session, "account_created", actor=None if confirmed else user, person=user)
        return take_invitation(session, email, invitation) or confirmed

    return insert_account(user, name, email, settle)


def authenticate(login: str, password: str, *, address: str, browser: KnownBrowser | None = None) -> Account:
    """The account with this name or e-mail and this password; `address` is the client's, `browser` one that is known.

    Raises:
        WrongLogin: there is none; told alike, and as slowly, whether the account exists or not.
        BudgetSpent: it failed too often lately.
        AccountSuspended: told only to whoever knows the password.
    """
    with transaction() as session:
        user = find_user(session, login)
        keys = throttle.guess_keys(user, login, address=address, browser=browser)
        budgets.spend(session, keys)
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        throttle.note_failure(user, address=address)
        raise WrongLogin(
            "The name or the password is wrong. Try again, or choose a new password by mail. "
            "An e-mail address works here once it is confirmed; your user name always does."
        )
    with transaction() as session:
        budgets.give_back(session, keys)
        budgets.forget(session, *(key for key in keys if key.startswith(("login:", "browser:"))))
    return Account.of(user)


def change_password(account_id: int, *, current: str, new: str, keep: Kept = NOTHING) -> Account:
    """Another password; every session and token ends but those to keep, so the caller's browser is given a new one.

    Raises:
        WrongPassword, BudgetSpent: as `check_password`, before anything is said of the new one.
        InvalidPassword: the new one breaks a rule.
        SignInRequired: somebody else has set a new one meanwhile.
    """
    checked = check_password(account_id, current)
    with read_transaction() as session:
        known = list_guessable_words(session.get_one(User, account_id))
    new_hash = passwords.hash_password(validation.password(new, about=known))
    with transaction() as session:
        user = lock_unchanged_user(session, checked)
        set_password(session, user, new_hash, by=user, keep=keep)
    return Account.of(user)


def check_password(account_id: int, password: str) -> Account:
    """Let somebody pass who gives the account's password again; the account as it was then.

    Raises:
        WrongPassword: it is another one.
        BudgetSpent: it was another one too often lately.
        AccountSuspended.
    """
    with transaction() as session:
        user = session.get_one(User, account_id)
        budgets.spend(session, [f"password:{account_id}"])
    if not passwords.matches(password, user.password_hash):
        raise WrongPassword("This is not your current password.")
    with transaction() as session:
        budgets.forget(session, f"password:{account_id}")
    return Account.of(user)


def update_profile(account_id: int, *, name: str, full_name: str, email: str) -> Account:
    """Other names; another address is claimed, and counts once it is confirmed.

    Projects that tell of this person are brought up to date by a task.

    Raises:
        InvalidName, InvalidEmail, InvalidFullName: a rule is broken.
        NameTaken: somebody else has it, or had the name before.
        TooManyNames: they had too many names already.
    """
    name, full_name, email = name.strip(), validation.full_name(full_name), validation.email(email)
    with unique_names(), transaction() as session:
        user = session.get_one(User, account_id, with_for_update={"key_share": True})  # `claim` asks what is confirmed
        earlier = (user.name, user.email)
        if name != user.name:
            validation.user_name(name)
        take_name(session, user, name)
        user.full_name = full_name
        if email not in {user.email, user.pending_email}:
            budgets.spend(session, [f"address:{user.id}"])
            addresses.claim(user, email)
            if throttle.may_mail_claimed(session, email):
                emails.mail_confirmation_link(session, user)
            emails.mail_address_change_request(session, user)
        if (user.name, user.email) != earlier:
            enqueue(session, addresses.REFRESH_PERSON, user.id)
    return Account.of(user)


def find_user(session: Session, login: str) -> User | None:
    """The person with this name or confirmed e-mail address, in any case; an earlier name is theirs still."""
    found = find_owner(session, login)
    return None if found is None or found.kind == GROUP else found


def find_owner(session: Session, login: str) -> User | None:
    """The same, or the group of this name."""
    key = validation.email_key(login)
    if not validation.printable(key):
        return None
    ways = (
        select(User.id).where(User.name_key == key),
        select(User.id).where(User.email_key == key, User.email_verified_at.is_not(None)),
        select_former_holder(key),
    )
    return session.scalar(select(User).where(User.id.in_(union(*ways)), User.deleted_at.is_(None)))


def set_password(session: Session, user: User, new_hash: str, *, by: User | None, keep: Kept = NOTHING) -> None:
    """Have this password from now on: links, sessions and tokens of before end, and the person gets a mail.

    A confirmed address is kept: whoever asked for another one had the old password. `by` is None for an operator.
    """
    user.password_hash = new_hash
    if user.email_verified_at:
        user.pending_email = user.pending_email_key = None
    addresses.end_access(session, user, keep=keep)
    emails.mail_password_change(session, user)
    audit.record(session, "password_changed", actor=by, person=user)


def list_guessable_words(user: User) -> tuple[str, ...]:
    """What anyone may know of a person, and so would try first as their password."""
    return user.name, user.full_name, user.email


def take_name(session: Session, user: User, name: str) -> None:
    """Call somebody so, whose present name is kept for them.

    Raises:
        NameTaken: somebody else has it, had it before, or had it and deleted the account within a year.
        TooManyNames: they had too many already.
    """
    key = name.casefold()
    with session.no_autoflush:
        other = session.scalar(select(User.id).where(User.name_key == key, User.id != user.id))
        holder = former_holder(session, name)  # asked last: who gives a name up keeps it in the same transaction
    if other is not None:
        raise NameTaken(f"The user name {name} is taken. Please choose another one.")
    if holder not in {None, user.id} or is_reserved(session, name):
        raise NameTaken(
            f"{name} was somebody else's user name. It stays reserved, so that their old addresses lead to nobody else."
            " Please choose another one."
        )
    if user.id is not None:
        keep_former_name(session, user, new_name=name)
    user.name, user.name_key = name, key


def insert_account(user: User, name: str, email: str, settle: Callable[[Session], bool]) -> Account:
    """Keep a new account; `settle` says whether its address counts at once, in the same transaction.

    Raises:
        NameTaken, EmailTaken.
    """
    with unique_names(), transaction() as session:
        take_name(session, user, name)
        addresses.claim(user, email)
        session.add(user)
        session.flush()
        if settle(session):
            addresses.confirm(session, user)
        elif throttle.may_mail_claimed(session, email):
            emails.mail_confirmation_link(session, user)
    return Account.of(user)


@contextmanager
def unique_names() -> Iterator[None]:
    """Two people who take one name in the same moment: the database lets one of them through.

    Raises:
        NameTaken: it was the other one.
    """
    try:
        yield
    except IntegrityError as error:
        raise NameTaken("The user name or the e-mail address was taken a moment ago.") from error
