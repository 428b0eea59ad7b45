"""The connections to the database: how many there may be, who holds them, and how many the processes may take."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from framework import config
from framework.celery.worker import presence
from framework.config import Config
from framework.database.engine import WORKER_CONNECTIONS
from framework.database.session import read_transaction

FOR_COMMANDS = 2
"""What the release phase, `heroku run` and the doctor need beside everything else."""

_LIMITS = """
    SELECT rolconnlimit, datconnlimit,
           current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
    FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
"""
_HOLDERS = """
    SELECT application_name FROM pg_stat_activity
    WHERE backend_type = 'client backend' AND (:all OR usename = current_user)
"""
_NAME = re.compile(r"holdfast (?P<kind>.+) (?P<place>\S+?)(/\d*)?")
"""How `framework.database.engine.application_name` writes them."""


@dataclass(frozen=True)
class Connections:
    """The names of those that are open now, and how many there may be."""

    names: Sequence[str]
    limit: int

    def holders(self) -> Counter[str]:
        """How many each kind of process holds; others are those without a name of ours."""
        found = (_NAME.fullmatch(name) for name in self.names)
        return Counter(match["kind"] if match else "others" for match in found)

    def web_dynos(self) -> int:
        """How many machines with web processes are known: one at least, though one at rest holds nothing."""
        found = (_NAME.fullmatch(name) for name in self.names)
        return len({match["place"] for match in found if match and match["kind"] == "web"}) or 1


def connections() -> str:
    """The database has connections left, however busy all processes become."""
    settings = config.current()
    if settings.database_url.startswith("sqlite"):
        return "a file: no limit"
    found, workers = _read(), max(1, sum(worker.up for worker in presence.workers()))
    told = f"{len(found.names)} of {found.limit}"
    if found.names:
        told += f" ({', '.join(f'{kind} {count}' for kind, count in sorted(found.holders().items()))})"
    most = most_connections(settings, web_dynos=found.web_dynos(), workers=workers)
    told += f"; {found.web_dynos()} web and {workers} worker dynos take {most} at most, commands {FOR_COMMANDS}"
    if most + FOR_COMMANDS > found.limit:
        told += (
            "; LOOK: that is more than there are: lower WEB_CONCURRENCY, WORKER_CONCURRENCY or DATABASE_CONNECTIONS, "
            "or put PgBouncer between (docs/heroku.md, Connections)"
        )
    return told


def most_connections(settings: Config, *, web_dynos: int, workers: int) -> int:
    """The connections of so many dynos with these settings; a worker has a main process and a scheduler, too."""
    web = settings.web_concurrency * settings.database_connections
    worker = settings.worker_concurrency * WORKER_CONNECTIONS + 2
    return web_dynos * web + workers * worker


def _read() -> Connections:
    """A role's or a database's own limit counts before the server's, which all databases of it share."""
    with read_transaction() as session:
        role, database, server = session.execute(text(_LIMITS)).one()
        limit = min(each for each in (role, database, server) if each >= 0)
        names = session.scalars(text(_HOLDERS), {"all": role < 0}).all()
    return Connections(names, limit)
