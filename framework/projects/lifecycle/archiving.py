"""Archiving on demand: the owner asks, a worker packs the project neatly and has its copies dropped."""

from framework.accounts.core.account import Account
from framework.celery.jobs import announce, track_progress
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.models import Project
from framework.repositories.maintenance.archiving import Archived, archive
from framework.repositories.maintenance.consolidation import STEPS

KIND = "archive"
TASK = "framework.projects.tasks.archive_project"


def ask_for_archive(account: Account, project: ProjectAccess) -> str:
    """Have the project archived by a worker; the id of the work, by which one can tell how far it is.

    Raises:
        RoleTooLow: the caller is no maintainer any more.
    """
    with transaction() as session:
        recheck(session, project.id, account, "maintainer")
        work_id = announce(session, KIND, project_id=project.id, owner_id=account.id, total=STEPS)
        enqueue(session, TASK, project.id, account.id, work_id, key=f"archive-{work_id}")
    return work_id


def archive_for(project_id: int, account_id: int, work_id: str) -> Archived:
    """Archive the project while its owner watches.

    Raises:
        What `archive` raises.
    """
    with read_transaction() as session:
        repository_id = session.get_one(Project, project_id).repository_id
    with track_progress(KIND, total=STEPS, project_id=project_id, owner_id=account_id, work_id=work_id) as work:
        return archive(repository_id, work)
