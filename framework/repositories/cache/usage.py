"""How the cache fares and when repositories were used, noted in the process and written to SQL now and then.

A warm read writes nothing; a process that ends takes the news of its last minutes with it, which nobody misses.
"""

import logging
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import monotonic

from sqlalchemy import bindparam, func, select, update
from sqlalchemy.exc import SQLAlchemyError

from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories.models import CacheDay, Repository

EVERY_SECONDS = 300

log = logging.getLogger(__name__)


@dataclass
class _Pending:
    """What has happened since the last writing, and when each repository was used last."""

    counts: Counter[str] = field(default_factory=Counter)
    used: dict[str, datetime] = field(default_factory=dict)


@dataclass(frozen=True)
class CacheFigures:
    """How the caches of all machines fared since a day; `regained` misses would have been hits with a GiB more each."""

    since: datetime
    hits: int
    misses: int
    regained: int

    @property
    def hit_rate(self) -> float | None:
        """The share of openings that found their copy; None before the first one."""
        return self.hits / (self.hits + self.misses) if self.hits + self.misses else None

    @property
    def hit_rate_with_more(self) -> float | None:
        """The same, had every machine's cache been one GiB larger."""
        return (self.hits + self.regained) / (self.hits + self.misses) if self.hits + self.misses else None


_lock = threading.Lock()
_pending = _Pending()
_written_at = monotonic()
_upkeep = threading.local()


@contextmanager
def suppress_usage() -> Iterator[None]:
    """What this thread opens within the block is upkeep, and nobody's use; blocks may be nested."""
    outer = getattr(_upkeep, "running", False)
    _upkeep.running = True
    try:
        yield
    finally:
        _upkeep.running = outer


def note_opened(repository_id: str, *, hit: bool) -> None:
    """A reader has opened a copy: at once, or after it was filled."""
    if getattr(_upkeep, "running", False):
        return
    with _lock:
        _pending.counts["hits" if hit else "misses"] += 1
        _pending.used[repository_id] = now()


def note_used(repository_id: str) -> None:
    """Somebody uses the repository without opening its copy."""
    with _lock:
        _pending.used[repository_id] = now()


def note_regained() -> None:
    """A copy was fetched that a larger cache would still have had."""
    with _lock:
        _pending.counts["regained"] += 1


def write_when_due() -> bool:
    """Write the news when the last time was long ago, and say whether it was; no session may be open."""
    global _written_at
    with _lock:
        due = monotonic() - _written_at >= EVERY_SECONDS
        if due:
            _written_at = monotonic()
    if due:
        write()
    return due


def write() -> None:
    """Write the news to SQL; a database that is away loses them."""
    global _pending
    with _lock:
        pending, _pending = _pending, _Pending()
    try:
        _write(pending)
    except SQLAlchemyError as failure:
        log.warning("what the cache did in the last minutes is not recorded: %s", failure)


def read_figures(days: int = 30) -> CacheFigures:
    """How the caches of all machines fared in so many days."""
    since = now() - timedelta(days=days)
    sums = select(func.sum(CacheDay.hits), func.sum(CacheDay.misses), func.sum(CacheDay.regained))
    with read_transaction() as session:
        hits, misses, spared = session.execute(sums.where(CacheDay.day >= f"{since:%Y-%m-%d}")).one()
    return CacheFigures(since, int(hits or 0), int(misses or 0), int(spared or 0))


def _write(pending: _Pending) -> None:
    """The repositories in one order in every process, so that two never wait for each other; the sums by themselves.

    One that is deleted by now is passed over, and one that another process has seen used since.
    """
    if pending.used:
        older = Repository.id == bindparam("used"), Repository.last_access_at < bindparam("used_at")
        with transaction() as session:
            session.connection().execute(
                update(Repository).where(*older).values(last_access_at=bindparam("used_at")),
                [
                    {"used": repository_id, "used_at": used_at}
                    for repository_id, used_at in sorted(pending.used.items())
                ],
            )
    if not pending.counts:
        return
    today = f"{now():%Y-%m-%d}"
    more = {name: getattr(CacheDay, name) + count for name, count in pending.counts.items()}
    with transaction() as session:
        insert_if_absent(session, CacheDay, day=today, hits=0, misses=0, regained=0)
        session.execute(update(CacheDay).where(CacheDay.day == today).values(**more))
