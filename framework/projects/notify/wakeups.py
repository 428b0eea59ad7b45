"""Projects that were archived for being idle and are opened again: who takes part is told, once for each archive.

Nobody is told who looked: the event has no actor, and whoever opened the project gets no notice of it.
"""

from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.models import Event, Project
from framework.projects.notify import notices
from framework.projects.notify.notices import WOKEN
from framework.repositories.cache.archived import idle_since
from framework.repositories.models import Repository


def note(project_id: int, account_id: int | None) -> None:
    """Write that this person, or None for a stranger, has opened a project that was idle; the second visit is none."""
    with read_transaction() as session:
        if _idle_since(session, project_id) is None:
            return
    with transaction() as session:
        repository_id = session.get_one(Project, project_id).repository_id
        session.get_one(Repository, repository_id, with_for_update=True)
        since = _idle_since(session, project_id)
        if since is not None:
            _write(session, project_id, since, account_id)


def _idle_since(session: Session, project_id: int) -> datetime | None:
    """Since when nobody had used the project; None when it is awake, or its waking is written already."""
    of_project = select(Repository.archived_at, Repository.last_access_at).join(Project)
    archived_at, used_at = session.execute(of_project.where(Project.id == project_id)).one()
    since = idle_since(archived_at, used_at)
    if since is None:
        return None
    told = exists().where(Event.project_id == project_id, Event.created_at > archived_at, Event.kind == WOKEN)
    return None if session.scalar(select(told)) else since


def _write(session: Session, project_id: int, since: datetime, account_id: int | None) -> None:
    moment = now()
    event = Event(project_id=project_id, kind=WOKEN, details={"days": (moment - since).days}, created_at=moment)
    session.add(event)
    session.flush()
    notices.tell(session, event, but=account_id)
