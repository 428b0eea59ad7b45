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
_make, _dispose = engine._make, engine.dispose
_kinds: dict[Engine, Kind] = {}
_spare: defaultdict[Kind, list[Engine]] = defaultdict(list)


def reuse_engines() -> None:
    """Have the engines of this process serve another database of their kind once they are disposed of."""
    engine._make, engine.dispose = _take, _put_back


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
    mine = [made for (_url, process), made in engine._engines.items() if process == os.getpid()]
    _dispose()
    for made in mine:
        _spare[_kinds[made]].append(made)


def _kind_of(settings: Config) -> Kind:
    """What an engine is made of, but for the database; a fork takes none of its parent's."""
    server = make_url(settings.database_url).set(database="")
    options = (engine.SQLITE_BUSY_TIMEOUT_SECONDS, settings.database_connections, engine.application_name())
    return os.getpid(), server, *options
