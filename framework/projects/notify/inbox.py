"""The inbox: what is news to one person, on the web, and the mark that it was read."""

import logging
from dataclasses import dataclass

from sqlalchemy import ColumnElement, ScalarSelect, SQLColumnExpression, bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import stopped
from framework.projects.core.groups import may_see
from framework.projects.models import Event, Notice, Project
from framework.projects.notify.activity import Activity

PAGE = 30
MOST_COUNTED = 100

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class InboxItem:
    """One notice as the page shows it."""

    id: int
    event: Activity
    mentioned: bool
    unread: bool


@dataclass(frozen=True)
class TopbarStatus:
    """What the top of every page tells: unread notices (100: so many or more), and why mail does not arrive."""

    unread: int = 0
    mail_problem: str | None = None

    @classmethod
    def of(cls, unread: int, mail_problem: str | None) -> "TopbarStatus":
        """What `select_status` has found."""
        return cls(min(unread, MOST_COUNTED), mail_problem)


def read_inbox(account: Account, page: int = 1) -> list[InboxItem]:
    """A page of notices, newest first, and one more where another page follows.

    Those of projects that the person may no longer see are left out.
    """
    actor, owner = aliased(User), aliased(User)
    query = (
        select(Notice, Event, actor.name, owner.name, Project.name, actor.full_name, actor.picture)
        .join(Event, Event.id == Notice.event_id)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .outerjoin(actor, actor.id == Event.actor_id)
    )
    seen = (
        _visible(account.id) if account.takes_part else (Notice.user_id == account.id, Project.owner_id == account.id)
    )
    chosen = query.where(*seen).order_by(Notice.id.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
    with read_transaction() as session:
        return [
            InboxItem(
                notice.id,
                Activity(event.kind, event.details, who, whose, project, event.created_at, full_name or "", picture),
                notice.mentioned,
                notice.read_at is None,
            )
            for notice, event, who, whose, project, full_name, picture in session.execute(chosen)
        ]


def mark_read(account: Account, notice_id: int | None = None) -> None:
    """Note that one of the person's notices, or with None every one, was read."""
    mine: list[ColumnElement[bool]] = [Notice.user_id == account.id, Notice.read_at.is_(None)]
    if notice_id is not None:
        mine.append(Notice.id == notice_id)
    with transaction() as session:
        session.execute(update(Notice).where(*mine).values(read_at=now()))


def read_topbar_status(account: Account | None) -> TopbarStatus:
    """What the top of a page tells this person; nothing where the database does not answer, for pages of errors."""
    if account is None:
        return TopbarStatus()
    try:
        with read_transaction() as session:
            return TopbarStatus.of(*session.execute(_STATUS, {"account_id": account.id}).one())
    except SQLAlchemyError as failure:
        log.warning("The unread notices were not counted: %s", failure)
        return TopbarStatus()


def select_status() -> tuple[ScalarSelect[int], ScalarSelect[str]]:
    """What a statement that finds a person's row has to select for `TopbarStatus.of`.

    Unread notices of projects that they may no longer see are left out.
    """
    unread = select(Notice.id).where(Notice.user_id == User.id, Notice.read_at.is_(None))
    newest = unread.order_by(Notice.id.desc()).limit(2 * MOST_COUNTED).correlate(User)
    counted = select(func.count()).select_from(Notice).join(Event, Event.id == Notice.event_id)
    seen = counted.join(Project, Project.id == Event.project_id).where(Notice.id.in_(newest), *_visible(User.id))
    return seen.correlate(User).scalar_subquery(), stopped.select_reason(User.email, User.email_key)


def _visible(user_id: SQLColumnExpression[int] | int) -> tuple[ColumnElement[bool], ...]:
    """Of the person's own notices those whose project they may see."""
    return Notice.user_id == user_id, may_see(user_id)


_STATUS = select(*select_status()).where(User.id == bindparam("account_id"))
