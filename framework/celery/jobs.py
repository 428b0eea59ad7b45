"""Long work that people can watch: a row says how far it is while it runs.

The row is news and not the work: a database that is away for a moment delays the news, and never ends the work.
"""

import logging
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from time import monotonic
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy import delete, insert, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework.celery.heartbeat import keep_renewing
from framework.celery.models import BackgroundJob
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import HoldfastError

WAITING, RUNNING, FINISHED, FAILED = "waiting", "running", "finished", "failed"
NEWS_EVERY_SECONDS = 0.5
SIGN_OF_LIFE_EVERY_SECONDS = 60
SILENT_AFTER = timedelta(minutes=5)
KEPT_AFTER_THE_END = timedelta(days=30)
BROKEN = "It ended early because something went wrong on our side; the server's log says what."

log = logging.getLogger(__name__)

Item = TypeVar("Item")


@dataclass(frozen=True)
class News:
    """How far the work is; a `total` of 0 means that nobody knows how much there is."""

    done: int = 0
    total: int = 0
    message: str = ""


class Work:
    """One run of a long work; its methods only note the news, from any thread, and cost next to nothing."""

    def __init__(self, work_id: str, total: int) -> None:
        self.id, self.run = work_id, uuid4().hex
        self._lock = threading.Lock()
        self._news, self._told, self._told_at = News(total=total), News(total=total), monotonic()

    def advance(self, done: int = 1, message: str | None = None) -> None:
        """So much more is done, and this comes next."""
        with self._lock:
            self._news = replace(self._news, done=self._news.done + done)
        if message is not None:
            self.say(message)

    def say(self, message: str) -> None:
        """What it is doing now, or what has come of it."""
        with self._lock:
            self._news = replace(self._news, message=message)

    def expect(self, total: int) -> None:
        """How much there is in all, when that is known only later."""
        with self._lock:
            self._news = replace(self._news, total=total)

    def tell(self) -> None:
        """Write the news when there are some, and a sign of life once a minute."""
        with self._lock:
            news = self._news
        if news != self._told or monotonic() - self._told_at >= SIGN_OF_LIFE_EVERY_SECONDS:
            self._told, self._told_at = news, monotonic()
            self._write(news)

    def end(self, state: str, message: str | None = None) -> None:
        """Write how it ended."""
        if message is not None:
            self.say(message)
        try:
            self._write(self._news, state=state, finished_at=now())
        except SQLAlchemyError as failure:
            log.warning("The end of the work %s (%s) is not recorded: %s", self.id, state, failure)

    def _write(self, news: News, **more: Any) -> None:
        """Nothing, when another run has taken the row over."""
        mine = (BackgroundJob.id == self.id, BackgroundJob.run == self.run)
        values = {"done": news.done, "total": news.total, "message": news.message, "updated_at": now(), **more}
        with transaction() as session:
            session.execute(
                update(BackgroundJob).where(*mine).values(**values).execution_options(synchronize_session=False)
            )


def announce(
    session: Session, kind: str, *, project_id: int | None = None, owner_id: int | None = None, total: int = 0
) -> str:
    """The id of a work that is about to start, for the page that asked for it; the task is given the id."""
    work_id = uuid4().hex
    session.execute(
        insert(BackgroundJob).values(id=work_id, kind=kind, project_id=project_id, owner_id=owner_id, total=total)
    )
    return work_id


def read_age(work_id: str) -> timedelta:
    """How long ago somebody asked for the work.

    Raises:
        NoResultFound: there is no such work.
    """
    with read_transaction() as session:
        return now() - session.get_one(BackgroundJob, work_id).created_at


@contextmanager
def track_progress(
    kind: str,
    *,
    total: int = 0,
    project_id: int | None = None,
    owner_id: int | None = None,
    work_id: str | None = None,
    every_seconds: float = NEWS_EVERY_SECONDS,
) -> Iterator[Work]:
    """Have people watch the block: `work.advance()` in it moves the bar, an exception that leaves it is a failure.

    With the `work_id` that `announce` gave, or that an earlier run had, the row is that one and starts again from 0;
    what the earlier run still writes has no effect. News are written at most every `every_seconds`, by a thread, so
    that the block may be in the middle of a transaction of its own.
    """
    work = Work(work_id or uuid4().hex, total)
    _start(work, kind=kind, project_id=project_id, owner_id=owner_id, total=total)
    try:
        with keep_renewing(work.tell, every_seconds=every_seconds):
            yield work
    except HoldfastError as refusal:
        work.end(FAILED, refusal.sentence)
        raise
    except BaseException:
        work.end(FAILED, BROKEN)
        raise
    work.end(FINISHED)


def track_items(kind: str, items: Iterable[Item]) -> Iterator[Item]:
    """Pass the items on as they come, while people watch how many there were so far."""
    with track_progress(kind) as work:
        for item in items:
            yield item
            work.advance()


def _start(work: Work, **values: Any) -> None:
    started = {"state": RUNNING, "run": work.run, "done": 0, "total": values["total"], "message": ""}
    with transaction() as session:
        insert_if_absent(session, BackgroundJob, id=work.id, **values)
        session.execute(
            update(BackgroundJob)
            .where(BackgroundJob.id == work.id)
            .values(**started, updated_at=now(), finished_at=None)
            .execution_options(synchronize_session=False)
        )


def forget_ended() -> int:
    """Delete the rows of works that ended more than `KEPT_AFTER_THE_END` ago, or fell silent then; how many."""
    old = BackgroundJob.updated_at < now() - KEPT_AFTER_THE_END
    with transaction() as session:
        gone = session.scalars(delete(BackgroundJob).where(old).returning(BackgroundJob.id)).all()
    return len(gone)
