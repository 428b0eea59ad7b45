"""How much somebody with an account may announce: what there is room for where they may write.

A token for one project names it, so that project's owner is asked. Whoever may write in several is asked where there is
most room: which of them is meant is known only when the upload becomes a file.
"""

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core import plans
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.projects.core.access import ProjectNotFound, recheck
from framework.projects.members import quota
from framework.projects.models import Project


def read_room(session: Session, account: Account) -> int:
    """How many more bytes the account may store."""
    owner = _find_owner(session, account)
    return quota.read_owner_usage(session, owner).room_bytes if owner else quota.most_room_bytes(session, account.id)


def refuse_over_plan(session: Session, account: Account, name: str, size_bytes: int) -> None:
    """Let a file pass that is no larger than the plan allows, where it is known whose plan counts.

    Raises:
        FileOverPlan. What `read_room` raises.
    """
    if owner := _find_owner(session, account):
        quota.refuse_large_file(plans.plan_of(session, owner), name, size_bytes)


def _find_owner(session: Session, account: Account) -> User | None:
    """The owner of the one project that the account's token is for; None for a token without such a limit.

    Raises:
        ProjectNotFound, RoleTooLow: the account may not write there.
    """
    if account.confined_to is None:
        return None
    project_id = session.scalar(select(Project.id).where(Project.repository_id == account.confined_to))
    if project_id is None:
        raise ProjectNotFound
    return session.get_one(User, recheck(session, project_id, account, "writer"))
