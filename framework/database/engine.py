"""The engine: one pool a process, SQLite made as strict as PostgreSQL."""

import os
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event

from framework import config

POOL_SIZE = 4
SQLITE_BUSY_TIMEOUT_SECONDS = 30


def engine() -> Engine:
    """The engine of the current configuration's database, made anew after a fork."""
    return _engine(config.current().database_url, os.getpid())


def dispose() -> None:
    """Close the pools of this process; the next use opens them again."""
    engine().dispose()
    _engine.cache_clear()


@lru_cache(maxsize=4)
def _engine(url: str, _process_id: int) -> Engine:
    if url.startswith("sqlite"):
        return _sqlite_engine(url)
    return create_engine(url, pool_size=POOL_SIZE, max_overflow=POOL_SIZE * 2, pool_pre_ping=True)


def _sqlite_engine(url: str) -> Engine:
    made = create_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=POOL_SIZE * 8,
        connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    event.listen(made, "connect", _prepare_sqlite)
    event.listen(made, "begin", _begin_sqlite)
    return made


def _prepare_sqlite(connection: Any, _record: object) -> None:
    connection.isolation_level = None  # SQLAlchemy's own BEGIN below decides, not the driver's guess
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    """Take the write lock at once: a deferred transaction that turns writer fails instead of waiting."""
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
