"""Which ways an account can be entered by, and whether the password alone is enough."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from framework.accounts.models import AuthenticatorApp, Identity, Passkey, RecoveryCode, User
from framework.errors import Conflict


class LastWayIn(Conflict):
    """Without this nobody could sign in to the account any more."""

    def __init__(self) -> None:
        super().__init__(
            "This is the only way to sign in to your account. Set a password or add a passkey first, then remove this."
        )


@dataclass(frozen=True)
class WaysIn:
    """What an account has: a password, an app, so many passkeys, unused recovery codes, and accounts at providers."""

    password: bool
    app: bool
    passkeys: int
    recovery_codes: int
    identities: int

    @property
    def second_factor(self) -> bool:
        """Whether the password alone is not enough."""
        return self.app or self.passkeys > 0


def read_ways_in(session: Session, user_id: int) -> WaysIn:
    """What this account has now."""
    counts = [_count(model.user_id) for model in (AuthenticatorApp, Passkey, RecoveryCode, Identity)]
    row: Any = session.execute(select(User.password_hash.is_not(None), *counts).where(User.id == user_id)).one()
    return WaysIn(bool(row[0]), row[1] > 0, row[2], row[3], row[4])


def has_second_factor(session: Session, user_id: int) -> bool:
    """Whether this account has an authenticator app or a passkey, so that its password alone lets nobody in."""
    return bool(session.scalar(select(is_protected()).where(User.id == user_id)))


def is_protected() -> ColumnElement[bool]:
    """Whether the account of a row of `User` has a second factor."""
    apps = select(AuthenticatorApp.user_id).where(AuthenticatorApp.user_id == User.id)
    passkeys = select(Passkey.id).where(Passkey.user_id == User.id)
    return or_(apps.exists(), passkeys.exists())


def refuse_last_way(session: Session, user_id: int) -> None:
    """Let a removal pass that has left the account, in this transaction, a way to sign in.

    Raises:
        LastWayIn.
    """
    ways = read_ways_in(session, user_id)
    if not (ways.password or ways.passkeys or ways.identities):
        raise LastWayIn


def _count(column: ColumnElement[int] | object) -> ColumnElement[int]:
    return select(func.count()).where(column == User.id).correlate(User).scalar_subquery()
