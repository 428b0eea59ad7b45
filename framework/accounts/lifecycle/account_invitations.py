"""Invitations by an administrator: an address may sign up, whatever `SIGNUP` says, and its link confirms it."""

from dataclasses import dataclass
from datetime import datetime

from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses, validation
from framework.accounts.core.account import Account, recheck_administrator
from framework.accounts.lifecycle.invitations import LASTS, waits_for
from framework.accounts.models import AccountInvitation, User
from framework.audit import log as audit
from framework.database.insert import insert_into
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.errors import Conflict


class HasAccount(Conflict):
    """Somebody has confirmed this address: there is nobody to invite."""

    field = "email"

    def __init__(self, email: str, name: str) -> None:
        super().__init__(f"{email} already has an account: {name}.")


@dataclass(frozen=True)
class PendingAccount:
    """An invitation that nobody has taken; `by` is None for the command line, or when that account is gone."""

    id: int
    email: str
    by: str | None
    created_at: datetime
    expires_at: datetime


def invite_to_sign_up(email: str, *, by: Account | None = None) -> str:
    """Let this address sign up, and send the link there, in place of an earlier one; the address.

    Raises:
        InvalidEmail: it is no address.
        HasAccount: an account has confirmed it.
        NotAdministrator: `by` is none any more.
    """
    email = validation.email(email.strip())
    with transaction() as session:
        recheck_administrator(session, by)
        owner = addresses.find_confirmed(session, email)
        if owner is not None:
            raise HasAccount(email, owner.name)
        _mail(session, _replace(session, email, by=by), by=by)
        audit.record(session, "account_invited", actor=by, email=email)
    return email


def list_invitations() -> list[PendingAccount]:
    """The invitations that nobody has taken yet, the newest first; at most 200."""
    query = (
        select(AccountInvitation, User.name)
        .outerjoin(User, User.id == AccountInvitation.invited_by_id)
        .where(AccountInvitation.expires_at > now())
        .order_by(AccountInvitation.id.desc())
        .limit(200)
    )
    with read_transaction() as session:
        rows = session.execute(query).all()
    return [PendingAccount(row.id, row.email, by, row.created_at, row.expires_at) for row, by in rows]


def withdraw_invitation(invitation_id: int, *, by: Account) -> None:
    """Take an invitation back; doing so twice is fine.

    Raises:
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        gone = delete(AccountInvitation).where(AccountInvitation.id == invitation_id).returning(AccountInvitation.email)
        for email in session.scalars(gone).all():
            audit.record(session, "account_invitation_withdrawn", actor=by, email=email)


def find_invitation(session: Session, email: str) -> AccountInvitation | None:
    """The invitation of this address that has not expired."""
    return session.scalar(select(AccountInvitation).where(waits_for(AccountInvitation, email)))


def read_link(session: Session, email: str, token: str) -> AccountInvitation | None:
    """The same, if this is the token of the link that was sent there."""
    kept = find_invitation(session, email)
    return kept if kept and _read_token(token) == _stamp(kept) else None


def read_invited_address(token: str) -> str | None:
    """The address that a link was sent to, whether the invitation lives or not; None for what is no link of ours."""
    stamp = _read_token(token)
    return str(stamp[0]) if isinstance(stamp, list) else None


def take_invitation(session: Session, email: str, token: str) -> bool:
    """Whether the token is that of this address's invitation, which ends now that the address has an account.

    Without the token the invitation stays: whoever signs up with the address has not shown that it is theirs.
    """
    kept = read_link(session, email, token)
    if kept is not None:
        session.delete(kept)
    return kept is not None


def _replace(session: Session, email: str, *, by: Account | None) -> AccountInvitation:
    """The invitation of this address, in one statement: two administrators may invite it at once."""
    values = {"email": email, "invited_by_id": by.id if by else None, "created_at": now(), "expires_at": now() + LASTS}
    added = insert_into(session, AccountInvitation).values(email_key=email.casefold(), **values)
    kept = added.on_conflict_do_update(index_elements=["email_key"], set_=values).returning(AccountInvitation)
    return session.scalars(kept.execution_options(populate_existing=True)).one()


def _mail(session: Session, kept: AccountInvitation, *, by: Account | None) -> None:
    site = config.current().base_url
    link = f"{site}/signup?invitation={_signer().dumps(_stamp(kept))}"
    facts = {
        "name": kept.email,
        "by": by.called if by else None,
        "site": site,
        "link": link,
        "days": LASTS.days,
    }
    key = f"account-invitation-{kept.id}-{kept.created_at:%Y%m%d%H%M%S%f}"
    made = messages.prepare(
        to=kept.email, template="account_invitation", facts=facts, key=key, expires_at=kept.expires_at
    )
    messages.queue(session, made)


def _stamp(kept: AccountInvitation) -> list[str]:
    return [kept.email_key, kept.created_at.isoformat()]


def _read_token(token: str) -> object:
    try:
        return _signer().loads(token)
    except BadSignature:
        return None


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(config.current().signing_keys, salt="holdfast-account-invitation")
