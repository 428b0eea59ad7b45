"""The statements that a block sends to the database, and those that the database keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, event, text

from framework.database.engine import PREPARED_AFTER
from framework.database.session import read_rows, read_transaction


@contextmanager
def noted_statements() -> Iterator[list[str]]:
    """Fills with the text of each statement, in order; SQLite's BEGIN is one of them."""
    found: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        found.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield found
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def repeat_and_count_prepared() -> int:
    """How many statements PostgreSQL keeps for this thread's connection, after one was read by several transactions."""
    for _time in range(PREPARED_AFTER + 1):
        with read_transaction() as session:
            session.execute(text("SELECT 1")).all()
    with read_rows() as connection:
        return int(connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())
