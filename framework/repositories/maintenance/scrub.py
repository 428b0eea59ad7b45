"""The scrub: packs and Git LFS objects are read back from the store and compared with what SQL recorded, hour by hour.

What is wrong stands in the row until it is right again or in use no longer; nothing is repaired here, for there is no
second copy in the store: the sentence tells whoever runs the server what to bring back. What lies in a class that is
cheap to keep is dear to read, so its turn comes more rarely.
"""

import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import ColumnElement, func, select, true, update
from sqlalchemy.orm import Session

from framework import config
from framework.database.session import reading, transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.maintenance.read_back import object_fault
from framework.repositories.maintenance.verification import Verified
from framework.repositories.models import LfsObject, Pack, Repository

RUNS_PER_DAY = 24
MOST_PER_RUN = 10_000
SAMPLE_SHARE = 0.01

Row = Pack | LfsObject
"""What is checked as one: a pack with its index and side files, or a Git LFS object."""

TABLES: tuple[type[Pack] | type[LfsObject], ...] = (Pack, LfsObject)

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """What was read back: packs, Git LFS objects, bytes, and how many of them are damaged or missing."""

    packs: int = 0
    size_bytes: int = 0
    faults: int = 0
    lfs_objects: int = 0

    def plus(self, row: Row, fault: str | None) -> "Checked":
        """With this one."""
        return Checked(
            self.packs + isinstance(row, Pack),
            self.size_bytes + _size_bytes(row),
            self.faults + (fault is not None),
            self.lfs_objects + isinstance(row, LfsObject),
        )


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
class _Pace:
    """Everything in the class that we send to, or else in others, is to be read in so many days."""

    days: int
    in_class: bool

    def takes(self, table: type[Row]) -> ColumnElement[bool]:
        chosen = table.storage_class.is_not(None) if self.in_class else table.storage_class.is_(None)
        return chosen & in_use(table)


def scrub() -> Checked:
    """Read back what was checked longest ago, as many bytes as it takes to see all in the days that the settings say.

    Raises:
        StoreUnavailable, StoreRefused: the rest waits for the next run.
    """
    done = Checked()
    for pace in _paces():
        for row in _oldest(pace):
            fault = _fault(row)
            record_check(row, fault)
            done = done.plus(row, fault)
    return done


def check_pack(name: str) -> None:
    """Read this pack back out of its turn, for something seemed to be wrong with it.

    Raises:
        StoreUnavailable, StoreRefused: its turn will come.
    """
    with reading() as session:
        row = session.get(Pack, name)
    if row:
        record_check(row, _fault(row))


def in_use(table: type[Row]) -> ColumnElement[bool]:
    """Which rows name what a version needs."""
    return Pack.superseded_version.is_(None) if table is Pack else true()


def record_check(row: Row, fault: str | None) -> None:
    """Note when it was looked at, and raise the alarm; one that is in use no longer may be missing."""
    table = type(row)
    still = table.name == row.name, in_use(table)
    with transaction() as session:
        noted = session.scalars(
            update(table).where(*still).values(checked_at=now(), fault=fault).returning(table.name)
        ).all()
    if fault and noted:
        log.critical("ALARM: repository %s: %s", row.repository_id, fault)


def record_restore(found: Verified) -> None:
    """Note that a repository was read back as a whole, and raise the alarm when something is wrong with it."""
    fault = " ".join(found.faults) or None
    with transaction() as session:
        session.execute(
            update(Repository)
            .where(Repository.id == found.repository_id)
            .values(restored_at=now(), fault=fault)
            .execution_options(synchronize_session=False)
        )
    if fault:
        log.critical("ALARM: repository %s: %s", found.repository_id, fault)


def sample() -> Sequence[str]:
    """A random hundredth of the repositories that have a version, one at the least."""
    with reading() as session:
        ids = session.scalars(select(Repository.id).where(Repository.version > 0)).all()
    return random.sample(ids, min(len(ids), max(1, round(len(ids) * SAMPLE_SHARE))))


def read_health() -> Health:
    """What the checks so far say; the store is not asked."""
    with reading() as session:
        return health_of(session)


def health_of(session: Session) -> Health:
    """The same in the caller's session."""
    packs, lfs_objects = (
        session.scalars(select(table.fault).where(in_use(table), table.fault.is_not(None))).all() for table in TABLES
    )
    repositories = session.scalars(select(Repository.fault).where(Repository.fault.is_not(None))).all()
    oldest = {pace: _oldest_check(session, pace) for pace in _paces()}
    return Health(
        damaged_packs=len(packs),
        damaged_lfs_objects=len(lfs_objects),
        damaged_repositories=len(repositories),
        oldest_check_at=min((moment for moment in oldest.values() if moment), default=None),
        late=any(moment and now() - moment > timedelta(days=2 * pace.days) for pace, moment in oldest.items()),
        example=next(iter([*packs, *lfs_objects, *repositories]), None),
    )


def _paces() -> tuple[_Pace, _Pace]:
    settings = config.current()
    return (
        _Pace(max(1, settings.scrub_days), in_class=False),
        _Pace(max(1, settings.scrub_archived_days), in_class=True),
    )


def _oldest_check(session: Session, pace: _Pace) -> datetime | None:
    found = [session.scalar(select(func.min(table.checked_at)).where(pace.takes(table))) for table in TABLES]
    return min((moment for moment in found if moment), default=None)


def _oldest(pace: _Pace) -> Iterator[Row]:
    """What is in use, the one that was checked longest ago first, until the bytes reach what one run reads.

    What was sent or checked within half the time is left alone: where there is little, nothing is read every hour.
    """
    before = now() - timedelta(days=pace.days / 2)
    with reading() as session:
        total = sum(_total_bytes(session, table, pace) for table in TABLES)
        found = [row for table in TABLES for row in _due(session, table, pace, before)]
    limit_bytes, taken = -(-total // (pace.days * RUNS_PER_DAY)), 0
    for row in sorted(found, key=lambda one: one.checked_at or datetime.min.replace(tzinfo=UTC)):
        if taken >= limit_bytes:
            return
        taken += _size_bytes(row)
        yield row


def _due(session: Session, table: type[Row], pace: _Pace, before: datetime) -> Sequence[Row]:
    due = select(table).where(pace.takes(table), func.coalesce(table.checked_at, before) <= before)
    ordered = due.order_by(table.checked_at.nulls_first(), table.name)
    return list(session.scalars(ordered.limit(MOST_PER_RUN)))


def _total_bytes(session: Session, table: type[Row], pace: _Pace) -> int:
    size = Pack.pack_bytes + Pack.idx_bytes if table is Pack else LfsObject.size_bytes
    return int(session.scalar(select(func.sum(size)).where(pace.takes(table))) or 0)


def _size_bytes(row: Row) -> int:
    return row.pack_bytes + row.idx_bytes if isinstance(row, Pack) else row.size_bytes


def _fault(row: Row) -> str | None:
    sentences = (object_fault(*wanted) for wanted in _objects(row))
    return " ".join(sentence for sentence in sentences if sentence) or None


def _objects(row: Row) -> Iterator[tuple[str, int, str]]:
    """Its objects in the store: key, length in bytes and SHA-256 of each."""
    if isinstance(row, LfsObject):
        yield object_keys.lfs_key(row.repository_id, row.oid, row.name), row.size_bytes, row.oid
        return
    yield object_keys.pack_key(row.repository_id, row.name), row.pack_bytes, row.pack_sha256
    yield object_keys.idx_key(row.repository_id, row.name), row.idx_bytes, row.idx_sha256
    for suffix, recorded in (row.side_files or {}).items():
        yield object_keys.side_key(row.repository_id, row.name, suffix), recorded["size_bytes"], recorded["sha256"]
