"""Signed links for mail; each is bound to the state that it changes, so that it works once."""

import hashlib

from itsdangerous import BadSignature, URLSafeTimedSerializer
from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.models import AddressChange, User
from framework.errors import Invalid

RESET_HOURS = 3
VERIFY_DAYS = 14
UNDO_DAYS = 7


class LinkExpired(Invalid):
    """A link from a mail has been used, has expired, or is incomplete."""


def reset_token(user: User) -> str:
    """The part of a link that lets its bearer choose a new password, until the password changes."""
    return _serializer("reset").dumps([user.id, _password_stamp(user)])


def verify_token(user: User, email: str) -> str:
    """The part of a link that confirms this address of this account."""
    return _serializer("verify").dumps([user.id, _digest(email.casefold())])


def undo_token(change: AddressChange) -> str:
    """The part of a link that brings back the address that was replaced."""
    return _serializer("undo").dumps([change.user_id, _change_stamp(change)])


def read_reset_link(session: Session, token: str) -> User:
    """Whose password the link lets choose.

    Raises:
        LinkExpired: nobody's, any more.
    """
    user, stamp = _read(session, "reset", token, RESET_HOURS * 3600)
    if stamp != _password_stamp(user):
        raise LinkExpired(_SENTENCE)
    return user


def read_confirmation_link(session: Session, token: str) -> tuple[User, str]:
    """Whose address the link confirms, or has confirmed, and which one: of the account's other it proves nothing.

    Raises:
        LinkExpired: nobody's, any more.
    """
    user, stamp = _read(session, "verify", token, VERIFY_DAYS * 86_400)
    known = (addresses.find_pending_address(user), addresses.find_confirmed_address(user))
    email = next((email for email in known if email and _digest(email.casefold()) == stamp), None)
    if email is None:
        raise LinkExpired(_SENTENCE)
    return user, email


def read_undo_link(session: Session, token: str) -> AddressChange:
    """The change of an address that the link undoes.

    Raises:
        LinkExpired: none, any more.
    """
    user, stamp = _read(session, "undo", token, UNDO_DAYS * 86_400)
    changes = session.scalars(select(AddressChange).where(AddressChange.user_id == user.id)).all()
    change = next((change for change in changes if _change_stamp(change) == stamp), None)
    if change is None:
        raise LinkExpired(_SENTENCE)
    return change


_SENTENCE = "This link has already been used, has expired, or is incomplete. Request a new one."


def _read(session: Session, purpose: str, token: str, age_seconds: int) -> tuple[User, str]:
    try:
        user_id, stamp = _serializer(purpose).loads(token, max_age=age_seconds)
    except BadSignature as error:
        raise LinkExpired(_SENTENCE) from error
    user = session.get(User, user_id)
    if user is None:
        raise LinkExpired(_SENTENCE)
    return user, stamp


def _serializer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(config.current().signing_keys, salt=f"holdfast-{purpose}")


def _password_stamp(user: User) -> str:
    return _digest(f"{user.session_key}:{user.password_hash}:{user.email_key}")


def _change_stamp(change: AddressChange) -> str:
    return _digest(f"{change.email}:{change.changed_at.isoformat()}")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
