"""Engines that serve one test's database after another, so that each keeps the statements that it has compiled.

SQLAlchemy compiles a statement once for each engine, and a test has a database of its own: a fifth of the time of a
test that asks for pages went into compiling what the test before had compiled, too.
"""

import os
from collections import defaultdict
from typing import Any

from sqlalchemy import Dialect, Engine, event
from sqlalchemy.engine import make_url

from framework.config import Config
from framework.database import engine

Kind = tuple[object, ...]
_make, _dispose, _prepare = engine._make, engine.dispose, engine._prepare_sqlite
_kinds: dict[Engine, Kind] = {}
_spare: defaultdict[Kind, list[Engine]] = defaultdict(list)


def hurry_databases() -> None:
    """Have engines serve another database of their kind once they are disposed of, and SQLite not wait for the disk.

    A commit that the disk has not seen outlives every kill of its process.
    """
    engine._make, engine.dispose, engine._prepare_sqlite = _take, _put_back, _prepare_unhurried


def _take(settings: Config) -> Engine:
    kind = _kind_of(settings)
    if _spare[kind]:
        taken = _spare[kind].pop()
        taken.url = make_url(settings.database_url)
        return taken
    made = _make(settings)
    _kinds[made] = kind

    @event.listens_for(made, "do_connect")
    def connect(dialect: Dialect, _record: object, arguments: list[Any], named: dict[str, Any]) -> None:
        here, more = dialect.create_connect_args(made.url)
        arguments[:] = here
        named.update(more)

    return made


def _put_back() -> None:
    mine = [made.plain for (_url, process), made in engine._engines.items() if process == os.getpid()]
    _dispose()
    for made in mine:
        _spare[_kinds[made]].append(made)


def _prepare_unhurried(connection: Any, _record: object) -> None:
    _prepare(connection, _record)
    connection.execute("PRAGMA synchronous=OFF")


def _kind_of(settings: Config) -> Kind:
    """What an engine is made of, but for the database. A fork takes over SQLite's, which hold no connection by then."""
    server = make_url(settings.database_url).set(database="")
    if server.drivername.startswith("sqlite"):
        return server, engine.SQLITE_BUSY_TIMEOUT_SECONDS
    return server, settings.database_connections, engine.application_name()
