"""What somebody's projects hold, and what takes the room: those in the trash count, as long as they are there."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, select, true

from framework.accounts.core import plans
from framework.accounts.core.account import Account
from framework.accounts.core.plans import PlanHeld
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.projects.core.queries import is_within_reach
from framework.projects.members import quota
from framework.projects.models import Project
from framework.repositories.models import Repository

PAGE = 50


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
    """What an account's projects hold of what they may, those in the trash included, and a page of them by size.

    `pending_bytes` are on their way by LFS; `private_projects` is how many of all that the account owns are private.
    """

    held: PlanHeld
    pending_bytes: int
    private_projects: int
    used_bytes: int
    trashed_bytes: int
    trashed_projects: int
    projects: Sequence[Holding]
    number: int
    more: bool

    @property
    def limit_bytes(self) -> int | None:
        """What the plan allows together; None for no limit."""
        return self.held.plan.stored_bytes

    @property
    def room_bytes(self) -> int:
        """How much more can be stored."""
        return max(0, self.held.plan.most_bytes - self.used_bytes - self.pending_bytes)


def usage_of(account: Account, page: int = 1, length: int = PAGE) -> Usage:
    """What the projects hold that this person owns; what others own counts for them."""
    return _read_usage(account.id, is_within_reach(account), page, length)


def usage_of_owner(owner_id: int, page: int = 1, length: int = PAGE) -> Usage:
    """The same of any account, such as a group's."""
    return _read_usage(owner_id, true(), page, length)


def list_own_trash(account: Account) -> list[Holding]:
    """The person's own projects that are in the trash, the largest first."""
    mine = _select_holdings(account.id, is_within_reach(account)).where(Project.trashed_at.is_not(None))
    with read_transaction() as session:
        return [Holding(*row) for row in session.execute(mine)]


def _read_usage(owner_id: int, condition: ColumnElement[bool], page: int, length: int) -> Usage:
    held_bytes, in_trash = func.sum(Repository.stored_bytes), Project.trashed_at.is_not(None)
    counts = held_bytes, held_bytes.filter(in_trash), func.count().filter(in_trash)
    sums = select(*counts).select_from(Project).join(Repository, Repository.id == Project.repository_id)
    shown = _select_holdings(owner_id, condition).offset((page - 1) * length).limit(length + 1)
    with read_transaction() as session:
        held = plans.read_held_plan(session, session.get_one(User, owner_id))
        pending = quota.count_pending_of_owner(session, owner_id)
        private = quota.count_private_projects(session, owner_id)
        used, trashed, number = session.execute(sums.where(Project.owner_id == owner_id, condition)).one()
        found = [Holding(*row) for row in session.execute(shown)]
    totals = (pending, private, int(used or 0), int(trashed or 0), number)
    return Usage(held, *totals, found[:length], page, more=len(found) > length)


def _select_holdings(owner_id: int, condition: ColumnElement[bool]) -> Select[int, str, str, int, datetime | None]:
    # An expression, since PostgreSQL would walk all projects by size in search of the few that are this owner's.
    by_size = (Repository.stored_bytes + 0).desc()
    return (
        select(Project.id, User.name, Project.name, Repository.stored_bytes, Project.trashed_at)
        .join(User, User.id == Project.owner_id)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Project.owner_id == owner_id, condition)
        .order_by(by_size, Project.name_key)
    )
