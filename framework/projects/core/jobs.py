"""Long work as people may see it: who started it, who may see its project, and administrators."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select, true
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.celery.jobs import FAILED, FINISHED, RUNNING, SILENT_AFTER
from framework.celery.models import BackgroundJob
from framework.database.session import read_transaction
from framework.database.types import now
from framework.errors import NotFound
from framework.projects.core.access import ProjectAccess, ProjectNotFound, recheck
from framework.projects.models import Project

SILENT = "silent"
LISTED = 50
TITLES = {
    "purge": "Erasing removed content",
    "count": "Counting the files",
    "own_data": "Export of your data",
    "removal": "Removing old versions of a file",
}
"""What is being done, where its kind is no word that people use."""


class JobNotFound(NotFound):
    """There is no such work, or the caller may not know of it."""

    def __init__(self) -> None:
        super().__init__("There is no such job, or you may not see it. Check the address, or sign in.")


@dataclass(frozen=True)
class VisibleJob:
    """A long work as a page shows it; `state` is that of its row, or `silent` when nobody has heard of it for long."""

    id: str
    kind: str
    state: str
    done: int
    total: int
    message: str
    project: str | None
    created_at: datetime
    updated_at: datetime

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/work/{self.id}"

    @property
    def title(self) -> str:
        """What is being done, and where."""
        return TITLES.get(self.kind, self.kind.capitalize()) + (f" of {self.project}" if self.project else "")

    @property
    def has_ended(self) -> bool:
        """Whether nothing more is to come."""
        return self.state in {FINISHED, FAILED}

    @property
    def words(self) -> str:
        """The state as people say it, with how far it is."""
        amount = f"{self.done:,} of {self.total:,}" if self.total else f"{self.done:,} done"
        return {
            "waiting": "Waiting for its turn",
            RUNNING: f"Running, {amount}",
            SILENT: f"No progress reported for a while, {amount}; if it was interrupted, it starts again by itself",
            FINISHED: "Finished",
            FAILED: f"Ended early, {amount}",
        }[self.state]

    def as_json(self) -> dict[str, Any]:
        """What a program is told."""
        shown = ("id", "kind", "title", "state", "words", "done", "total", "message", "has_ended")
        return {name: getattr(self, name) for name in shown}


def job_for(account: Account | None, work_id: str) -> VisibleJob:
    """A work that this person may see.

    Raises:
        JobNotFound: there is none.
    """
    with read_transaction() as session:
        found = session.execute(_works().where(BackgroundJob.id == work_id)).one_or_none()
        if found is None or not _may_see(session, found[0], account):
            raise JobNotFound
        return _describe(*found)


def read_job(account: Account | None, project: ProjectAccess, work_id: str) -> VisibleJob:
    """A work on this project, which the person may see.

    Raises:
        JobNotFound: there is none.
    """
    found = job_for(account, work_id)
    if found.project != project.full_name:
        raise JobNotFound
    return found


def list_jobs(account: Account) -> list[VisibleJob]:
    """What this person has started lately, the newest first; for administrators whatever anybody has."""
    own = true() if account.admin else BackgroundJob.owner_id == account.id
    with read_transaction() as session:
        rows = session.execute(_works().where(own).order_by(BackgroundJob.created_at.desc()).limit(LISTED)).all()
        return [_describe(*row) for row in rows]


def _works() -> Select[BackgroundJob, str | None, str | None]:
    return (
        select(BackgroundJob, User.name, Project.name)
        .outerjoin(Project, Project.id == BackgroundJob.project_id)
        .outerjoin(User, User.id == Project.owner_id)
    )


def _may_see(session: Session, work: BackgroundJob, account: Account | None) -> bool:
    if account is not None and (account.admin or work.owner_id == account.id):
        return True
    if work.project_id is not None:
        with suppress(ProjectNotFound):
            return bool(recheck(session, work.project_id, account, "reader"))
    return False


def _describe(work: BackgroundJob, owner: str | None, project: str | None) -> VisibleJob:
    silent = work.state == RUNNING and work.updated_at < now() - SILENT_AFTER
    return VisibleJob(
        id=work.id,
        kind=work.kind,
        state=SILENT if silent else work.state,
        done=work.done,
        total=work.total,
        message=work.message,
        project=f"{owner}/{project}" if owner else None,
        created_at=work.created_at,
        updated_at=work.updated_at,
    )
