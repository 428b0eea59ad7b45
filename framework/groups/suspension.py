"""Groups that administrators suspend: nobody has a role through one until it is resumed, and nothing is lost."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP, Account, AccountNotFound, recheck_administrator
from framework.accounts.lifecycle.operations import find_owner
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import transaction
from framework.database.types import now
from framework.groups import emails
from framework.projects.core.groups import list_owners


class NoSuchGroup(AccountNotFound):
    """An operator names no group."""

    command_hint = "`flask groups list` shows all groups."

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no group {name}; it may have been renamed or deleted.")


def suspend_group(name: str, *, reason: str = "", by: Account | None = None) -> str:
    """Have nobody act through the group until it is resumed; its owners get a mail with the reason. The group's name.

    Its people, projects and settings are kept. Who has a role of their own in a project keeps it.

    Raises:
        NoSuchGroup.
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        row = _lock(session, name)
        if row.suspended_at is None:
            row.suspended_at = now()
            _tell_owners(session, row, "group_suspended", reason=reason)
            audit.record(session, "group_suspended", actor=by, person=row, reason=reason)
        return row.name


def resume_group(name: str, *, by: Account | None = None) -> str:
    """Have a suspended group's roles count again, and tell its owners by mail; the group's name.

    Raises:
        NoSuchGroup.
        NotAdministrator: `by` is none any more.
    """
    with transaction() as session:
        recheck_administrator(session, by)
        row = _lock(session, name)
        if row.suspended_at is not None:
            row.suspended_at = None
            _tell_owners(session, row, "group_resumed", reason="")
            audit.record(session, "group_resumed", actor=by, person=row)
        return row.name


def _lock(session: Session, name: str) -> User:
    found = find_owner(session, name)
    query = select(User).where(User.id == (found.id if found else None), User.kind == GROUP)
    row = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise NoSuchGroup(name)
    return row


def _tell_owners(session: Session, row: User, template: str, *, reason: str) -> None:
    for owner in list_owners(session, row):
        emails.mail_suspension(session, owner, row, template=template, reason=reason)
