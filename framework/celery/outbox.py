"""The outbox: tasks are written with what caused them, handed to the broker after the commit, re-sent until finished.

A crash leaves: before the commit nothing; after it a `waiting` row, which the poller hands over; after the hand-over a
`handed` row, which is sent again when it is unfinished after `UNFINISHED_AFTER`; in a run a `running` row, which is
sent again when nobody has renewed it for as long. Sending twice is harmless: `runs.claim` lets one of them act.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from kombu import Producer
from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework import config
from framework.celery import broker
from framework.celery.broker import BrokerAway
from framework.celery.celery import app
from framework.celery.models import OutboxRow
from framework.database.insert import insert_if_absent
from framework.database.session import call_after_commit, delete_in_batches, read_transaction, transaction
from framework.database.types import from_now, later, now
from framework.observability import request_id

WAITING, HANDED, RUNNING, FINISHED, FAILED = "waiting", "handed", "running", "finished", "failed"
UNFINISHED_AFTER = timedelta(minutes=5)
HANDED_BY_ITS_WRITER = timedelta(seconds=10)
SENT_AT_ONCE = 500
KEY_CHARACTERS = 100

log = logging.getLogger(__name__)


def enqueue(
    session: Session, task: str, *args: Any, key: str | None = None, not_before: datetime | None = None, **kwargs: Any
) -> str:
    """Have the task of that name run once this transaction is committed; its id: `key`, or a new one.

    A key that is there already changes nothing. Arguments are JSON.

    Raises:
        ValueError: the key is longer than `KEY_CHARACTERS`.
    """
    row_id = key or uuid4().hex
    if len(row_id) > KEY_CHARACTERS:
        raise ValueError(f"the key {row_id!r} is longer than {KEY_CHARACTERS} characters")
    due = {"not_before": from_now() if not_before is None else not_before, "request_id": request_id.current()}
    insert_if_absent(session, OutboxRow, id=row_id, task=task, args=list(args), kwargs=kwargs, **due)
    hand_over_after_commit(session, row_id)
    return row_id


def hand_over_after_commit(session: Session, row_id: str) -> None:
    """Have this row given to the broker after the commit; while the broker is away, it waits for the poller."""
    noted: list[str] = session.info.setdefault("outbox", [])
    if not noted:
        call_after_commit(session, lambda: _try_to_hand_over(noted))
    noted.append(row_id)


def _try_to_hand_over(ids: Sequence[str]) -> None:
    try:
        hand_over(ids)
    except (BrokerAway, SQLAlchemyError) as away:  # what they were written with is committed, whatever happens here
        log.warning("%s tasks wait in the outbox: %s", len(ids), away)


def poll() -> int:
    """Send again what waits past its time, and what is unfinished after `UNFINISHED_AFTER`; how many were sent.

    Raises:
        BrokerAway: the broker takes no messages.
    """
    overdue = or_(
        and_(OutboxRow.state == WAITING, OutboxRow.not_before <= from_now(-HANDED_BY_ITS_WRITER)),
        and_(OutboxRow.state.in_((HANDED, RUNNING)), OutboxRow.handed_at <= from_now(-UNFINISHED_AFTER)),
    )
    with read_transaction() as session:
        ids = session.scalars(select(OutboxRow.id).where(overdue).order_by(OutboxRow.not_before).limit(SENT_AT_ONCE))
        found = list(ids)
    return hand_over(found)


def needs_poll_at(_last_run: object) -> Sequence[ColumnElement[datetime]]:
    """The moments from which on `poll` finds something to send, in SQL: what waits, and what may have been lost."""
    waiting = select(func.min(OutboxRow.not_before)).where(OutboxRow.state == WAITING)
    under_way = select(func.min(OutboxRow.handed_at)).where(OutboxRow.state.in_((HANDED, RUNNING)))
    return [
        later(waiting.scalar_subquery(), HANDED_BY_ITS_WRITER),
        later(under_way.scalar_subquery(), UNFINISHED_AFTER),
    ]


def hand_over(ids: Sequence[str]) -> int:
    """Give these tasks to the broker, as far as they are due and unfinished; how many.

    Raises:
        BrokerAway: it does not take them; the rows stay as they are.
    """
    with read_transaction() as session:
        due = and_(
            OutboxRow.id.in_(ids), OutboxRow.state.not_in((FINISHED, FAILED)), OutboxRow.not_before <= from_now()
        )
        rows = session.scalars(select(OutboxRow).where(due).order_by(OutboxRow.not_before)).all()
    if rows:
        _send(rows)
        _mark_handed([row.id for row in rows])
    return len(rows)


def _send(rows: Sequence[OutboxRow]) -> None:
    with broker.connect() as connection:
        producer = Producer(connection.channel())
        for row in rows:
            send(producer, row.task, row.id, row.args, row.kwargs)


def send(producer: Producer, task: str, task_id: str, args: Sequence[Any], kwargs: dict[str, Any]) -> None:
    """Send one message to the queue of this deployment that takes such tasks."""
    app.send_task(
        task,
        args,
        kwargs,
        task_id=task_id,
        producer=producer,
        queue=broker.queue_for(task),  # type: ignore[arg-type] # a name would be looked up in the settings of another moment
        retry=False,
        add_to_parent=False,
    )


def _mark_handed(ids: Sequence[str]) -> None:
    """A worker may have been faster: what runs or is finished stays as it is."""
    with transaction() as session:
        waiting = and_(OutboxRow.id.in_(ids), OutboxRow.state.in_((WAITING, HANDED)))
        session.execute(update(OutboxRow).where(waiting).values(state=HANDED, handed_at=from_now()))


def forget_finished() -> int:
    """Delete the rows of tasks that ended more than `OUTBOX_DAYS` ago; how many.

    The key of a forgotten task can be used again.
    """
    before = now() - timedelta(days=config.current().outbox_days)
    return delete_in_batches(
        OutboxRow.id, and_(OutboxRow.state.in_((FINISHED, FAILED)), OutboxRow.finished_at < before)
    )
