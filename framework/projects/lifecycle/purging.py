"""Purging: what no branch or tag leads to any more is dropped for good, such as a secret that was pushed by mistake."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, read_account
from framework.celery.jobs import Work, announce, track_progress
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.validation import NameNotRepeated
from framework.projects.models import Event, Project
from framework.projects.notify.activity import record
from framework.repositories.catalog.changes import Committed
from framework.repositories.maintenance.consolidation import STEPS, Consolidated, RepackRequest, consolidate

KIND, DONE = "purge", "purged"
DONE_BEFORE = "The removed content is erased."
TASK = "framework.projects.tasks.purge_project"


def ask_for_purge(account: Account, project: ProjectAccess, *, confirmation: str) -> str:
    """Have the project purged by a worker; the address of the page that tells how far it is.

    Raises:
        NameNotRepeated: nothing happens. RoleTooLow: the caller is no owner any more.
    """
    if confirmation not in {project.name, project.full_name}:
        raise NameNotRepeated("project", "erased")
    with transaction() as session:
        recheck(session, project.id, account, "owner")
        work_id = announce(session, KIND, project_id=project.id, owner_id=account.id, total=STEPS)
        enqueue(session, TASK, project.id, account.id, work_id, key=f"purge-{work_id}")
    return f"/work/{work_id}"


def purge(project_id: int, account_id: int, work_id: str) -> bool:
    """Drop everything that no branch or tag leads to, on behalf of this person; whether there was anything to repack.

    What a run has done that was killed before it could say so is not done again.

    Raises:
        What `consolidate` raises; nothing is dropped then.
    """
    with track_progress(KIND, total=STEPS, project_id=project_id, owner_id=account_id, work_id=work_id) as work:
        done_before, done = purge_as(project_id, account_id, work)
        work.say(done.sentence if done else DONE_BEFORE if done_before else "There was nothing to erase.")
    return done_before or done is not None


def purge_as(project_id: int, account_id: int, work: Work) -> tuple[bool, Consolidated | None]:
    """The same as a part of a work that is under way: whether an earlier run had done it, and what came of this one.

    Raises:
        What `consolidate` raises; nothing is dropped then.
    """
    with read_transaction() as session:
        project, actor = session.get_one(Project, project_id), read_account(session, account_id)
        done_before = _was_done(session, project_id, work.id)

    def tell(session: Session, _committed: Committed) -> None:
        record(session, project_id, actor=actor, kind=DONE, details={"work": work.id})

    request = RepackRequest(project.repository_id, purge=True, actor=actor.name, in_transaction=tell)
    return done_before, None if done_before else consolidate(request, work)


def _was_done(session: Session, project_id: int, work_id: str) -> bool:
    """Whether an earlier run of the task made its version, and was killed before it could say so."""
    purges = select(Event.details).where(Event.project_id == project_id, Event.kind == DONE)
    return any(details.get("work") == work_id for details in session.scalars(purges))
