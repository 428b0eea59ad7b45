"""Accounts that never confirmed their address: those with nothing in them are told by mail, and removed days later.

What keeps an account is any row of another table that refers to it, such as a project, a role, an offer or a hand-in;
`PERSONAL` lists the tables whose rows are only about the account itself.
"""

from datetime import timedelta

from sqlalchemy import ColumnElement, func, literal, or_, select, update
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses, emails, throttle
from framework.accounts.core.account import GROUP
from framework.accounts.core.former_names import reserve_names
from framework.accounts.models import AccountInvitation, GroupInvitation, User
from framework.audit import log as audit
from framework.audit.models import AuditEntry
from framework.database.session import read_transaction, transaction
from framework.database.types import Base, now
from framework.projects.models import Invitation

REMOVED_AFTER = timedelta(days=30)
TOLD_BEFORE = timedelta(days=5)
PERSONAL = frozenset(
    {
        *("address_changes", "authenticator_apps", "browser_sessions", "former_user_names", "identities", "passkeys"),
        *("recovery_codes", "tokens", "profiles", "pictures", "personal_exports", "idempotency_keys"),
        *("notices", "mail_choices", "long_works"),
    }
)
"""The tables whose rows are about an account and go with it; a row of any other one keeps the account."""
BATCH = 500


def remove_unconfirmed() -> int:
    """Tell those who will be removed, and remove those who were told days ago; how many were removed.

    Where no mail is sent nobody can confirm an address, and nobody is told or removed.
    """
    if config.current().mail_folder is not None:
        return 0
    _forget_notices_of_kept()
    for user_id in _list_ids(User.removal_told_at.is_(None), User.created_at <= now() - REMOVED_AFTER + TOLD_BEFORE):
        _tell(user_id)
    told = (User.removal_told_at <= now() - TOLD_BEFORE, User.created_at <= now() - REMOVED_AFTER)
    return sum(_remove(user_id) for user_id in _list_ids(*told))


def _list_ids(*which: ColumnElement[bool]) -> list[int]:
    """The oldest of the empty accounts that these conditions admit; the rest wait for the next day."""
    with read_transaction() as session:
        return list(session.scalars(select(User.id).where(_is_empty(), *which).order_by(User.id).limit(BATCH)))


def _forget_notices_of_kept() -> None:
    """Whoever put something into the account after the mail is told again if it becomes empty once more."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.removal_told_at.is_not(None), ~_is_empty())
            .values(removal_told_at=None)
            .execution_options(synchronize_session=False)
        )


def _tell(user_id: int) -> None:
    with transaction() as session:
        user = _lock_empty(session, user_id)
        email = addresses.find_contact_address(user) if user else None
        if user is None or email is None or not throttle.may_mail_claimant(session, user.id, email):
            return
        emails.mail_removal(session, user, days=TOLD_BEFORE.days)
        user.removal_told_at = now()


def _remove(user_id: int) -> bool:
    """The name is free at once, unless a project of theirs had an address below it; then it rests for a year."""
    with transaction() as session:
        user = _lock_empty(session, user_id)
        if user is None or user.removal_told_at is None:
            return False
        audit.record(session, "account_deleted", actor=None, person=user, reason="The address was never confirmed.")
        had_projects = select(AuditEntry.id).where(AuditEntry.actor_id == user.id, AuditEntry.project_id.is_not(None))
        if session.scalar(had_projects.limit(1)) is not None:
            reserve_names(session, user)
        session.delete(user)
        return True


def _lock_empty(session: Session, user_id: int) -> User | None:
    """The row, if the account still is empty; until the transaction ends no other row can refer to it."""
    user = session.get(User, user_id, with_for_update=True, populate_existing=True)
    if user is None or session.scalar(select(literal(1)).where(User.id == user_id, _is_empty())) is None:
        return None
    return user


def _is_empty() -> ColumnElement[bool]:
    """Whether a row of `User` is a person without a confirmed address, of whom nothing else is there."""
    condition = (
        (User.kind != GROUP)
        & User.email_verified_at.is_(None)
        & User.deleted_at.is_(None)
        & User.suspended_at.is_(None)  # why, an administrator knows
        & User.plan.is_(None)  # an administrator gave them one
        & ~User.admin
        & _is_mailable()
    )
    for column in _list_references():
        condition &= ~select(literal(1)).where(column == User.id).correlate(User).exists()
    for waiting in (Invitation, GroupInvitation, AccountInvitation):
        mine = (waiting.email_key == User.pending_email_key, waiting.expires_at > now())
        condition &= ~select(waiting.id).where(*mine).correlate(User).exists()
    return condition


def _is_mailable() -> ColumnElement[bool]:
    """Whoever comes from a rebuilt journal may have no address that waits: nobody could tell them."""
    return or_(User.pending_email.is_not(None), func.lower(User.email) == User.email_key)


def _list_references() -> list[ColumnElement[int]]:
    return [
        column
        for table in Base.metadata.sorted_tables
        for column in table.columns
        if table.name not in PERSONAL and any(key.target_fullname == "users.id" for key in column.foreign_keys)
    ]
