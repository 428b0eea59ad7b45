"""Sessions: `transaction` writes, `read_transaction` reads.

A thread holds one at a time, and none while it waits elsewhere.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from framework.database.engine import reading_engine, writing_engine
from framework.errors import HoldfastError

BATCH_ROWS = 5000
OLDEST_ROWS = 500

_held = threading.local()


@contextmanager
def transaction() -> Iterator[Session]:
    """One write transaction: committed at the end, rolled back by any exception.

    Objects stay readable afterwards as they were at the commit. What `call_after_commit` noted runs when the connection
    has gone back to the pool.
    """
    with (
        one_at_a_time(),
        Session(writing_engine(), expire_on_commit=False) as session,
        session.begin(),
    ):
        yield session
    for call in session.info.get("after_commit", ()):
        call()


def delete_in_batches(key: InstrumentedAttribute[Any], condition: ColumnElement[bool]) -> int:
    """Delete the rows of the key's table that satisfy the condition; how many.

    Each `BATCH_ROWS` are a transaction of their own, so that nobody waits long for what it holds.
    """
    gone = 0
    while True:
        batch = select(key).where(condition).limit(BATCH_ROWS)
        with transaction() as session:
            deleted = session.scalars(delete(key.class_).where(key.in_(batch)).returning(key)).all()
        gone += len(deleted)
        if len(deleted) < BATCH_ROWS:
            return gone


def delete_oldest(key: InstrumentedAttribute[int], moment: InstrumentedAttribute[datetime], before: datetime) -> int:
    """Delete what is older than that from a table whose keys grow with time; how many rows.

    The `OLDEST_ROWS` of the lowest keys are looked at, each time in a transaction of their own, until none of them is
    old. So the moments need no index, and what is young costs no more than that.
    """
    gone = 0
    while True:
        oldest = select(key.label("key"), moment.label("moment")).order_by(key).limit(OLDEST_ROWS).subquery()
        old = select(oldest.c.key).where(oldest.c.moment < before)
        with transaction() as session:
            deleted = session.scalars(delete(key.class_).where(key.in_(old)).returning(key)).all()
        if not deleted:
            return gone
        gone += len(deleted)


def call_after_commit(session: Session, call: Callable[[], None]) -> None:
    """Have `call` run after the commit, when the connection has been given back; never after a rollback."""
    session.info.setdefault("after_commit", []).append(call)


@contextmanager
def read_transaction() -> Iterator[Session]:
    """One read transaction, all of it seeing the same moment; what it loaded stays readable afterwards.

    It is committed, also when something is refused within it: a rollback has psycopg forget, and the server drop, what
    the connection has prepared.
    """
    with one_at_a_time(), Session(reading_engine(), expire_on_commit=False, autoflush=False) as session:
        try:
            yield session
        except HoldfastError:
            session.commit()
            raise
        session.expunge_all()
        session.commit()


@contextmanager
def read_rows() -> Iterator[Connection]:
    """The same for statements that select columns and no objects, for half of the CPU."""
    with one_at_a_time(), reading_engine().connect() as connection:
        yield connection
        connection.commit()


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Have this thread hold a database connection within the block, and no second one."""
    refuse_held_connection("another session")
    _held.session = True
    try:
        yield
    finally:
        _held.session = False


def refuse_held_connection(part: str) -> None:
    """Raise when this thread holds a database connection while it is about to wait for `part`.

    The store and git may take minutes; a connection held meanwhile starves every other request.
    """
    if getattr(_held, "session", False):
        raise RuntimeError(f"{part} was called with a database session open; end the session first")
