"""What all invitations by e-mail address have in common: how long they wait, their signed links, and who takes them.

What each is to, such as a project or a group, is a table and a module of the room that has it.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.sessions import LiveSession
from framework.accounts.models import Invited, User
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import HoldfastError, NotFound

LASTS = timedelta(days=14)

Row = TypeVar("Row", bound=Invited)

log = logging.getLogger(__name__)


class InvitationGone(NotFound):
    """The invitation was taken, withdrawn, has ended, or never was."""

    def __init__(self) -> None:
        super().__init__("This invitation was accepted or withdrawn, or has expired. Ask for a new one.")


class Pending(Protocol):
    """What was read of an invitation."""

    @property
    def id(self) -> int: ...
    @property
    def email(self) -> str: ...
    @property
    def created_at(self) -> datetime: ...


@dataclass(frozen=True)
class Links:
    """The signed links in the mails of one kind of invitation, which lead to `place`, a path that ends with a slash."""

    place: str
    salt: str

    def link_to(self, kept: Invited) -> str:
        """The address by which whoever reads the mail can take the invitation."""
        return f"{config.current().base_url}{self.place}{self._signer().dumps([kept.id, _stamp(kept)])}"

    def read(self, token: str) -> tuple[int, str]:
        """The number and the stamp of the invitation that a link was made for.

        Raises:
            InvitationGone: we never made this link.
        """
        try:
            invitation_id, stamp = self._signer().loads(token)
        except BadSignature as error:
            raise InvitationGone from error
        return invitation_id, stamp

    def _signer(self) -> URLSafeSerializer:
        return URLSafeSerializer(config.current().signing_keys, salt=self.salt)


def refuse_other(kept: Invited, stamp: str) -> None:
    """Let an invitation pass that a link of this stamp was made for: SQLite gives the number of a lost row to another.

    Raises:
        InvitationGone.
    """
    if _stamp(kept) != stamp:
        raise InvitationGone


def keep(session: Session, invitation: Invited, *earlier: ColumnElement[bool]) -> None:
    """Keep a new invitation, in place of the earlier ones that these conditions name."""
    session.execute(delete(type(invitation)).where(*earlier))
    invitation.email_key, invitation.created_at = invitation.email.casefold(), now()
    invitation.expires_at = invitation.created_at + LASTS
    session.add(invitation)
    session.flush()


def renew(session: Session, kept: Invited, by_id: int) -> None:
    """Let an invitation, which this account sends again, wait for as long once more."""
    kept.expires_at, kept.invited_by_id = now() + LASTS, by_id
    session.flush()


def waits_for(kind: type[Invited], email: str) -> ColumnElement[bool]:
    """Which invitations wait for whoever confirms this address."""
    return (kind.email_key == email.casefold()) & (kind.expires_at > now())


def select_again(kind: type[Row], pending: Pending) -> Select[Row]:
    """The invitation that was read before, and none that got its number since, if it can be taken still."""
    return select(kind).where(
        kind.id == pending.id, kind.created_at == pending.created_at, waits_for(kind, pending.email)
    )


def confirm_by_link(live: LiveSession, email: str) -> None:
    """Confirm the address of whoever is signed in and claims it: the link was sent there alone.

    Raises:
        EmailTaken: another account has confirmed it.
    """
    with addresses.catch_races(), transaction() as session:
        addresses.confirm_first(session, session.get_one(User, live.account.id), email, keep=live)


def take_after_confirmation(user_id: int, take_all: Callable[[int], int]) -> None:
    """Take what waits right after a confirmation, which is committed; a task does it later where this fails."""
    try:
        take_all(user_id)
    except (HoldfastError, SQLAlchemyError) as failure:
        log.warning("invitations of the account %d wait for their task: %s", user_id, failure)


def forget_expired(kind: type[Invited]) -> int:
    """Delete the invitations of a kind that have ended; how many."""
    ended = delete(kind).where(kind.expires_at <= now()).returning(kind.id)
    with transaction() as session:
        return len(session.scalars(ended).all())


def _stamp(kept: Invited) -> str:
    return kept.created_at.isoformat()
