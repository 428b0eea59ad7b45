"""What happens to projects by itself: the journal follows people's names and addresses, and the trash is emptied."""

from celery.utils.log import get_task_logger
from sqlalchemy import select, union
from sqlalchemy.exc import SQLAlchemyError

from framework.accounts.lifecycle.invitations import forget_expired
from framework.celery.celery import app
from framework.celery.job import Job
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.errors import HoldfastError
from framework.projects.core import offers
from framework.projects.core.addresses import select_moved_from
from framework.projects.core.description import describe
from framework.projects.core.groups import select_tellers
from framework.projects.lifecycle import embargo, file_counts, leaving, old_versions, unconfirmed
from framework.projects.lifecycle.archiving import archive_for
from framework.projects.lifecycle.deletion import delete_for_good, list_expired_projects
from framework.projects.lifecycle.purging import purge
from framework.projects.members import counted_bytes, invitations
from framework.projects.models import Invitation, Member, Project
from framework.projects.notify import activity, digests, notices
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.catalog.storage_totals import count_totals
from framework.repositories.models import Repository
from framework.repositories.write.creation import change_about

logger = get_task_logger(__name__)


@app.task(name="framework.projects.tasks.refresh_person")
def refresh_person(user_id: int) -> int:
    """Have every project that tells of this person refreshed, in a task of its own; how many there are."""
    owned = select(Project.id).where(Project.owner_id == user_id)
    takes_part = select(Member.project_id).where(Member.user_id == user_id)
    with transaction() as session:
        named = union(owned, takes_part, select_moved_from(user_id), select_tellers(user_id))
        project_ids = session.scalars(named).all()
        for project_id in project_ids:
            enqueue(session, "framework.projects.tasks.refresh_about", project_id)
    return len(project_ids)


@app.task(name="framework.projects.tasks.refresh_about")
def refresh_about(project_id: int) -> bool:
    """Tell the journal what the project is now; whether that was news."""
    with read_transaction() as session:
        project = session.get(Project, project_id)
        if project is None:  # deleted meanwhile
            return False
        told = session.get_one(Repository, project.repository_id).about
        if describe(session, project) == told:
            return False
    change_about(
        project.repository_id,
        lambda session: describe(session, session.get_one(Project, project_id)),
        actor=SYSTEM_ACTOR,
    )
    return True


@app.task(name="framework.projects.tasks.take_invitations")
def take_invitations(user_id: int) -> int:
    """Let somebody take every invitation for the address that they have confirmed; how many there were."""
    return invitations.take_all(user_id)


@app.task(name="framework.projects.tasks.finish_deletion")
def finish_deletion(user_id: int) -> bool:
    """Delete the account of somebody who has asked for it; whether there still was one."""
    return leaving.finish(user_id)


@app.task(base=Job, name="framework.projects.tasks.remove_unconfirmed")
def remove_unconfirmed() -> int:
    """Remove the empty accounts whose address was never confirmed, a few days after a mail; how many."""
    return unconfirmed.remove_unconfirmed()


@app.task(base=Job, name="framework.projects.tasks.forget_invitations")
def forget_invitations() -> int:
    """Delete the invitations and the offers of projects that have ended; how many."""
    return forget_expired(Invitation) + offers.forget_expired()


@app.task(base=Job, name="framework.projects.tasks.end_embargoes")
def end_embargoes() -> int:
    """Make projects public whose day has come, and tell owners of those that follow; how many turned public."""
    published = embargo.publish_due()
    embargo.tell_owners()
    return len(published)


@app.task(name="framework.projects.tasks.purge_project")
def purge_project(project_id: int, account_id: int, work_id: str) -> bool:
    """Drop what no branch or tag of the project leads to; whether there was anything to repack."""
    return purge(project_id, account_id, work_id)


@app.task(name="framework.projects.tasks.count_files")
def count_files(project_id: int, account_id: int, work_id: str) -> int:
    """Count what the versions of the project's files take; how many files are listed."""
    return file_counts.count_files(project_id, account_id, work_id)


@app.task(name="framework.projects.tasks.remove_old_versions")
def remove_old_versions(
    project_id: int, account_id: int, work_id: str, path: str, *, kept: list[str], rewrites_protected: bool
) -> bool:
    """Take old versions of a file out of the project's history and erase them; whether there were any."""
    return old_versions.remove(project_id, account_id, work_id, path, kept=kept, rewrites_protected=rewrites_protected)


@app.task(base=Job, name="framework.projects.tasks.send_news")
def send_news() -> int:
    """Queue the mails about what is new whose time has come; how many."""
    return digests.send_news()


@app.task(base=Job, name="framework.projects.tasks.forget_notices")
def forget_notices() -> int:
    """Delete the notices that nobody looks for any more; how many."""
    return notices.forget_old()


@app.task(base=Job, name="framework.projects.tasks.forget_events")
def forget_events() -> int:
    """Delete the activity that is too old to be told; how many events."""
    return activity.forget_old()


@app.task(name="framework.projects.tasks.archive_project")
def archive_project(project_id: int, account_id: int, work_id: str) -> bool:
    """Pack the project neatly and drop its copies; whether the one on this machine is gone."""
    return archive_for(project_id, account_id, work_id).dropped


@app.task(base=Job, name="framework.projects.tasks.empty_trash")
def empty_trash() -> int:
    """Delete for good what has been in the trash for `TRASH_DAYS`; how many projects."""
    deleted = 0
    for project_id in list_expired_projects():
        try:
            delete_for_good(project_id)
            deleted += 1
        except (HoldfastError, SQLAlchemyError) as failure:  # no other project waits for one that nobody can change now
            logger.warning("project %d stays in the trash: %s", project_id, failure)
    return deleted


@app.task(base=Job, name="framework.projects.tasks.count_storage")
def count_storage() -> int:
    """Add up what each account's projects store, for lists, and what all do; how many accounts' sums have changed."""
    count_totals()
    return counted_bytes.count_anew()
