"""The end of a project: after its days in the trash it is deleted for good, in the log first, then in SQL.

The log's last entry says so; the collector then takes what is left in the store. A crash in between leaves a project in
the trash, whose turn comes again.
"""

from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.database.session import reading, transaction
from framework.database.types import now
from framework.errors import Conflict
from framework.projects.about import describe
from framework.projects.models import Project
from framework.repositories import eviction
from framework.repositories.change import HOUSE
from framework.repositories.models import Repository
from framework.repositories.operations import change_about
from framework.repositories.removal import remove_rows


class NotInTrash(Conflict):
    """The project was restored meanwhile."""

    def __init__(self) -> None:
        super().__init__("The project is not in the trash, so it was not deleted.")


def expired_projects() -> list[int]:
    """The projects that have been in the trash for `TRASH_DAYS`."""
    before = now() - timedelta(days=config.current().trash_days)
    with reading() as session:
        return list(session.scalars(select(Project.id).where(Project.trashed_at < before)))


def delete_for_good(project_id: int) -> None:
    """Delete a project that is in the trash, and everything in it.

    Raises:
        NotInTrash: it is not there any more; nothing is deleted.
        NotConfirmed: the store did not take the entry that says so; nothing is deleted yet.
    """
    with reading() as session:
        repository_id = session.get_one(Project, project_id).repository_id

    def say_so(session: Session) -> dict[str, Any]:
        return describe(session, _trashed(session, project_id)) | {"deleted_at": now().isoformat(timespec="seconds")}

    change_about(repository_id, say_so, actor=HOUSE)
    with transaction() as session:
        repository = session.get_one(Repository, repository_id, with_for_update=True)
        project = _trashed(session, project_id)
        if "deleted_at" not in repository.about:  # restored, and put into the trash again
            raise NotInTrash
        session.delete(project)
        session.flush()
        remove_rows(session, repository_id)
    eviction.evict(repository_id)


def _trashed(session: Session, project_id: int) -> Project:
    project = session.get(Project, project_id)
    if project is None or project.trashed_at is None:
        raise NotInTrash
    return project
