"""Rows of the outbox, looked at and made older."""

from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, text, update

from framework.celery.models import OutboxRow
from framework.celery.outbox import enqueue
from framework.celery.worker import runs
from framework.database.session import read_transaction, transaction
from framework.database.types import now

ECHO = "framework.celery.tasks.echo"


def committed(*args: Any, **options: Any) -> str:
    """The id of an echo task that was enqueued and committed."""
    with transaction() as session:
        return enqueue(session, ECHO, *(args or ("word",)), **options)


def claimed(row_id: str) -> OutboxRow:
    """The row of a task of which a run has just begun."""
    found = runs.claim(row_id)
    assert found
    return found


def row(row_id: str) -> OutboxRow:
    """The row as it is now."""
    with read_transaction() as session:
        return session.get_one(OutboxRow, row_id)


def rename_table(name: str, to: str) -> None:
    """Take a table away, or put it back: what asks for it meanwhile fails in the database."""
    with transaction() as session:
        session.execute(text(f"ALTER TABLE {name} RENAME TO {to}"))


def count() -> int:
    """How many rows there are."""
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(OutboxRow)) or 0


def age(row_id: str, by: timedelta) -> None:
    """Have everything about the row have happened so much earlier."""
    with transaction() as session:
        moved = session.get_one(OutboxRow, row_id)
        moved.not_before -= by
        moved.handed_at = (moved.handed_at or now()) - by
        moved.finished_at = moved.finished_at and moved.finished_at - by


def set_to(row_id: str, **values: Any) -> None:
    """Write these columns."""
    with transaction() as session:
        session.execute(update(OutboxRow).where(OutboxRow.id == row_id).values(**values))
