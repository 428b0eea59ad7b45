"""Tasks and scheduled work as the administrator sees them; never their arguments, since mails hold secret links."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.celery.celery import app
from framework.celery.models import OutboxRow, ScheduledJob
from framework.celery.outbox import FAILED, FINISHED, HANDED, RUNNING, WAITING
from framework.database.session import read_transaction
from framework.database.types import now
from framework.rooms import rooms

LISTED = 20
GROUPS = {"Failed": (FAILED,), "Running": (RUNNING,), "Waiting": (WAITING, HANDED), "Finished": (FINISHED,)}


@dataclass(frozen=True)
class ShownTask:
    """One task: what it is, where it stands, and the words of its last failure."""

    id: str
    name: str
    state: str
    attempts: int
    place: str | None
    request_id: str | None
    moment: datetime
    problem: str | None

    @property
    def can_be_retried(self) -> bool:
        """Whether it may start again now: it failed, or waits after a failure."""
        return self.state == FAILED or (self.state == WAITING and self.problem is not None)


@dataclass(frozen=True)
class ShownJob:
    """One line of the schedule; `does` says what for, `result` is what its last run returned, or its error."""

    name: str
    does: str
    last_run_at: datetime | None
    result: str
    failed: bool
    next_run_at: datetime
    runs: bool


def task_groups() -> dict[str, list[ShownTask]]:
    """The newest tasks of each group."""
    with read_transaction() as session:
        return {
            group: [_task(row) for row in sorted(_newest(session, states), key=_begins, reverse=True)[:LISTED]]
            for group, states in GROUPS.items()
        }


def _newest(session: Session, states: Sequence[str]) -> Iterator[OutboxRow]:
    """Of each state the newest by when they were to begin, which is how the outbox is indexed."""
    for state in states:
        rows = select(OutboxRow).where(OutboxRow.state == state).order_by(OutboxRow.not_before.desc())
        yield from session.scalars(rows.limit(LISTED))


def _begins(row: OutboxRow) -> datetime:
    return row.not_before


def jobs() -> list[ShownJob]:
    """The scheduled work, by when it comes next."""
    with read_transaction() as session:
        rows = session.scalars(select(ScheduledJob).order_by(ScheduledJob.next_run_at)).all()
    return [_job(row) for row in rows if row.name in app.conf.beat_schedule]


def _purpose(task: str) -> str:
    """The beginning of the task's docstring, without what it returns."""
    room = next(room for room in rooms() if room.owns(task))
    text: str = getattr(room.load("tasks"), task.rpartition(".")[2]).__doc__
    return text.strip().partition("\n")[0].partition(";")[0].rstrip(".")


def _task(row: OutboxRow) -> ShownTask:
    told = json.loads(row.result) if row.result and row.state != FINISHED else None
    return ShownTask(
        id=row.id,
        name=row.task.removeprefix("framework.").replace(".tasks.", ": ").replace("_", " "),
        state=row.state,
        attempts=row.attempts,
        place=row.place if row.state == RUNNING else None,
        request_id=row.request_id,
        moment=row.finished_at or row.handed_at or row.created_at,
        problem=f"{told['exc_type']}: {told['exc_message']}" if isinstance(told, dict) and "exc_type" in told else None,
    )


def _outcome(told: object) -> str:
    """What a run returned, in words: counts by name; empty where it found nothing to do."""
    if isinstance(told, dict):
        return ", ".join(f"{name.replace('_', ' ')}: {value}" for name, value in told.items() if value)
    return str(told or "")


def _job(row: ScheduledJob) -> ShownJob:
    told = json.loads(row.last_result) if row.last_result else None
    failed = isinstance(told, dict) and "error" in told
    return ShownJob(
        name=row.name,
        does=_purpose(app.conf.beat_schedule[row.name]["task"]),
        last_run_at=row.last_run_at,
        result=str(told["error"]) if failed and isinstance(told, dict) else _outcome(told),
        failed=failed,
        next_run_at=row.next_run_at,
        runs=row.lease_expires_at is not None and row.lease_expires_at > now(),
    )
