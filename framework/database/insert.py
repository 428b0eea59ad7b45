"""Inserts that several processes may make at once, and the numbers of rows that came from elsewhere."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from framework.database.types import Base


def insert_if_absent(session: Session, model: type[Base], **values: Any) -> None:
    """Insert a row unless one with its key is there; the transaction goes on either way."""
    session.execute(insert_into(session, model).values(**values).on_conflict_do_nothing())


def insert_into(session: Session, model: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what to do about a row that is there; both databases take the same words."""
    postgres = session.get_bind().dialect.name == "postgresql"
    return postgresql.insert(model) if postgres else sqlite.insert(model)


def number_on(session: Session, columns: Iterable[tuple[str, str]]) -> None:
    """Have the next row of these columns (table, column) be numbered after the newest one.

    PostgreSQL numbers rows by a sequence, which rows that bring their numbers do not move.
    """
    if session.get_bind().dialect.name != "postgresql":
        return
    for table, column in columns:
        names = {"table": table, "column": column}
        if sequence := session.scalar(text("SELECT pg_get_serial_sequence(:table, :column)"), names):
            newest = text(f"SELECT coalesce(max({column}), 0) + 1 FROM {table}")  # noqa: S608
            number = {"sequence": sequence, "next": session.scalar(newest)}
            session.execute(text("SELECT setval(:sequence, :next, false)"), number)
