"""Accounts that never confirmed their address: those with nothing in them are told by mail, and removed days later.

What keeps an account is any row of another table that refers to it, such as a project, a role, an offer or a hand-in;
`PERSONAL` lists the tables whose rows are only about the account itself.
"""

from collections.abc import Callable, Iterator
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
PAGE, MOST_A_DAY = 500, 500


def remove_unconfirmed() -> int:
    """Tell those who will be removed, and remove those who were told days ago; how many were removed.

    Where no mail is sent nobody can confirm an address, and nobody is told or removed.
    """
    if config.current().mail_folder is not None:
        return 0
    _forget_notices_of_kept()
    _act_on_oldest(_tell, User.removal_told_at.is_(None), User.created_at <= now() - REMOVED_AFTER + TOLD_BEFORE)
    told = (User.removal_told_at <= now() - TOLD_BEFORE, User.created_at <= now() - REMOVED_AFTER)
    return _act_on_oldest(_remove, *told)


def _act_on_oldest(act: Callable[[int], bool], *which: ColumnElement[bool]) -> int:
    """Act on so many a day of the empty accounts that these conditions admit, the oldest first; on how many.

    Of an address that may get no mail now, only the first account is asked for: others wait behind it, and nobody else.
    """
    done, refused = 0, set[str]()
    for user_id, address in _list_empty(*which):
        if done == MOST_A_DAY:
            break
        if address in refused:
            continue
        if act(user_id):
            done += 1
        else:
            refused.add(address)
    return done


def _list_empty(*which: ColumnElement[bool]) -> Iterator[tuple[int, str]]:
    """The numbers of these empty accounts, and the addresses that they wait for; read as far as it is asked for."""
    address, last = func.coalesce(User.pending_email_key, User.email_key), 0
    while True:
        query = select(User.id, address).where(_is_empty(), User.id > last, *which).order_by(User.id).limit(PAGE)
        with read_transaction() as session:
            page = [(number, key) for number, key in session.execute(query)]
        yield from page
        if len(page) < PAGE:
            return
        last = page[-1][0]


def _forget_notices_of_kept() -> None:
    """Whoever put something into the account after the mail is told again if it becomes empty once more."""
    with transaction() as session:
        session.execute(
            update(User)
            .where(User.removal_told_at.is_not(None), ~_is_empty())
            .values(removal_told_at=None)
            .execution_options(synchronize_session=False)
        )


def _tell(user_id: int) -> bool:
    with transaction() as session:
        user = _lock_empty(session, user_id)
        email = addresses.find_contact_address(user) if user else None
        if user is None or email is None or not throttle.may_mail_claimant(session, user.id, email):
            return False
        emails.mail_removal(session, user, days=TOLD_BEFORE.days)
        user.removal_told_at = now()
        return True


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
