"""The engine: one bounded pool a process, SQLite made as strict as PostgreSQL."""

import os
import re
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.orm import configure_mappers

from framework import config
from framework.config import Config
from framework.database.pool import BoundedPool
from framework.database.types import sqlite_from_now, sqlite_later

SQLITE_CONNECTIONS = 64
"""Files cost nothing: as many as a process has threads of all kinds."""

WORKER_CONNECTIONS = 2
"""A worker's process does one task, and tells how far it is; it needs no more."""

SQLITE_BUSY_TIMEOUT_SECONDS = 30
LONGEST_NAME = 63

_POSTGRESQL = {
    "connect_timeout": 5,
    "tcp_user_timeout": 15_000,  # milliseconds until a database that is gone without a word counts as gone
    "prepare_threshold": None,  # until `_let_prepare` knows that the server itself answers
}


@dataclass(frozen=True)
class _Engines:
    """An engine, and the same one with the options of a transaction that writes, and of one that reads."""

    plain: Engine
    writing: Engine
    reading: Engine


_engines: dict[tuple[str, int], _Engines] = {}


def engine() -> Engine:
    """The engine of the current configuration's database, made anew after a fork."""
    return _current().plain


def writing_engine() -> Engine:
    """The same for transactions that write."""
    return _current().writing


def reading_engine() -> Engine:
    """The same for transactions that read, and see one moment throughout."""
    return _current().reading


def load_ahead() -> None:
    """Have the driver and the mapping of tables ready; no connection is opened."""
    configure_mappers()
    engine()


def dispose() -> None:
    """Close the pools of this process; the next use opens them again."""
    for key in [key for key in _engines if key[1] == os.getpid()]:
        _engines.pop(key).plain.dispose()


def application_name(arguments: list[str] = sys.argv) -> str:
    """Who holds a connection, as `pg_stat_activity` shows it: the kind of process, where it runs, its process id."""
    place = f"{config.current().dyno or socket.gethostname()}/{os.getpid()}"
    return f"holdfast {process_kind(arguments)} {place}"[:LONGEST_NAME]


def process_kind(arguments: list[str]) -> str:
    """What this process is: `web`, `worker`, `scheduler`, or a command by its first words, without what it is given."""
    program, *words = arguments or [""]
    name = Path(program).name
    if name == "__main__.py":
        name = Path(program).parent.name
    if name.startswith("-"):  # `python -c`
        return "python"
    if name == "gunicorn":
        return "web"
    if name == "celery":
        return "scheduler" if "beat" in words else "worker"
    plain = [word for word in words if re.fullmatch(r"[a-z]+", word)]
    return " ".join([name, *plain[:2]]) if name == "flask" else name


def _current() -> _Engines:
    settings = config.current()
    key = (settings.database_url, os.getpid())
    return _engines.get(key) or _engines.setdefault(key, _with_options(_make(settings)))


def _with_options(made: Engine) -> _Engines:
    """PostgreSQL would show each statement of a reader another moment; SQLite's readers see one by themselves."""
    reading = made
    if made.dialect.name == "postgresql":
        reading = made.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    return _Engines(made, made.execution_options(writes=True), reading)


def _make(settings: Config) -> Engine:
    if settings.database_url.startswith("sqlite"):
        return _sqlite_engine(settings.database_url)
    url = make_url(settings.database_url)
    named = {**_POSTGRESQL, "application_name": application_name()}
    made = create_engine(
        url,
        poolclass=BoundedPool,
        pool_size=WORKER_CONNECTIONS if process_kind(sys.argv) == "worker" else settings.database_connections,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={name: value for name, value in named.items() if name not in url.query},
    )
    event.listen(made, "connect", _let_prepare)
    return made


def _let_prepare(connection: Any, _record: object) -> None:
    """Let the driver prepare those that ask for it, unless a pooler is between, which lends another server next time.

    PgBouncer and its like make up the process id that a client is told when it connects. No other statement is
    prepared, however often it comes: the server may then plan it once for all values, and read a table from end to end.
    """
    connection.autocommit = True
    (answering,) = connection.execute("SELECT pg_backend_pid()").fetchone()
    connection.autocommit = False
    if answering == connection.info.backend_pid:
        connection.prepare_threshold = sys.maxsize


def _sqlite_engine(url: str) -> Engine:
    made = create_engine(
        url,
        poolclass=BoundedPool,
        pool_size=SQLITE_CONNECTIONS,
        hide_parameters=True,  # what people typed, and digests of secrets, stay out of logs
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    event.listen(made, "connect", _prepare_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below decides, not the driver's guess
    connection.create_function("from_now", 1, sqlite_from_now)
    connection.create_function("later", 2, sqlite_later)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a deferred transaction that turns writer fails instead of waiting.

    A reader waits for nothing, and cannot fail here: the driver is asked by itself, for a tenth of the CPU.
    """
    if connection.get_execution_options().get("writes", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:
        connection.connection.cursor().execute("BEGIN")
