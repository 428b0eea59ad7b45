"""What people do with their accounts."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import or_, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from framework.accounts import links, messages, passwords, rules, sessions, throttle
from framework.accounts.account import Account
from framework.accounts.models import User
from framework.celery.outbox import enqueue
from framework.database.session import reading, transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid


class NameTaken(Conflict):
    """Somebody has this user name, perhaps in another case."""

    field = "username"


class EmailTaken(Conflict):
    """There is an account with this e-mail address."""

    field = "email"


class WrongLogin(Invalid):
    """No account has this name (or address) and this password; which of the two is wrong is not told."""


class WrongPassword(Invalid):
    """The present password, asked again, is another one."""

    field = "current"


def create_user(*, name: str, email: str, password: str, full_name: str = "", admin: bool = False) -> Account:
    """A new account, and a mail that asks to confirm its address.

    Raises:
        InvalidName, InvalidEmail, InvalidPassword, InvalidFullName: a rule is broken.
        NameTaken, EmailTaken: somebody was earlier.
    """
    name, email, full_name = rules.user_name(name), rules.email(email), rules.full_name(full_name)
    password_hash = passwords.hashed(rules.password(password))
    user = User(full_name=full_name, password_hash=password_hash, session_key=secrets.token_hex(16), admin=admin)
    with _unique_names(), transaction() as session:
        _take_names(session, user, name=name, email=email)
        session.add(user)
        session.flush()
        messages.confirm_address(session, user)
    return Account.of(user)


def authenticate(login: str, password: str, *, address: str) -> Account:
    """The account with this name or e-mail and this password; `address` is the client's.

    Raises:
        WrongLogin: there is none; told alike, and as slowly, whether the account exists or not.
        TooManyAttempts: the account or the address failed too often lately.
    """
    with reading() as session:
        user = find_user(session, login)
        keys = [throttle.account_key(user.id if user else None, login), throttle.address_key(address)]
        throttle.refuse_too_many(session, keys)
        failed_before = throttle.has_failures(session, keys[0])
    if not passwords.matches(password, user.password_hash if user else None) or user is None:
        with transaction() as session:
            throttle.count_failure(session, keys)
        raise WrongLogin("The name or the password is wrong. Try again, or choose a new password by mail.")
    if failed_before:
        with transaction() as session:
            throttle.forget(session, keys[0])
    return Account.of(user)


def change_password(account_id: int, *, current: str, new: str) -> Account:
    """Another password; every session ends, so the caller's browser has to be given a new one.

    Raises:
        WrongPassword: `current` is not the present one.
        InvalidPassword: the new one breaks a rule.
    """
    new_hash = passwords.hashed(rules.password(new))
    with reading() as session:
        kept = session.get_one(User, account_id).password_hash
    if not passwords.matches(current, kept):
        raise WrongPassword("This is not your present password.")
    with transaction() as session:
        user = session.get_one(User, account_id)
        _set_password(session, user, new_hash)
    return Account.of(user)


def update_profile(account_id: int, *, name: str, full_name: str, email: str) -> Account:
    """Other names or another address; projects that tell of this person are brought up to date by a task.

    Raises:
        InvalidName, InvalidEmail, InvalidFullName: a rule is broken.
        NameTaken, EmailTaken: somebody else has it.
    """
    name, full_name, email = name.strip(), rules.full_name(full_name), rules.email(email)
    with _unique_names(), transaction() as session:
        user = session.get_one(User, account_id)
        earlier_name, earlier_email = user.name, user.email
        if name != earlier_name:
            rules.user_name(name)
        _take_names(session, user, name=name, email=email)
        user.full_name = full_name
        if email != earlier_email:
            _confirm_again(session, user, earlier=earlier_email)
        if (name, email) != (earlier_name, earlier_email):
            enqueue(session, "framework.projects.tasks.refresh_person", user.id)
    return Account.of(user)


def ask_for_reset(email: str) -> str:
    """Send a link for a new password, if there is an account with this address; the answer is the same if not."""
    with transaction() as session:
        user = session.scalar(select(User).where(User.email_key == email.strip().casefold()))
        if user is not None and throttle.may_send_mail(session, user.id):
            messages.choose_password(session, user)
    return f"If there is an account for {email}, a link to choose a new password is on its way there."


def reset_password(token: str, password: str) -> Account:
    """Set the password by a link from a mail, which also shows that the address is theirs.

    Raises:
        LinkExpired: the link works no longer.
        InvalidPassword: the password breaks a rule.
    """
    new_hash = passwords.hashed(rules.password(password))
    with transaction() as session:
        user = links.user_of_reset(session, token)
        _set_password(session, user, new_hash)
        user.email_verified_at = user.email_verified_at or now()
        throttle.forget(session, throttle.account_key(user.id, user.name))
    return Account.of(user)


def check_reset(token: str) -> None:
    """Let a link for a new password pass while it works.

    Raises:
        LinkExpired: it works no longer.
    """
    with reading() as session:
        links.user_of_reset(session, token)


def verify_email(token: str) -> Account:
    """Note that the address was confirmed; doing so twice is fine.

    Raises:
        LinkExpired: the link works no longer.
    """
    with transaction() as session:
        user = links.user_of_verify(session, token)
        user.email_verified_at = user.email_verified_at or now()
    return Account.of(user)


def find_user(session: Session, login: str) -> User | None:
    """The person with this name or e-mail address, in any case."""
    key = login.strip().casefold()
    if not rules.printable(key):
        return None
    return session.scalar(select(User).where(or_(User.name_key == key, User.email_key == key)))


def _set_password(session: Session, user: User, new_hash: str) -> None:
    user.password_hash, user.session_key = new_hash, secrets.token_hex(16)
    sessions.end_all_sessions(session, user.id)
    messages.password_changed(session, user)


def _confirm_again(session: Session, user: User, *, earlier: str) -> None:
    user.email_verified_at = None
    messages.confirm_address(session, user)
    messages.address_changed(session, user, earlier=earlier)


def _take_names(session: Session, user: User, *, name: str, email: str) -> None:
    name_key, email_key = name.casefold(), email.casefold()
    with session.no_autoflush:
        others = session.scalars(
            select(User).where(or_(User.name_key == name_key, User.email_key == email_key), User.id != user.id)
        ).all()
    if any(other.name_key == name_key for other in others):
        raise NameTaken(f"The user name {name} is taken. Please choose another one.")
    if others:
        raise EmailTaken("There is an account with this e-mail address already. Sign in, or ask for a new password.")
    user.name, user.name_key, user.email, user.email_key = name, name_key, email, email_key


@contextmanager
def _unique_names() -> Iterator[None]:
    """Two people who take one name in the same moment: the database lets one of them through."""
    try:
        yield
    except IntegrityError as error:
        raise NameTaken("The user name or the e-mail address was taken a moment ago.") from error
