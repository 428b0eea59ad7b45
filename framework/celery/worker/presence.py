"""Which workers are up: each writes a row when it is ready, renews it, and takes it away when it stops.

The row stands in SQL, so that it can be asked for on every broker, the folder included. A worker that was killed leaves
its row, which is old after `GONE_AFTER` and deleted after a day. One that is stopped in the middle of tasks gives them
back, so that the next worker need not wait until they count as lost.
"""

import hashlib
import os
from collections.abc import Sequence
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from sqlalchemy import delete, select, update

from framework.celery.models import RunningWorker
from framework.celery.worker import runs
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now, now

FORGOTTEN_AFTER = timedelta(days=1)
SOURCES = Path(__file__).parents[2]


class Presence:
    """One worker's row, from when it is ready until it stops."""

    def __init__(self, node: str, queues: Sequence[str]) -> None:
        self.id, self.process_id = uuid4().hex, os.getpid()
        self._facts: dict[str, Any] = {
            "node": node[:200],
            "process_id": self.process_id,
            "release": release(),
            "queues": list(queues),
            "started_at": now(),
        }

    def tell(self) -> None:
        """Say that the worker is up; a row that was forgotten meanwhile is written anew."""
        seen = update(RunningWorker).where(RunningWorker.id == self.id).values(seen_at=from_now())
        with transaction() as session:
            if not session.scalars(seen.returning(RunningWorker.id)).all():
                session.add(RunningWorker(id=self.id, seen_at=from_now(), **self._facts))

    def end(self) -> None:
        """Say that the worker stops, give back what it was running, and forget those that fell silent a day ago."""
        with transaction() as session:
            silent = RunningWorker.seen_at < from_now(-FORGOTTEN_AFTER)
            session.execute(delete(RunningWorker).where((RunningWorker.id == self.id) | silent))
        runs.give_back(runs.place(self._facts["node"], self.process_id))


@cache
def release() -> str:
    """Which code this process runs: the beginning of a SHA-256 over all of it, 10 hex digits."""
    digest = hashlib.sha256()
    for path in sorted(SOURCES.rglob("*.py")):
        digest.update(path.relative_to(SOURCES).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:10]


def workers() -> list[RunningWorker]:
    """The workers that have been heard of during the last day, the youngest first."""
    with read_transaction() as session:
        lately = RunningWorker.seen_at > from_now(-FORGOTTEN_AFTER)
        return list(session.scalars(select(RunningWorker).where(lately).order_by(RunningWorker.started_at.desc())))
