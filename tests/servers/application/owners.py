"""Two databases on one bucket, and a process that works for one of them at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import delete, insert, select

from framework import config, rooms
from framework.config import Config
from framework.database.insert import number_on
from framework.database.session import read_transaction, transaction
from framework.database.types import Base
from framework.storage import current
from tests.audit.triggers import lifted_triggers


@dataclass(frozen=True)
class Owners:
    """The deployment that had the bucket first, and another one; each has a database and a disk of its own."""

    first: Config
    second: Config
    work_for: Callable[[Config], None]

    @contextmanager
    def other(self) -> Iterator[None]:
        """Work for the other one within the block."""
        before = config.current()
        self.work_for(self.second if before.database_url == self.first.database_url else self.first)
        yield
        self.work_for(before)

    def keep_permission(self) -> None:
        """Be a process whose last look at the bucket was a moment ago, for as long as the test takes."""
        current.ownership().look()
        current.ownership()._permitted_until = float("inf")

    def start_anew(self) -> None:
        """Be a process that has just been started, and knows nothing of the bucket."""
        current.ownership().forget()

    def copy_database(self) -> None:
        """Give the second database every row that the first one has, as a fork or a dump does."""
        rooms.load_models()
        with read_transaction() as session:
            tables = Base.metadata.sorted_tables
            rows = {table.name: [dict(row) for row in session.execute(select(table)).mappings()] for table in tables}
        with self.other(), transaction() as session:
            with lifted_triggers(session):
                for table in reversed(tables):
                    session.execute(delete(table))
            for table in tables:
                if rows[table.name]:
                    session.execute(insert(table), rows[table.name])
            number_on(session, [(table.name, column.name) for table in tables for column in table.columns])
