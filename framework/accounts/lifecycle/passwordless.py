"""Accounts without a password: those whose person signs in by a passkey or at a provider."""

import secrets
from collections.abc import Callable

from sqlalchemy.orm import Session

from framework.accounts.core import emails, passwords, validation
from framework.accounts.core.account import Account
from framework.accounts.core.credentials import lock_unchanged_user
from framework.accounts.core.ways_in.reading import refuse_last_way
from framework.accounts.lifecycle.operations import insert_account, list_guessable_words
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.errors import Conflict


class PasswordExists(Conflict):
    """The account has a password, which has to be given to change it."""

    def __init__(self) -> None:
        super().__init__("Your account has a password already. Change it in your settings, under Profile.")


def create_linked_user(
    *, name: str, email: str, full_name: str, confirmed: bool, link: Callable[[Session, User], None]
) -> Account:
    """A new account without a password, to which `link` adds a way in, in the same transaction.

    The address is `confirmed` where a provider says whose it is; otherwise a mail asks.

    Raises:
        InvalidName, InvalidEmail, InvalidFullName, NameTaken: as `create_user`.
        EmailTaken: it is `confirmed`, and another account has confirmed it, too.
    """
    name, email, full_name = validation.user_name(name), validation.email(email), validation.full_name(full_name)
    user = User(full_name=full_name, session_key=secrets.token_hex(16), admin=False)

    def settle(session: Session) -> bool:
        audit.record(session, "account_created", actor=user, person=user)
        link(session, user)
        return confirmed

    return insert_account(user, name, email, settle)


def set_first_password(account: Account, password: str) -> None:
    """Give an account a password that has none; sessions and tokens go on.

    Raises:
        InvalidPassword: it breaks a rule.
        PasswordExists.
        SignInRequired: the credentials were changed since.
    """
    with read_transaction() as session:
        known = list_guessable_words(session.get_one(User, account.id))
    new_hash = passwords.hash_password(validation.password(password, about=known))
    with transaction() as session:
        user = lock_unchanged_user(session, account)
        if user.password_hash:
            raise PasswordExists
        user.password_hash = new_hash
        emails.warn(session, user, title="A password was set", what="Your account has a password now.")
        audit.record(session, "password_changed", actor=user, person=user)


def remove_password(account: Account) -> None:
    """Have no password open the account any more; doing so twice is fine.

    Raises:
        LastWayIn: it has neither a passkey nor an account elsewhere.
        SignInRequired: the credentials were changed since.
    """
    with transaction() as session:
        user = lock_unchanged_user(session, account)
        if not user.password_hash:
            return
        user.password_hash = None
        session.flush()
        refuse_last_way(session, user.id)
        what = "Your account no longer has a password. Sign in with a passkey or a linked account."
        emails.warn(session, user, title="Your password was removed", what=what)
        audit.record(session, "password_removed", actor=user, person=user)
