"""Accounts for people whom only the log remembers: a name and an address; they enter by a link for a new password."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.models import User
from framework.accounts.rules import NAME_LENGTH


def recovered_account(session: Session, *, name: str, email: str) -> int:
    """The id of the account with this address, made without a password when there is none.

    The address tells who somebody is, since it is the way in: a name can have changed hands since it was written down.
    A name that somebody else has meanwhile gets a number.
    """
    user = session.scalar(select(User).where(User.email_key == email.casefold()))
    if user is None:
        name = _free_name(session, name)
        user = User(name=name, name_key=name.casefold(), email=email, email_key=email.casefold())
        user.session_key = secrets.token_hex(16)
        session.add(user)
        session.flush()
    return user.id


def _free_name(session: Session, wanted: str) -> str:
    name, number = wanted, 1
    while session.scalar(select(User.id).where(User.name_key == name.casefold())):
        number += 1
        name = f"{wanted[: NAME_LENGTH - len(str(number)) - 1]}-{number}"
    return name
