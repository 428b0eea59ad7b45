"""The runs of a task: one at a time, its row finished after its effect, put off when it fails."""

import json
from datetime import datetime, timedelta
from typing import Any

from framework.celery.models import OutboxRow
from framework.celery.outbox import FAILED, FINISHED, HANDED, RUNNING, UNFINISHED_AFTER, WAITING
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Forbidden, Invalid, NotFound

FINAL = (Invalid, Forbidden, NotFound)
"""Refusals that no repetition changes."""

DELAYS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 60, 120, 240, *[480] * 14))
"""How long a failed task waits before its next run: five days in all."""


class WorkerLost(Exception):
    """Every run of a task ended with the end of its worker."""


def claim(row_id: str) -> OutboxRow | None:
    """The task's row, now ours to run or finished long ago; None when there is nothing to do.

    There is nothing to do for an unknown row, one that another worker runs, one that is not due, and a failed one.
    """
    moment = now()
    with transaction() as session:
        row = session.get(OutboxRow, row_id, with_for_update=True)
        if row is None or row.state == FINISHED:
            return row
        if not _may_start(row, moment):
            return None
        if row.attempts > len(DELAYS):
            _end(row, FAILED, _described(WorkerLost("the worker ended in the middle of every run")))
            return None
        row.state, row.handed_at, row.attempts = RUNNING, moment, row.attempts + 1
        return row


def _may_start(row: OutboxRow, moment: datetime) -> bool:
    if row.state == RUNNING:
        return row.handed_at is not None and row.handed_at <= moment - UNFINISHED_AFTER
    return row.state in {WAITING, HANDED} and row.not_before <= moment


def renew(row_id: str) -> None:
    """Tell that the task is still running here."""
    with transaction() as session:
        row = session.get_one(OutboxRow, row_id, with_for_update=True)
        if row.state == RUNNING:
            row.handed_at = now()


def finish(row_id: str, value: Any) -> None:
    """Record that the task has had its effect, and what it returned (as JSON, or as text where JSON has no form)."""
    with transaction() as session:
        _end(session.get_one(OutboxRow, row_id, with_for_update=True), FINISHED, json.dumps(value, default=str))


def put_off(row_id: str, error: Exception) -> timedelta | None:
    """Keep the error, and have the task run again after this time; None when it has failed for good."""
    with transaction() as session:
        row = session.get_one(OutboxRow, row_id, with_for_update=True)
        if isinstance(error, FINAL) or row.attempts > len(DELAYS):
            _end(row, FAILED, _described(error))
            return None
        delay = DELAYS[max(row.attempts, 1) - 1]
        row.state, row.not_before, row.result = WAITING, now() + delay, _described(error)
        return delay


def _end(row: OutboxRow, state: str, result: str) -> None:
    row.state, row.finished_at, row.result = state, now(), result


def _described(error: Exception) -> str:
    """Celery's own form of an error in JSON."""
    return json.dumps({"exc_type": type(error).__name__, "exc_message": str(error), "exc_module": None})
