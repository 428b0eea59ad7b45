"""Work that recurs, listed in celeryconfig.py's `beat_schedule`, with its leases and results in `scheduled_jobs`.

A scheduler that finds a job due takes its lease in one statement and sends its message; the message's id is the
lease's owner, so a run whose lease was taken over, or a message delivered twice, does nothing. A lease that nobody
renewed lapses: its message or worker was lost, and the job is started once more at once; a second loss may be the job's
own fault, such as more memory than there is, and waits for the job's time.

While nothing happens, a deployment wakes every 30 seconds, all of its processes at the same moments, and the scheduler
asks SQL by one statement. A job whose entry names a function `needed` runs before its time where that tells of
something to do: at once, or at a later moment.
"""

import json
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from celery.schedules import crontab, maybe_schedule
from kombu import Producer
from kombu.utils.imports import symbol_by_name
from sqlalchemy import ColumnElement, and_, case, func, literal, or_, select, true, update

from framework.celery import broker
from framework.celery.broker import BrokerAway
from framework.celery.celery import app
from framework.celery.heartbeat import WAKES_EVERY_SECONDS
from framework.celery.models import ScheduledJob
from framework.celery.outbox import send
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import UTCDateTime, from_now, now
from framework.errors import Conflict

LEASE = timedelta(minutes=5)
LEAST_PAUSE = timedelta(seconds=15)
"""Between two runs of a job that is needed: what the first could not do is tried by the second."""
INTERRUPTED_FOR = timedelta(minutes=1)
NEVER = datetime(1970, 1, 1, tzinfo=UTC)
PERIODS_END_EVERY = timedelta(minutes=5)
AGAIN = "-again"
"""How the lease of a run ends that was started because the one before was lost."""


class JobRuns(Conflict):
    """The job is running or about to; wait until it has ended."""


def start_due_jobs() -> float:
    """Start every job whose time has come, unless another scheduler was faster; seconds until the next look.

    Raises:
        BrokerAway: the broker takes no messages; the job is tried again.
    """
    waits = _list_waits()
    for name, wait in waits.items():
        if wait.seconds > 0:
            continue
        lease = _take(name, _is_lost(), again=True) or _take(name, wait.is_over())
        if lease:
            _send(name, lease)
    soonest = min((wait.seconds for wait in waits.values() if wait.seconds > 0), default=WAKES_EVERY_SECONDS)
    return min(max(soonest, 0.5), WAKES_EVERY_SECONDS)


def start_now(name: str) -> str:
    """Start a job before its time; the id of its run.

    Raises:
        JobRuns: it is running.
        BrokerAway: the broker takes no messages.
    """
    _ensure_rows()
    lease = _take(name, true())
    if not lease:
        raise JobRuns(f"The job {name} is running already; wait until it has ended.")
    _send(name, lease)
    return lease


def names() -> list[str]:
    """The names of all jobs."""
    return list(app.conf.beat_schedule)


def name_of(task: str) -> str:
    """The name under which `beat_schedule` lists this task."""
    return next(str(name) for name, entry in app.conf.beat_schedule.items() if entry["task"] == task)


def renew(name: str, lease: str) -> bool:
    """Hold the lease for another `LEASE`; False when it is no longer ours."""
    return _update(name, ScheduledJob.lease_owner == lease, {"lease_expires_at": from_now(LEASE)})


def record(name: str, lease: str, result: object) -> bool:
    """Write down when the job ran and what came of it, and give the lease back; False when it is no longer ours."""
    came = {"last_run_at": now(), "last_result": json.dumps(result, default=str)}
    given_back = {"lease_owner": None, "lease_expires_at": None}
    return _update(name, ScheduledJob.lease_owner == lease, came | given_back)


def note_run(name: str, result: object) -> None:
    """Write down what came of the job when somebody ran it by hand, beside whatever the scheduler does."""
    _ensure_rows()
    _update(name, true(), {"last_run_at": now(), "last_result": json.dumps(result, default=str)})


def put_off(name: str, lease: str) -> bool:
    """Have a run that a restart interrupted begin again soon; what the one before found stays. False as above."""
    again = {"lease_owner": None, "lease_expires_at": None, "next_run_at": from_now(INTERRUPTED_FOR)}
    return _update(name, ScheduledJob.lease_owner == lease, again)


@dataclass(frozen=True)
class _Wait:
    """How long a job that does not run waits for its next run, and when it has run last."""

    seconds: float
    last_run_at: datetime | None

    def is_over(self) -> ColumnElement[bool]:
        """Whether the job's time has come, or no other scheduler has had it run since it was needed."""
        return or_(
            ScheduledJob.next_run_at <= from_now(), ScheduledJob.last_run_at.is_not_distinct_from(self.last_run_at)
        )


def _list_waits() -> dict[str, _Wait]:
    """Of every job that does not run; one whose run was lost waits no longer."""
    query = select(ScheduledJob, _free(), _is_lost(), from_now(), *_list_needs())
    with read_transaction() as session:
        rows = session.execute(query.where(_is_ours())).all()
    _add_rows([job.name for job, *_more in rows])
    return {
        job.name: _Wait(0 if is_lost else (_moment_of(job, needs) - moment).total_seconds(), job.last_run_at)
        for job, is_free, is_lost, moment, *needs in rows
        if is_free
    }


def _list_needs() -> Iterator[ColumnElement[datetime]]:
    """Columns of the moments at which jobs are needed, each NULL in the rows of the others."""
    last_run = func.coalesce(ScheduledJob.last_run_at, literal(NEVER, UTCDateTime()))
    for name, entry in app.conf.beat_schedule.items():
        if needed := entry.get("needed"):
            for moment in symbol_by_name(needed)(last_run):
                yield case((ScheduledJob.name == name, moment))


def _moment_of(job: ScheduledJob, needs: Iterable[datetime | None]) -> datetime:
    """When the job runs next: at its time, or before when it is needed."""
    paused = (job.last_run_at or NEVER) + LEAST_PAUSE
    return min([job.next_run_at, *(max(moment, paused) for moment in needs if moment)])


def _ensure_rows() -> None:
    with read_transaction() as session:
        known = set(session.scalars(select(ScheduledJob.name)))
    _add_rows(known)


def _add_rows(known: Collection[str]) -> None:
    """Add the jobs that have no row yet."""
    for name in set(app.conf.beat_schedule) - set(known):
        with transaction() as session:
            insert_if_absent(session, ScheduledJob, name=name, next_run_at=_next_run(name))


def _is_ours() -> ColumnElement[bool]:
    """Whether this release knows the job; another one's, whose time never passes here, would keep us awake."""
    return ScheduledJob.name.in_(list(app.conf.beat_schedule))


def _take(name: str, condition: ColumnElement[bool], *, again: bool = False) -> str | None:
    lease = uuid4().hex + (AGAIN if again else "")
    taken = {"lease_owner": lease, "lease_expires_at": from_now(LEASE), "next_run_at": _next_run(name)}
    return lease if _update(name, and_(_free(), condition), taken) else None


def _send(name: str, lease: str) -> None:
    try:
        with broker.connect() as connection:
            send(Producer(connection.channel()), app.conf.beat_schedule[name]["task"], lease, (), {})
    except BrokerAway:
        again = {"lease_owner": None, "lease_expires_at": None, "next_run_at": from_now()}
        _update(name, ScheduledJob.lease_owner == lease, again)
        raise


def _free() -> ColumnElement[bool]:
    return or_(ScheduledJob.lease_expires_at.is_(None), ScheduledJob.lease_expires_at < from_now())


def _is_lost() -> ColumnElement[bool]:
    """Whether a run was begun and its end never recorded, and it was not the second in a row."""
    return and_(ScheduledJob.lease_expires_at < from_now(), ScheduledJob.lease_owner.not_like(f"%{AGAIN}"))


def _update(name: str, condition: ColumnElement[bool], values: dict[str, Any]) -> bool:
    change = update(ScheduledJob).where(ScheduledJob.name == name, condition).values(**values)
    with transaction() as session:
        return bool(session.execute(change.returning(ScheduledJob.name)).all())


def _next_run(name: str) -> datetime:
    """A full second: a moment before the time that a calendar names, the job would be due once more at that time.

    What runs after a period does so together with all the others, at full hours among other moments.
    """
    moment = now()
    every: Any = maybe_schedule(app.conf.beat_schedule[name]["schedule"], app=app)
    wait: timedelta = every.remaining_estimate(moment)
    if isinstance(every, crontab):
        return (moment + wait + timedelta(microseconds=999_999)).replace(microsecond=0)
    together = min(PERIODS_END_EVERY, every.run_every).total_seconds()
    return moment + wait - timedelta(seconds=(moment + wait).timestamp() % together)
