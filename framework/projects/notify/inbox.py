"""The inbox: what is news to one person, on the web, and the mark that it was read."""

import logging
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import stopped
from framework.projects.models import Event, Member, Notice, Project
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


def read_inbox(account: Account, page: int = 1) -> list[InboxItem]:
    """A page of notices, newest first, and one more where another page follows.

    Those of projects that the person may no longer see are left out.
    """
    actor, owner = aliased(User), aliased(User)
    query = (
        select(Notice, Event, actor.name, owner.name, Project.name)
        .join(Event, Event.id == Notice.event_id)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .outerjoin(actor, actor.id == Event.actor_id)
    )
    chosen = query.where(*_visible(account)).order_by(Notice.id.desc()).offset((page - 1) * PAGE).limit(PAGE + 1)
    with read_transaction() as session:
        return [
            InboxItem(
                notice.id,
                Activity(event.kind, event.details, who, whose, project, event.created_at),
                notice.mentioned,
                notice.read_at is None,
            )
            for notice, event, who, whose, project in session.execute(chosen)
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
    unread = select(Notice.id).where(Notice.user_id == account.id, Notice.read_at.is_(None))
    newest = unread.order_by(Notice.id.desc()).limit(2 * MOST_COUNTED)  # of projects that were left since, too
    counted = select(func.count()).select_from(Notice).join(Event, Event.id == Notice.event_id)
    seen = counted.join(Project, Project.id == Event.project_id).where(Notice.id.in_(newest), *_visible(account))
    try:
        with read_transaction() as session:
            count = min(session.scalar(seen) or 0, MOST_COUNTED)
            return TopbarStatus(count, stopped.reason_for(session, account.email))
    except SQLAlchemyError as failure:
        log.warning("The unread notices were not counted: %s", failure)
        return TopbarStatus()


def _visible(account: Account) -> tuple[ColumnElement[bool], ...]:
    """Of the person's own notices those whose project they may see."""
    takes_part = select(Member.project_id).where(Member.user_id == account.id)
    sees = or_(Project.owner_id == account.id, Project.id.in_(takes_part), Project.visibility == "public")
    return Notice.user_id == account.id, sees
