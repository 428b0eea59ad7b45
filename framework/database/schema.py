"""The schema: brought up to date by Alembic, one process at a time, beside processes of the previous release.

On PostgreSQL each migration is a transaction of its own that waits at most `LOCK_TIMEOUT` for a table: whoever waits
for a table in use has every later request for it wait behind. Then it lets go and tries again. A database that is
newer than this release is left as it is, since migrations only add (`framework/database/steps.py`).
"""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config as AlembicConfig
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.exc import OperationalError

from framework.database.engine import engine
from framework.database.types import Base
from framework.errors import Conflict
from framework.rooms import load_models

MIGRATIONS = Path(__file__).parent / "migrations"
UPGRADE_LOCK = 0x686F6C64
TRIES = 60
PAUSE_SECONDS = 5
LOCK_TRIES = 1800
"""One each second: whoever changes the tables gives up long before, unless it hangs."""
LOCK_TIMEOUT = "4s"
SHORT_OF_LOCKS = {"55P03", "40P01"}  # lock_not_available, deadlock_detected

log = logging.getLogger(__name__)


class TablesBusy(Conflict):
    """Others have kept a table locked for as long as a migration may wait."""

    def __init__(self, words: str) -> None:
        super().__init__(
            "A table that a migration changes was in use all the time, so the migration was not made. End what runs "
            f"long (the view pg_stat_activity lists it), then try again. {words}"
        )


class ForeignTables(Conflict):
    """The database is at a revision of another program, or of a release too far ahead."""

    def __init__(self, revision: str | None, lacking: str) -> None:
        super().__init__(
            f"The database is at revision {revision}, which this release does not know, and lacks {lacking}, which it "
            "needs. Deploy the release that the database belongs to, or check DATABASE_URL."
        )


def upgrade() -> None:
    """Bring the database to the newest revision; processes that start together wait for each other.

    A newer database is left alone.

    Raises:
        TablesBusy, ForeignTables.
    """
    with _lock() as held:
        if not _is_newer(held):
            _change(held, lambda connection: command.upgrade(_alembic(connection), "head"))
        elif lacking := _list_lacking(held):
            raise ForeignTables(_revision(held), lacking[0])


def downgrade(revision: str) -> None:
    """Bring the database back to an earlier revision that this release knows."""
    with _lock() as held:
        _change(held, lambda connection: command.downgrade(_alembic(connection), revision))


def current_revision() -> str | None:
    """The revision that the database is at; None for one without tables."""
    with engine().connect() as connection:
        return _revision(connection)


def list_revisions() -> set[str]:
    """Every revision that this release can bring a database to."""
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    return {script.revision for script in ScriptDirectory.from_config(settings).walk_revisions()}


def is_newer() -> bool:
    """Whether a later release has changed the database."""
    with engine().connect() as connection:
        return _is_newer(connection)


def new_revision(message: str) -> None:
    """Write a migration from what the models say and the database has."""
    load_models()
    with engine().connect() as connection:
        command.revision(_alembic(connection), message, autogenerate=True)


def differences() -> list[str]:
    """What the models say and the database lacks; what a later release has added is none."""
    with engine().connect() as connection:
        return _list_lacking(connection)


def _is_newer(connection: Connection) -> bool:
    revision = _revision(connection)
    return revision is not None and revision not in list_revisions()


def _revision(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _list_lacking(connection: Connection) -> list[str]:
    """In words; of a newer database tables and columns only, since a later release may index them otherwise."""
    load_models()
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    found = [change[0] if isinstance(change, list) else change for change in compare_metadata(context, Base.metadata)]
    needed = ("add_table", "add_column") if _is_newer(connection) else ("add_", "modify_")
    return [_in_words(*change) for change in found if change[0].startswith(needed)]


def _in_words(kind: str, *about: Any) -> str:
    if kind == "add_table":
        return f"the table {about[0].name}"
    if kind == "add_column":
        return f"the column {about[1]}.{about[2].name}"
    return " ".join(str(part) for part in (kind, *about))


@contextmanager
def _lock() -> Iterator[Connection]:
    """A connection whose transaction keeps other processes from changing the schema."""
    if engine().dialect.name == "sqlite":
        with engine().execution_options(writes=True).begin() as connection:
            yield connection
        return
    with engine().connect() as connection:
        _wait_for_lock(connection)
        yield connection


def _wait_for_lock(connection: Connection) -> None:
    """Take PostgreSQL's lock for upgrades; that of a transaction, which works through PgBouncer, too.

    Waiting is done here: CREATE INDEX CONCURRENTLY would wait for a statement that waits there.

    Raises:
        TablesBusy.
    """
    for tries_left in reversed(range(LOCK_TRIES)):
        if connection.scalar(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": UPGRADE_LOCK}):
            return
        connection.rollback()
        if not tries_left:
            raise TablesBusy("Another process has held the lock for changes of the tables all the time.")
        log.info("Another process is changing the tables; waiting for it")
        time.sleep(1)


def _change(held: Connection, change: Callable[[Connection], None]) -> None:
    """Change the schema: SQLite's in the transaction that holds the lock, PostgreSQL's in one for each migration."""
    if held.dialect.name == "sqlite":
        change(held)
    else:
        # The portal of the last question would keep its snapshot, which CREATE INDEX CONCURRENTLY waits for.
        held.exec_driver_sql("SELECT 1")
        _retry(change)


def _retry(change: Callable[[Connection], None]) -> None:
    """Try until the tables are free: each migration that was made stays made."""
    for tries_left in reversed(range(TRIES)):
        try:
            with engine().connect() as connection:
                return change(connection)
        except OperationalError as failure:
            if getattr(failure.orig, "sqlstate", None) not in SHORT_OF_LOCKS:
                raise
            if not tries_left:
                raise TablesBusy(str(failure.orig)) from failure
            log.warning("A table is in use (%s); trying again", failure.orig)
            time.sleep(PAUSE_SECONDS)
    return None


def _alembic(connection: Connection) -> AlembicConfig:
    settings = AlembicConfig()
    settings.set_main_option("script_location", str(MIGRATIONS))
    settings.attributes.update(connection=connection, lock_timeout=LOCK_TIMEOUT)
    return settings
