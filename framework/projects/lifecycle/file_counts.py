"""What a project's files take, counted by a worker when an owner asks; one count of a project at a time is enough."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.celery.jobs import RUNNING, WAITING, Work, announce, track_progress
from framework.celery.models import BackgroundJob, OutboxRow
from framework.celery.outbox import FAILED, FINISHED, enqueue
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.models import Project
from framework.repositories.catalog.file_surveys import read_survey, remember_survey
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.old_versions.survey import survey

COUNT = "count"
COUNT_TASK = "framework.projects.tasks.count_files"


def ask_for_count(account: Account, project: ProjectAccess) -> str:
    """Have the project's files counted by a worker; the address of the page that tells how far it is.

    Where a count waits or runs already, it is that one's.

    Raises:
        RoleTooLow: the caller is no maintainer any more.
    """
    with transaction() as session:
        recheck(session, project.id, account, "maintainer")
        work_id = _find_unfinished(session, project.id)
        if work_id is None:
            work_id = announce(session, COUNT, project_id=project.id, owner_id=account.id)
            enqueue(session, COUNT_TASK, project.id, account.id, work_id, key=_key(work_id))
    return f"/work/{work_id}"


def count_files(project_id: int, account_id: int, work_id: str) -> int:
    """Count what the files of the project take, while its owner watches; how many are listed."""
    with read_transaction() as session:
        repository_id = session.get_one(Project, project_id).repository_id
    with track_progress(COUNT, project_id=project_id, owner_id=account_id, work_id=work_id) as work:
        listed = count_again(repository_id, work)
        work.say("The storage page shows what was counted.")
    return listed


def count_again(repository_id: str, work: Work) -> int:
    """Count as a part of a work that is under way, unless the newest version is counted already; how many are listed.

    Raises:
        What `survey` raises.
    """
    known, newest = read_survey(repository_id), read_snapshot(repository_id)
    if known is None or (known.epoch, known.version) != (newest.epoch, newest.version):
        known = survey(repository_id, work)
        remember_survey(repository_id, known)
    return len(known.files)


def _find_unfinished(session: Session, project_id: int) -> str | None:
    """The count that waits or runs, unless its task has ended without saying so."""
    under_way = select(BackgroundJob.id).where(
        BackgroundJob.project_id == project_id,
        BackgroundJob.kind == COUNT,
        BackgroundJob.state.in_((WAITING, RUNNING)),
    )
    for work_id in session.scalars(under_way.order_by(BackgroundJob.created_at.desc())):
        row = session.get(OutboxRow, _key(work_id))
        if row and row.state not in {FINISHED, FAILED}:
            return work_id
    return None


def _key(work_id: str) -> str:
    return f"count-{work_id}"
