"""What happened in projects: one event a change, written in the change's own transaction."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.account import Account
from framework.accounts.models import User
from framework.database.session import reading
from framework.database.types import now
from framework.projects import notices
from framework.projects.models import Event, Member, Project

PAGE = 30


@dataclass(frozen=True)
class Activity:
    """One event as a page tells it; the actor is None when the account is gone."""

    kind: str
    details: dict[str, Any]
    actor: str | None
    owner: str
    project: str
    created_at: datetime

    @property
    def path(self) -> str:
        """The address of the project's page."""
        return f"/{self.owner}/{self.project}"


def record(
    session: Session, project_id: int, *, actor: Account, kind: str, details: dict[str, Any] | None = None
) -> None:
    """Write an event and the notices of whom it is news to, and note that the project has changed now.

    Kinds and details: `created`; `upload` and `commit` (branch, sha, title, files, file_count); `push` (branch
    or tag, sha, title; for a branch commits, how many are new, and the newest ones' titles; or deleted, the name of a
    branch or tag); `settings`; `person_added` and `person_changed` (person, role); `person_removed` (person);
    `trashed`; `restored`; `purged` (work). `woken` (days without a visit) changes nothing, and is written by itself.
    """
    event = Event(project_id=project_id, actor_id=actor.id, kind=kind, details=details or {}, created_at=now())
    session.add(event)
    session.get_one(Project, project_id).updated_at = event.created_at
    session.flush()
    notices.tell(session, event)


def read_activity(project_id: int, page: int = 1) -> list[Activity]:
    """A page of the project's events, newest first."""
    return _page(_events().where(Event.project_id == project_id), page)


def activity_around(account: Account, page: int = 1) -> list[Activity]:
    """A page of what happened in all projects that this person takes part in."""
    mine = select(Member.project_id).where(Member.user_id == account.id)
    query = _events().where(Project.trashed_at.is_(None), or_(Project.owner_id == account.id, Project.id.in_(mine)))
    if account.confined_to:
        query = query.where(Project.repository_id == account.confined_to)
    return _page(query, page)


def _events() -> Select[Event, str | None, str, str]:
    actor, owner = aliased(User), aliased(User)
    return (
        select(Event, actor.name, owner.name, Project.name)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .outerjoin(actor, actor.id == Event.actor_id)
    )


def _page(query: Select[Event, str | None, str, str], page: int) -> list[Activity]:
    chosen = query.order_by(Event.created_at.desc(), Event.id.desc()).offset((page - 1) * PAGE).limit(PAGE)
    with reading() as session:
        return [
            Activity(event.kind, event.details, actor, owner, project, event.created_at)
            for event, actor, owner, project in session.execute(chosen)
        ]
