"""Accounts for people only the journal remembers: a name and an address; they enter by a link for a new password."""

import secrets

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core import addresses
from framework.accounts.core.former_names import former_holder, is_reserved
from framework.accounts.core.validation import NAME_LENGTH
from framework.accounts.models import User


def recover_account(session: Session, *, name: str, email: str) -> int:
    """The id of the account that has confirmed this address, made without a password when there is none.

    The address tells who somebody is, since it is the way in: a name can have changed hands since it was written down.
    A name that somebody else has or had meanwhile gets a number. An account that has not confirmed the address is this
    one if it has the name as well.
    """
    user = addresses.find_confirmed(session, email) or _find_claimant(session, name, email)
    if user is None:
        name = find_free_name(session, name)
        user = User(name=name, name_key=name.casefold(), session_key=secrets.token_hex(16))
        addresses.claim(user, email)
        session.add(user)
        session.flush()
    return user.id


def _find_claimant(session: Session, name: str, email: str) -> User | None:
    """An account that waits for this address: with this name, or made here before, as its missing password tells."""
    claims = addresses.find_claims(session, email)
    known = (user for user in claims if user.password_hash is None or user.name_key == name.casefold())
    return next(known, None)


def _rests(session: Session, name: str) -> bool:
    return former_holder(session, name) is not None or is_reserved(session, name)


def find_free_name(session: Session, wanted: str) -> str:
    """This user name, with a number behind it where somebody has it or had it."""
    name, number = wanted, 1
    while session.scalar(select(User.id).where(User.name_key == name.casefold())) or _rests(session, name):
        number += 1
        name = f"{wanted[: NAME_LENGTH - len(str(number)) - 1]}-{number}"
    return name
