"""The statements that a block sends to the database, and those that the database keeps."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Engine, Integer, bindparam, event, select, text

from framework.database.prepared import PreparedSelect
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
    """How many statements PostgreSQL keeps for this thread's connection, after two were read several times."""
    for _time in range(8):
        with read_transaction() as session:
            session.execute(text("SELECT 1")).all()
        _ASKED.read_row({"asked": 1})
    with read_rows() as connection:
        return int(connection.execute(text("SELECT count(*) FROM pg_prepared_statements")).scalar_one())


_ASKED = PreparedSelect(select(bindparam("asked", type_=Integer)))
