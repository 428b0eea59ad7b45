"""The runs of a task: one at a time, its row finished after its effect, put off when it fails."""

import json
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import and_, select, update
from sqlalchemy.orm import Session

from framework.celery.models import OutboxRow
from framework.celery.outbox import (
    FAILED,
    FINISHED,
    HANDED,
    RUNNING,
    UNFINISHED_AFTER,
    WAITING,
    hand_over_after_commit,
)
from framework.database.session import transaction
from framework.database.types import from_now, now
from framework.errors import Conflict, Forbidden, GivenUp, Invalid, NotFound

FINAL = (Invalid, Forbidden, NotFound, GivenUp)
"""Refusals that no repetition changes, and those after which nobody expects one."""

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 60, 120, 240, *[480] * 14))
"""How long a failed task waits before its next run: five days in all."""


class WorkerLost(Exception):
    """Every run of a task ended with the end of its worker."""


class NothingToRetry(Conflict):
    """The task has not failed, or is gone."""

    def __init__(self) -> None:
        super().__init__("This task has not failed, or somebody has started it again already. Look at the list.")


class TakenOver(Conflict):
    """A run was not heard of for so long that another one has begun, or the task has ended without it."""

    def __init__(self) -> None:
        super().__init__("Another run has taken this task over.")


def place(node: str, process_id: int) -> str:
    """How a worker is named in the rows of the tasks that it runs: its node and its main process."""
    return f"{node[:200]} {process_id}"


def claim(row_id: str, where: str | None = None) -> OutboxRow | None:
    """The task's row, now ours to run (`where` we are) or finished long ago; None when there is nothing to do.

    There is nothing to do for an unknown row, one that another worker runs, one that is not due, and a failed one.
    """
    with transaction() as session:
        row = session.get(OutboxRow, row_id, with_for_update=True)
        if row is None or row.state == FINISHED:
            return row
        moment = session.scalars(select(from_now())).one()
        if not _may_start(row, moment):
            return None
        if row.attempts > len(DELAYS):
            _end(row, FAILED, _describe(WorkerLost("the worker ended in the middle of every run")))
            return None
        row.state, row.handed_at, row.attempts, row.place = RUNNING, moment, row.attempts + 1, where
        return row


def _may_start(row: OutboxRow, moment: datetime) -> bool:
    if row.state == RUNNING:
        return row.handed_at is not None and row.handed_at <= moment - UNFINISHED_AFTER
    return row.state in {WAITING, HANDED} and row.not_before <= moment


def renew(claimed: OutboxRow) -> None:
    """Tell that the task is still running here, unless another run has taken it over."""
    with transaction() as session:
        row = _lock_own(session, claimed)
        if row and row.state == RUNNING:
            row.handed_at = from_now()


def give_back(where: str) -> int:
    """Have what this worker was running start again elsewhere, now that it has stopped; how many tasks."""
    interrupted = and_(OutboxRow.state == RUNNING, OutboxRow.place == where)
    with transaction() as session:
        returned = update(OutboxRow).where(interrupted).values(state=WAITING, not_before=from_now())
        return len(session.scalars(returned.returning(OutboxRow.id)).all())


def retry(row_id: str) -> None:
    """Have a task that failed, or that waits after a failure, start from its beginning now.

    Raises:
        NothingToRetry: it is neither; nothing is changed.
    """
    with transaction() as session:
        row = session.get(OutboxRow, row_id, with_for_update=True)
        if row is None or row.state not in {FAILED, WAITING} or row.result is None:
            raise NothingToRetry
        row.state, row.not_before, row.attempts = WAITING, from_now(), 0
        row.finished_at = row.result = None
        hand_over_after_commit(session, row_id)


def finish(claimed: OutboxRow, value: Any) -> None:
    """Record that the task has had its effect, and what it returned (as JSON, or as text where JSON has no form).

    What it was given goes: a mail is large and may hold a secret link, and nothing runs it again. A task that another
    run has taken over is left to that one.
    """
    with transaction() as session:
        row = _lock_own(session, claimed)
        if row is not None:
            _end(row, FINISHED, json.dumps(value, default=str))
            row.args, row.kwargs = [], {}


def put_off(claimed: OutboxRow, error: Exception) -> timedelta | None:
    """Keep the error, and have the task run again after this time; None when it has failed for good.

    Raises:
        TakenOver: another run has taken the task over; what becomes of it is that one's to say.
    """
    with transaction() as session:
        row = _lock_own(session, claimed)
        if row is None:
            raise TakenOver
        if isinstance(error, FINAL) or row.attempts > len(DELAYS):
            _end(row, FAILED, _describe(error))
            return None
        delay = DELAYS[max(row.attempts, 1) - 1]
        row.state, row.not_before, row.result = WAITING, from_now(delay), _describe(error)
        return delay


def _lock_own(session: Session, claimed: OutboxRow) -> OutboxRow | None:
    """The row of a run, locked; None when the task has ended, or another run has claimed it since.

    One that was given back, and that nobody has claimed, is this run's still: its effect need not be had twice.
    """
    row = session.get(OutboxRow, claimed.id, with_for_update=True)
    if row is None or row.state in {FINISHED, FAILED} or row.attempts != claimed.attempts:
        return None
    return row


def _end(row: OutboxRow, state: str, result: str) -> None:
    row.state, row.finished_at, row.result = state, now(), result


def _describe(error: Exception) -> str:
    """Celery's own form of an error in JSON."""
    return json.dumps({"exc_type": type(error).__name__, "exc_message": str(error), "exc_module": None})
