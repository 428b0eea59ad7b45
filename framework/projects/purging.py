"""Purging: what no branch or tag leads to any more is dropped for good, such as a secret that was pushed by mistake."""

from sqlalchemy.orm import Session

from framework.accounts.account import Account
from framework.accounts.models import User
from framework.celery.outbox import enqueue
from framework.celery.work import announce, watched
from framework.database.session import reading, transaction
from framework.errors import Invalid
from framework.projects.access import ProjectAccess, recheck
from framework.projects.activity import record
from framework.projects.models import Project
from framework.repositories.change import Committed
from framework.repositories.consolidation import STEPS, Consolidated, Wish, consolidate

KIND = "purge"
TASK = "framework.projects.tasks.purge_project"


class NameNotRepeated(Invalid):
    """The name that was to confirm the purge is not the project's."""

    field = "confirmation"

    def __init__(self) -> None:
        super().__init__("This is not the project's name, so nothing was purged.")


def ask_for_purge(account: Account, project: ProjectAccess, *, confirmation: str) -> str:
    """Have the project purged by a worker; the address of the page that tells how far it is.

    Raises:
        NameNotRepeated: nothing happens. RoleTooLow: the caller is no owner any more.
    """
    if confirmation not in {project.name, project.full_name}:
        raise NameNotRepeated
    with transaction() as session:
        recheck(session, project.id, account, "owner")
        work_id = announce(session, KIND, project_id=project.id, owner_id=account.id, total=STEPS)
        enqueue(session, TASK, project.id, account.id, work_id, key=f"purge-{work_id}")
    return f"/work/{work_id}"


def purge(project_id: int, account_id: int, work_id: str) -> Consolidated | None:
    """Drop everything that no branch or tag leads to, on behalf of this person.

    Raises:
        What `consolidate` raises; nothing is dropped then.
    """
    with reading() as session:
        project, user = session.get_one(Project, project_id), session.get_one(User, account_id)
        actor = Account.of(user)

    def tell(session: Session, _committed: Committed) -> None:
        record(session, project_id, actor=actor, kind="purged")

    with watched(KIND, total=STEPS, project_id=project_id, owner_id=account_id, work_id=work_id) as work:
        done = consolidate(Wish(project.repository_id, purge=True, actor=actor.name, within=tell), work)
        work.say(done.sentence if done else "There was nothing to purge.")
    return done
