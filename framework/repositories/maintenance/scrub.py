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

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories.catalog.checks import TABLES, Pace, Row, paces, size_bytes
from framework.repositories.catalog.read_back import fault_of, record_check
from framework.repositories.maintenance.verification import Verified
from framework.repositories.models import LfsObject, Pack, Repository

RUNS_PER_DAY = 24
MOST_PER_RUN = 10_000
SAMPLE_SHARE = 0.01

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
            self.size_bytes + size_bytes(row),
            self.faults + (fault is not None),
            self.lfs_objects + isinstance(row, LfsObject),
        )


def scrub() -> Checked:
    """Read back what was checked longest ago, as many bytes as it takes to see all in the days that the settings say.

    Raises:
        StoreUnavailable, StoreRefused: the rest waits for the next run.
    """
    done = Checked()
    for pace in paces():
        for row in _oldest(pace):
            fault = fault_of(row)
            record_check(row, fault)
            done = done.plus(row, fault)
    return done


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
    with read_transaction() as session:
        ids = session.scalars(select(Repository.id).where(Repository.version > 0)).all()
    return random.sample(ids, min(len(ids), max(1, round(len(ids) * SAMPLE_SHARE))))


def _oldest(pace: Pace) -> Iterator[Row]:
    """What is in use, the one that was checked longest ago first, until the bytes reach what one run reads.

    What was sent or checked within half the time is left alone: where there is little, nothing is read every hour.
    """
    before = now() - timedelta(days=pace.days / 2)
    with read_transaction() as session:
        total = sum(_total_bytes(session, table, pace) for table in TABLES)
        found = [row for table in TABLES for row in _due(session, table, pace, before)]
    limit_bytes, taken = -(-total // (pace.days * RUNS_PER_DAY)), 0
    for row in sorted(found, key=lambda one: one.checked_at or datetime.min.replace(tzinfo=UTC)):
        if taken >= limit_bytes:
            return
        taken += size_bytes(row)
        yield row


def _due(session: Session, table: type[Row], pace: Pace, before: datetime) -> Sequence[Row]:
    due = select(table).where(pace.takes(table), func.coalesce(table.checked_at, before) <= before)
    ordered = due.order_by(table.checked_at.nulls_first(), table.name)
    return list(session.scalars(ordered.limit(MOST_PER_RUN)))


def _total_bytes(session: Session, table: type[Row], pace: Pace) -> int:
    size = Pack.pack_bytes + Pack.stored_idx_bytes if table is Pack else LfsObject.size_bytes
    return int(session.scalar(select(func.sum(size)).where(pace.takes(table))) or 0)
