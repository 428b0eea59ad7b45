"""The end of a project: after its days in the trash, or when an owner says so, it is deleted for good.

The journal's last entry says so first, then SQL; the collector takes what is left in the store. A crash in between
leaves a project in the trash, whose turn comes again.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict
from framework.projects.core.access import ProjectAccess
from framework.projects.core.description import describe
from framework.projects.core.groups import refresh_teller
from framework.projects.core.tellers import let_next_tell
from framework.projects.core.validation import NameNotRepeated, require_own_name
from framework.projects.lifecycle.leaving import forget_owner
from framework.projects.lifecycle.operations import open_trashed_project
from framework.projects.members.usage import list_own_trash
from framework.projects.models import Project
from framework.repositories.cache import eviction
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.catalog.deletion import remove_rows
from framework.repositories.models import Repository
from framework.repositories.write.creation import change_about


class NotInTrash(Conflict):
    """The project was restored meanwhile."""

    def __init__(self) -> None:
        super().__init__("The project is not in the trash, so it was not deleted.")


def list_expired_projects() -> list[int]:
    """The projects that have been in the trash for `TRASH_DAYS`."""
    before = now() - timedelta(days=config.current().trash_days)
    with read_transaction() as session:
        return list(session.scalars(select(Project.id).where(Project.trashed_at < before)))


def delete_from_trash(account: Account, project: ProjectAccess, *, confirmation: str) -> str:
    """Delete a project for good that this person, an owner, has named once more; its full name.

    Raises:
        NameNotRepeated, NotInTrash, NotConfirmed: nothing is deleted. ProjectNotFound: the caller is no owner any more.
    """
    if confirmation not in {project.name, project.full_name}:
        raise NameNotRepeated("project", "deleted")
    open_trashed_project(account, project.id)
    delete_for_good(project.id, by=account)
    return project.full_name


def empty_trash_of(account: Account, *, confirmation: str) -> int:
    """Delete for good what is in the trash and belongs to this person; how many projects.

    `confirmation` is their user name, typed once more.

    Raises:
        OtherName: nothing is deleted.
        NotConfirmed: the store did not take an entry; what came before is deleted.
    """
    require_own_name(account, confirmation)
    deleted = 0
    for project in list_own_trash(account):
        with suppress(NotInTrash):  # restored meanwhile, or deleted by another click
            delete_for_good(project.id, by=account)
            deleted += 1
    return deleted


def delete_for_good(project_id: int, *, by: Account | None = None) -> None:
    """Delete a project that is in the trash, and everything in it; `by` is None for the schedule.

    Raises:
        NotInTrash: it is not there any more; nothing is deleted.
        NotConfirmed: the store did not take the entry that says so; nothing is deleted yet.
    """
    with read_transaction() as session:
        repository_id = _find_in_trash(session, project_id).repository_id
    let_next_tell(project_id)

    def say_so(session: Session) -> dict[str, Any]:
        return describe(session, _find_in_trash(session, project_id)) | {
            "deleted_at": now().isoformat(timespec="seconds")
        }

    change_about(repository_id, say_so, actor=by.name if by else SYSTEM_ACTOR)
    with transaction() as session:
        repository = session.get_one(Repository, repository_id, with_for_update=True)
        project = _find_in_trash(session, project_id)
        if "deleted_at" not in repository.about:  # restored, and put into the trash again
            raise NotInTrash
        told = audit.ToldProject(project.id, f"{session.get_one(User, project.owner_id).name}/{project.name}")
        audit.record(session, "deleted", actor=by, project=told)
        session.delete(project)
        session.flush()
        remove_rows(session, repository_id)
        refresh_teller(session, project.owner_id)
        forget_owner(session, project.owner_id)
    eviction.evict(repository_id)


def _find_in_trash(session: Session, project_id: int) -> Project:
    project = session.get(Project, project_id)
    if project is None or project.trashed_at is None:
        raise NotInTrash
    return project
