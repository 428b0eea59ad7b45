"""The day on which a private project turns public: set by an owner, told in time, and kept by an hourly job."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, HoldfastError
from framework.projects.core import validation
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import describe
from framework.projects.core.groups import list_project_owners
from framework.projects.models import Project
from framework.projects.notify import emails
from framework.projects.notify.activity import record
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.write.creation import change_about

TOLD_DAYS = (7, 1)
"""So many days before, owners get a mail."""

log = logging.getLogger(__name__)


class NotPrivate(Conflict):
    """A project that is to turn public is so already."""

    field = "public_on"

    def __init__(self) -> None:
        super().__init__("The project is public already.")


def set_embargo(account: Account, project: ProjectAccess, *, public_on: str) -> datetime:
    """Have a private project turn public at the beginning of this day in UTC, instead of any other; the moment.

    Raises:
        InvalidEmbargo: that is no day to come.
        NotPrivate: it is public. RoleTooLow: the caller is no owner any more.
    """
    end = validation.embargo_end(public_on)
    _change(account, project, end)
    return end


def lift_embargo(account: Account, project: ProjectAccess) -> None:
    """Keep a project private; doing so twice is fine.

    Raises:
        NotPrivate: it is public. RoleTooLow: the caller is no owner any more.
    """
    _change(account, project, None)


def clear_embargo(row: Project) -> None:
    """Have the project stay as visible as it is until an owner sets another day."""
    row.public_at, row.public_told_days = None, None


def publish_due() -> list[int]:
    """Make public whose day has come, however long ago; the projects. One that fails is logged, and tried in an hour.

    Those in the trash wait, and those of suspended owners.
    """
    due = (Project.public_at <= now(), Project.visibility == "private", Project.trashed_at.is_(None))
    query = select(Project.id, Project.repository_id).join(User, User.id == Project.owner_id)
    with read_transaction() as session:
        found = session.execute(query.where(*due, User.suspended_at.is_(None))).all()
    published = []
    for project_id, repository_id in found:
        with _keep_going(project_id):
            _publish(project_id, repository_id)
            published.append(project_id)
    return published


def tell_owners() -> int:
    """Queue the mails about projects that turn public in a week or a day, each once; of how many projects."""
    soon = (Project.public_at > now(), Project.public_at <= now() + timedelta(days=TOLD_DAYS[0]))
    with read_transaction() as session:
        query = select(Project.id).where(*soon, Project.visibility == "private", Project.trashed_at.is_(None))
        ids = session.scalars(query).all()
    told = 0
    for project_id in ids:
        with _keep_going(project_id):
            told += _tell(project_id)
    return told


def _change(account: Account, project: ProjectAccess, end: datetime | None) -> None:
    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, "owner")
        row = session.get_one(Project, project.id)
        if row.visibility != "private":
            raise NotPrivate
        if row.public_at != end:
            row.public_at = end
            row.public_told_days = TOLD_DAYS[0] if end and end - now() < timedelta(days=TOLD_DAYS[0]) else None
            details = {"public_on": f"{end:%Y-%m-%d}"} if end else {}
            record(session, row.id, actor=account, kind="embargo", details=details)
        return describe(session, row)

    change_about(project.repository_id, change, actor=account.name)


@contextmanager
def _keep_going(project_id: int) -> Iterator[None]:
    """Log what fails with this project, such as one that nobody can change now: no other waits for it."""
    try:
        yield
    except (HoldfastError, SQLAlchemyError) as failure:
        log.warning("the embargo of project %d waits for an hour: %s", project_id, failure)


def _publish(project_id: int, repository_id: str) -> None:
    def change(session: Session) -> dict[str, Any]:
        row = session.get_one(Project, project_id)
        if row.public_at and row.public_at <= now() and row.visibility == "private" and row.trashed_at is None:
            row.visibility = "public"
            clear_embargo(row)
            record(session, row.id, actor=None, kind="published")
            _mail_owners(session, row, days=0)
        return describe(session, row)

    change_about(repository_id, change, actor=SYSTEM_ACTOR)


def _tell(project_id: int) -> bool:
    with transaction() as session:
        row = session.get_one(Project, project_id, with_for_update=True)
        if row.public_at is None or row.visibility != "private":
            return False
        left = row.public_at - now()
        passed = [days for days in TOLD_DAYS if left <= timedelta(days=days)]
        if not passed or (row.public_told_days is not None and row.public_told_days <= passed[-1]):
            return False
        row.public_told_days = passed[-1]
        _mail_owners(session, row, days=max(1, round(left / timedelta(days=1))))
    return True


def _mail_owners(session: Session, row: Project, *, days: int) -> None:
    name = f"{session.get_one(User, row.owner_id).name}/{row.name}"
    for user in list_project_owners(session, row):
        emails.mail_embargo(session, user, name, days=days, public_at=row.public_at)
