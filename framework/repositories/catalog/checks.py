"""The checks of what is stored: which rows are checked, how often, and what the checks so far say."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from framework import config
from framework.database.session import read_transaction
from framework.database.types import now
from framework.repositories.models import LfsObject, Pack, Repository

Row = Pack | LfsObject
"""What is checked as one: a pack with its index and side files, or a Git LFS object."""

TABLES: tuple[type[Pack] | type[LfsObject], ...] = (Pack, LfsObject)


@dataclass(frozen=True)
class Health:
    """What is known of everything in the store: what is damaged, and how old the oldest check is.

    `late` says that a check is older than twice the days that it may be.
    """

    damaged_packs: int
    damaged_lfs_objects: int
    damaged_repositories: int
    oldest_check_at: datetime | None
    late: bool
    example: str | None


@dataclass(frozen=True)
class Pace:
    """How often objects are read back: within `days`; `moved` are those in a cheaper storage class."""

    days: int
    moved: bool

    def takes(self, table: type[Row]) -> ColumnElement[bool]:
        """Which rows of this table are to be read at this pace."""
        chosen = table.storage_class.is_not(None) if self.moved else table.storage_class.is_(None)
        return chosen & in_use(table)


def in_use(table: type[Row]) -> ColumnElement[bool]:
    """Which rows name what a version needs."""
    return Pack.superseded_version.is_(None) if table is Pack else true()


def read_health() -> Health:
    """What the checks so far say; the store is not asked."""
    with read_transaction() as session:
        return health_of(session)


def health_of(session: Session) -> Health:
    """The same in the caller's session."""
    packs, lfs_objects = (
        session.scalars(select(table.fault).where(in_use(table), table.fault.is_not(None))).all() for table in TABLES
    )
    repositories = session.scalars(select(Repository.fault).where(Repository.fault.is_not(None))).all()
    oldest = {pace: _oldest_check(session, pace) for pace in paces()}
    return Health(
        damaged_packs=len(packs),
        damaged_lfs_objects=len(lfs_objects),
        damaged_repositories=len(repositories),
        oldest_check_at=min((moment for moment in oldest.values() if moment), default=None),
        late=any(moment and now() - moment > timedelta(days=2 * pace.days) for pace, moment in oldest.items()),
        example=next(iter([*packs, *lfs_objects, *repositories]), None),
    )


def paces() -> tuple[Pace, Pace]:
    """How fast each class of storage is read back, as the settings say."""
    settings = config.current()
    return (
        Pace(max(1, settings.scrub_days), moved=False),
        Pace(max(1, settings.scrub_archived_days), moved=True),
    )


def _oldest_check(session: Session, pace: Pace) -> datetime | None:
    found = [session.scalar(select(func.min(table.checked_at)).where(pace.takes(table))) for table in TABLES]
    return min((moment for moment in found if moment), default=None)


def size_bytes(row: Row) -> int:
    """What it takes in the store."""
    return row.pack_bytes + row.stored_idx_bytes if isinstance(row, Pack) else row.size_bytes
