"""What somebody's projects hold, and what takes the room: those in the trash count, as long as they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.projects.core.queries import is_within_reach
from framework.projects.models import Project
from framework.repositories.catalog.lfs_objects import count_pending_bytes
from framework.repositories.models import Repository

PLAN = "standard"
"""There is one plan: `QUOTA_BYTES` for everyone."""


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
    """What the person's projects hold of what they may, the largest first; `pending_bytes` are on their way by LFS."""

    limit_bytes: int
    pending_bytes: int
    projects: Sequence[Holding]

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
        return max(0, self.limit_bytes - self.used_bytes - self.pending_bytes)


def usage_of(account: Account) -> Usage:
    """What the projects hold that this person owns; what others own counts for them."""
    query = (
        select(Project.id, User.name, Project.name, Repository.stored_bytes, Project.trashed_at)
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Project.owner_id == account.id, is_within_reach(account))
        .order_by(Repository.stored_bytes.desc(), Project.name_key)
    )
    with read_transaction() as session:
        pending = count_pending_bytes(session, select(Project.repository_id).where(Project.owner_id == account.id))
        holdings = [Holding(*row) for row in session.execute(query)]
    return Usage(config.current().quota_bytes, pending, holdings)
