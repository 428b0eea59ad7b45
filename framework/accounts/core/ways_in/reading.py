"""Which ways an account can be entered by, and whether the password alone is enough."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, func, not_, or_, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.models import AuthenticatorApp, GroupMember, Identity, Passkey, RecoveryCode, User
from framework.database.session import read_transaction
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


def is_protected(user_id: SQLColumnExpression[int] = User.id) -> ColumnElement[bool]:
    """Whether an account has a second factor: that of a row of `User`, or of this number."""
    apps = select(AuthenticatorApp.user_id).where(AuthenticatorApp.user_id == user_id)
    passkeys = select(Passkey.id).where(Passkey.user_id == user_id)
    return or_(apps.exists(), passkeys.exists())


@cache
def lacks_factor() -> ColumnElement[bool]:
    """Whether a row of `GroupMember` is that of an owner without the second factor that the group asks owners for.

    Such an owner is a member until they have set one up.
    """
    group = aliased(User)
    asks = select(group.id).where(group.id == GroupMember.group_id, group.owners_need_factor).exists()
    return and_(GroupMember.role == "owner", asks, not_(is_protected(GroupMember.user_id)))


def list_groups_that_ask(user_id: int) -> list[str]:
    """The groups, by name, in which this owner is a member only until they have a second factor."""
    query = select(User.name).join(GroupMember, GroupMember.group_id == User.id)
    with read_transaction() as session:
        found = session.scalars(query.where(GroupMember.user_id == user_id, lacks_factor()).order_by(User.name_key))
        return list(found)


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
