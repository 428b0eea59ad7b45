"""Which workers are up: each writes a row when it is ready, renews it, and takes it away when it stops.

The row stands in SQL, so that it can be asked for on every broker, the folder included. A worker that was killed leaves
its row, which is old after `GONE_AFTER` and deleted after a day. One that is stopped in the middle of tasks gives them
back, so that the next worker need not wait until they count as lost.
"""

import atexit
import hashlib
import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import uuid4

from celery.apps import worker as handlers
from celery.signals import worker_ready
from celery.utils.log import get_logger
from sqlalchemy import delete, select, update
from sqlalchemy.exc import SQLAlchemyError

from framework.celery import runs
from framework.celery.heartbeat import renewing
from framework.celery.models import RunningWorker
from framework.database.insert import insert_if_absent
from framework.database.session import reading, transaction
from framework.database.types import now

EVERY_SECONDS = 15
GONE_AFTER = timedelta(minutes=1)
FORGOTTEN_AFTER = timedelta(days=1)
SOURCES = Path(__file__).parent.parent

log = get_logger(__name__)


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
        with transaction() as session:
            insert_if_absent(session, RunningWorker, id=self.id, seen_at=now(), **self._facts)
            session.execute(update(RunningWorker).where(RunningWorker.id == self.id).values(seen_at=now()))

    def end(self) -> None:
        """Say that the worker stops, give back what it was running, and forget those that fell silent a day ago."""
        with transaction() as session:
            silent = RunningWorker.seen_at < now() - FORGOTTEN_AFTER
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
    with reading() as session:
        lately = RunningWorker.seen_at > now() - FORGOTTEN_AFTER
        return list(session.scalars(select(RunningWorker).where(lately).order_by(RunningWorker.started_at.desc())))


def is_up(worker: RunningWorker) -> bool:
    """Whether it has been heard of lately."""
    return worker.seen_at > now() - GONE_AFTER


@worker_ready.connect
def _begin(sender: Any, **_more: object) -> None:
    """Begin to tell, and let SIGTERM stop the worker within `worker_soft_shutdown_timeout`, however it was started."""
    presence = Presence(sender.hostname, [queue.name for queue in sender.task_consumer.queues])
    _unless_away(presence.tell)
    beating = ExitStack()
    beating.enter_context(renewing(presence.tell, every_seconds=EVERY_SECONDS))
    atexit.register(_end, presence, beating)  # Celery's own signal is not sent when a stop interrupts tasks
    handlers.install_worker_term_hard_handler(sender.controller, sig="SIGTERM")  # type: ignore[attr-defined]


def _end(presence: Presence, beating: ExitStack) -> None:
    """The last act of the worker's main process, when its pool is gone; never that of a process forked from it."""
    if os.getpid() == presence.process_id:
        beating.close()
        _unless_away(presence.end)


def _unless_away(act: Callable[[], None]) -> None:
    """A database that is away stops no worker."""
    try:
        act()
    except SQLAlchemyError as failure:
        log.warning("This worker could not tell that it is up or stops: %s", failure)
