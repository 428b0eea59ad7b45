"""What somebody's projects hold, and what takes the room: those in the trash count, as long as they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, true

from framework.accounts.core import plans
from framework.accounts.core.account import Account
from framework.accounts.core.plans import PlanHeld
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.projects.core.queries import is_within_reach
from framework.projects.members import quota
from framework.projects.models import Project
from framework.repositories.models import Repository


@dataclass(frozen=True)
class Holding:
    """A project that the person owns, and what it holds in the store, in bytes."""

    id: int
    owner: str
    name: str
    size_bytes: int
    trashed_at: datetime | None

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/{self.owner}/{self.name}"


@dataclass(frozen=True)
class Usage:
    """What the person's projects hold of what they may, the largest first; `pending_bytes` are on their way by LFS.

    `private_projects` is how many of all that they own are private, those in the trash included.
    """

    held: PlanHeld
    pending_bytes: int
    private_projects: int
    projects: Sequence[Holding]

    @property
    def limit_bytes(self) -> int | None:
        """What the plan allows together; None for no limit."""
        return self.held.plan.stored_bytes

    @property
    def used_bytes(self) -> int:
        """All of them together."""
        return sum(project.size_bytes for project in self.projects)

    @property
    def trashed_bytes(self) -> int:
        """What would be free without the trash."""
        return sum(project.size_bytes for project in self.projects if project.trashed_at)

    @property
    def room_bytes(self) -> int:
        """How much more can be stored."""
        return max(0, self.held.plan.most_bytes - self.used_bytes - self.pending_bytes)


def usage_of(account: Account) -> Usage:
    """What the projects hold that this person owns; what others own counts for them."""
    return _read_usage(account.id, is_within_reach(account))


def usage_of_owner(owner_id: int) -> Usage:
    """The same of any account, such as a group's."""
    return _read_usage(owner_id, true())


def _read_usage(owner_id: int, condition: ColumnElement[bool]) -> Usage:
    query = (
        select(Project.id, User.name, Project.name, Repository.stored_bytes, Project.trashed_at)
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Project.owner_id == owner_id, condition)
        .order_by(Repository.stored_bytes.desc(), Project.name_key)
    )
    with read_transaction() as session:
        held = plans.read_held_plan(session, session.get_one(User, owner_id))
        pending = quota.count_pending_of_owner(session, owner_id)
        private = quota.count_private_projects(session, owner_id)
        holdings = [Holding(*row) for row in session.execute(query)]
    return Usage(held, pending, private, holdings)
