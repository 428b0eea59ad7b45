"""A private PostgreSQL, and a fresh, migrated database for whoever asks."""

import os
import pwd
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psycopg
from filelock import FileLock

from tests.servers.migration import migrate
from tests.servers.processes import MARK, free_port
from tests.servers.programs import program
from tests.servers.run import Facts, Run

TEMPLATE = "migrated"
_SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",  # a socket's path may not be as long as a test's folder
    "max_connections": "400",
    "shared_buffers": "64MB",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "autovacuum": "off",
}


@dataclass(frozen=True)
class Postgres:
    """The server; its databases are dropped with it."""

    port: int
    run: Run

    def url(self, database: str) -> str:
        """The address as `DATABASE_URL` takes it, after SQLAlchemy's fashion."""
        return f"postgresql+psycopg://holdfast@127.0.0.1:{self.port}/{database}"

    def new_database(self, *, migrated: bool = True) -> str:
        """The URL of a database of one's own: with every table, or empty."""
        name = f"test_{self.run.number('database')}"
        if migrated:
            self._make_template()
        self.execute(f"CREATE DATABASE {name} TEMPLATE {TEMPLATE if migrated else 'template0'}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """Remove it, whoever is connected."""
        self.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside of a transaction."""
        address = f"postgresql://holdfast@127.0.0.1:{self.port}/postgres"
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(statement.encode())

    def _make_template(self) -> None:
        made = self.run.folder / "template.made"
        with FileLock(self.run.folder / "template.lock"):
            if not made.exists():
                self.execute(f"CREATE DATABASE {TEMPLATE}")
                migrate(self.url(TEMPLATE), self.run.folder)
                made.touch()


def postgres(run: Run) -> Postgres:
    """The run's PostgreSQL, started when it is not there yet."""
    return Postgres(int(run.shared("postgres", _start)["port"]), run)


def _start(run: Run) -> Facts:
    data = run.data("postgres")
    as_user = _as_nobody_in_particular(data)
    initdb = [*as_user, program("initdb"), "-D", str(data / "cluster"), "-U", "holdfast"]
    subprocess.run(
        [*initdb, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], MARK: str(run.folder)},
        cwd=data,
    )
    port = free_port()
    options = [f"--{name}={value}" for name, value in {**_SETTINGS, "port": str(port)}.items()]
    process = run.start("postgres", [*as_user, program("postgres"), "-D", str(data / "cluster"), *options])
    process.wait_until(lambda: _answers(port))
    return {"port": str(port)}


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://holdfast@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _as_nobody_in_particular(data: Path) -> Sequence[str]:
    """PostgreSQL refuses to run as root: then another user runs it, who may pass through root's private folders."""
    if os.geteuid() != 0:
        return []
    user = next(pwd.getpwnam(name) for name in ("postgres", "nobody") if _exists(name))
    os.chown(data, user.pw_uid, user.pw_gid)
    drop = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [program("setpriv"), *drop, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]


def _exists(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())
