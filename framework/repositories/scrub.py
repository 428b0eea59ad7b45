"""The scrub: every pack is read back from the store and compared with what SQL recorded, a few each hour.

What is wrong stands in the pack's row until the pack is right again or in use no longer; nothing is repaired here, for
there is no second copy in the store: the sentence tells whoever runs the server what to bring back.
"""

import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update

from framework import config
from framework.database.session import reading, transaction
from framework.database.types import now
from framework.repositories import keys
from framework.repositories.models import Pack, Repository
from framework.repositories.readback import object_fault
from framework.repositories.verify import Verified

RUNS_PER_DAY = 24
MOST_PACKS_PER_RUN = 10_000
SAMPLE_SHARE = 0.01

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Checked:
    """What was read back: packs, bytes, and how many packs are damaged or missing."""

    packs: int = 0
    size_bytes: int = 0
    faults: int = 0


@dataclass(frozen=True)
class Health:
    """What is known of everything in the store: damaged packs and projects, and how old the oldest check is."""

    damaged_packs: int
    damaged_repositories: int
    oldest_check_at: datetime | None
    example: str | None


def scrub() -> Checked:
    """Read back the packs that were checked longest ago, as many bytes as it takes to see all in `SCRUB_DAYS`.

    Raises:
        StoreUnavailable, StoreRefused: the rest waits for the next run.
    """
    done = Checked()
    for pack in _oldest(_bytes_per_run()):
        fault = _fault(pack)
        record_check(pack, fault)
        size = pack.pack_bytes + pack.idx_bytes
        done = Checked(done.packs + 1, done.size_bytes + size, done.faults + (fault is not None))
    return done


def record_check(pack: Pack, fault: str | None) -> None:
    """Note when the pack was looked at, and raise the alarm; one that is in use no longer may be missing."""
    in_use = Pack.name == pack.name, Pack.superseded_version.is_(None)
    with transaction() as session:
        noted = session.scalars(
            update(Pack).where(*in_use).values(checked_at=now(), fault=fault).returning(Pack.name)
        ).all()
    if fault and noted:
        log.critical("ALARM: repository %s: %s", pack.repository_id, fault)


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
    in_use = Pack.superseded_version.is_(None)
    damaged = select(Pack.fault).where(in_use, Pack.fault.is_not(None))
    broken = select(Repository.fault).where(Repository.fault.is_not(None))
    with reading() as session:
        faults, failures = session.scalars(damaged).all(), session.scalars(broken).all()
        oldest = session.scalar(select(func.min(Pack.checked_at)).where(in_use))
    return Health(len(faults), len(failures), oldest, next(iter([*faults, *failures]), None))


def _bytes_per_run() -> int:
    total = select(func.coalesce(func.sum(Pack.pack_bytes + Pack.idx_bytes), 0)).where(
        Pack.superseded_version.is_(None)
    )
    with reading() as session:
        size = int(session.scalar(total) or 0)
    return -(-size // (max(1, config.current().scrub_days) * RUNS_PER_DAY))


def _oldest(limit_bytes: int) -> Iterator[Pack]:
    """Packs in use, the one that was checked longest ago first, until their bytes reach the limit.

    What was sent or checked within half the time is left alone: where there is little, nothing is read every hour.
    """
    before = now() - timedelta(days=config.current().scrub_days / 2)
    due = select(Pack).where(Pack.superseded_version.is_(None), func.coalesce(Pack.checked_at, before) <= before)
    taken = 0
    with reading() as session:
        found = session.scalars(due.order_by(Pack.checked_at.nulls_first(), Pack.name).limit(MOST_PACKS_PER_RUN)).all()
    for pack in found:
        if taken >= limit_bytes:
            return
        taken += pack.pack_bytes + pack.idx_bytes
        yield pack


def _fault(pack: Pack) -> str | None:
    sentences = (object_fault(*wanted) for wanted in _objects(pack))
    return " ".join(sentence for sentence in sentences if sentence) or None


def _objects(pack: Pack) -> Iterator[tuple[str, int, str]]:
    """The pack, its index and its side files: key, length in bytes and SHA-256 of each."""
    yield keys.pack_key(pack.repository_id, pack.name), pack.pack_bytes, pack.pack_sha256
    yield keys.idx_key(pack.repository_id, pack.name), pack.idx_bytes, pack.idx_sha256
    for suffix, recorded in (pack.side_files or {}).items():
        yield keys.side_key(pack.repository_id, pack.name, suffix), recorded["size_bytes"], recorded["sha256"]
