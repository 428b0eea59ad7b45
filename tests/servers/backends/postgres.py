"""A private PostgreSQL, and a fresh, migrated database for whoever asks."""

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
from filelock import FileLock

from tests.servers.application.migration import migrate
from tests.servers.processes import MARK, Process, free_port
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
    "dynamic_shared_memory_type": "mmap",  # in its folder: one that is killed would leave a file in /dev/shm
}

# Every table and index with its columns, and the revision.
_SHAPE = """
SELECT string_agg(DISTINCT version_num, ' '), md5(string_agg(
    concat_ws(' ', relname, relkind, attname, atttypid, attnotnull), ',' ORDER BY relname, attnum))
FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid LEFT JOIN alembic_version ON true
WHERE relnamespace = 'public'::regnamespace AND NOT attisdropped
"""
# Deletes what there is, which is little, and has numbers begin anew; a TRUNCATE would make new files for every table.
_EMPTY = """
DO $$
DECLARE one text; has_rows boolean;
BEGIN
    SET LOCAL session_replication_role = replica;  -- no foreign key is asked
    FOR one IN SELECT tablename FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'alembic_version' LOOP
        EXECUTE format('SELECT EXISTS (SELECT FROM %I)', one) INTO has_rows;
        IF has_rows THEN EXECUTE format('DELETE FROM %I', one); END IF;
    END LOOP;
    FOR one IN SELECT sequencename FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL LOOP
        EXECUTE format('ALTER SEQUENCE %I RESTART', one);
    END LOOP;
END $$
"""
_free: dict[int, list[str]] = {}
_shapes: dict[int, object] = {}
"""By the server's port: the databases that were given back to this process, and what a new one is made of."""


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

    def new_role(self, *, connections: int) -> str:
        """The name of somebody who may hold so many connections, as a host's plan allows, and may use every table."""
        name = f"role_{self.run.number('role')}"
        self.execute(f"CREATE ROLE {name} LOGIN CONNECTION LIMIT {connections} IN ROLE holdfast")
        return name

    def connections(self, database: str, application: str = "") -> int:
        """How many connections applications whose names begin so hold to the database of this URL."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND starts_with(application_name, %s)"
        with psycopg.connect(self._own_address(), autocommit=True) as connection:
            [count] = connection.execute(query, (database.rpartition("/")[2], application)).fetchone() or [0]
        return int(count)

    def copy_database(self, source: str, target: str) -> None:
        """Have a database hold what another one does, to which nobody is connected."""
        name, template = (url.rpartition("/")[2] for url in (target, source))
        self.drop_database(target)
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}")

    def dump_database(self, source: str, target: str) -> None:
        """Have a database hold what another one does at this moment, while others work with it."""
        self.drop_database(target)
        self.execute(f"CREATE DATABASE {target.rpartition('/')[2]} TEMPLATE template0")
        plain = [url.replace("+psycopg", "") for url in (source, target)]
        dump = subprocess.run([program("pg_dump"), "-Fc", plain[0]], check=True, stdout=subprocess.PIPE)
        subprocess.run([program("pg_restore"), "-d", plain[1]], check=True, input=dump.stdout)

    def drop_database(self, url: str) -> None:
        """Remove it if it is there, whoever is connected."""
        self.execute(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2]} WITH (FORCE)")

    def borrow_database(self) -> str:
        """The URL of a migrated database without rows, which a test of this process has had before if possible."""
        free = _free.setdefault(self.port, [])
        if free:
            return free.pop()
        url = self.new_database()
        if self.port not in _shapes:  # the template's own; nobody may look at it while it is copied
            with psycopg.connect(url.replace("+psycopg", "")) as connection:
                _shapes[self.port] = connection.execute(_SHAPE).fetchone()
        return url

    def give_back(self, url: str) -> None:
        """Empty it for the next test, whoever is connected; one whose tables were changed is dropped."""
        name = url.rpartition("/")[2]
        self.execute(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")
        is_as_made = False
        with (
            suppress(psycopg.OperationalError),  # a test has dropped it
            psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection,
        ):
            if connection.execute(_SHAPE).fetchone() == _shapes[self.port]:
                connection.execute(_EMPTY)
                is_as_made = True
        if is_as_made:
            _free[self.port].append(url)
        else:
            self.drop_database(url)

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside of a transaction."""
        with psycopg.connect(self._own_address(), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _own_address(self) -> str:
        return f"postgresql://holdfast@127.0.0.1:{self.port}/postgres"

    def _make_template(self) -> None:
        made = self.run.folder / "template.made"
        with FileLock(self.run.folder / "template.lock"):
            if not made.exists():
                self.execute(f"CREATE DATABASE {TEMPLATE}")
                migrate(self.url(TEMPLATE), self.run.folder)
                made.touch()


class StoppablePostgres:
    """A server of one's own with a migrated database, which can be stopped."""

    def __init__(self, run: Run) -> None:
        self._run, self._data, self._port = run, run.data(f"stoppable-{run.number('stoppable')}"), free_port()
        self._data.mkdir(parents=True)
        make_cluster(run, self._data)
        self._process: Process = start_cluster(run, self._data, self._port)
        self.url = Postgres(self._port, run).new_database(migrated=False)
        migrate(self.url, run.folder)

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """No server while the block runs."""
        self.end()
        try:
            yield
        finally:
            self._process = start_cluster(self._run, self._data, self._port)

    def end(self) -> None:
        """Stop it for good, at once: SIGTERM would have it wait for its clients."""
        self._process.stop(by=signal.SIGINT)


def postgres(run: Run) -> Postgres:
    """The run's PostgreSQL, started when it is not there yet."""
    return Postgres(int(run.shared("postgres", _start)["port"]), run)


def _start(run: Run) -> Facts:
    data, port = run.data("postgres"), free_port()
    make_cluster(run, data)
    start_cluster(run, data, port)
    return {"port": str(port)}


def make_cluster(run: Run, data: Path) -> None:
    """Make a server's files in this folder, which is there and empty."""
    initdb = [*as_nobody_in_particular(data), program("initdb"), "-D", str(data / "cluster"), "-U", "holdfast"]
    subprocess.run(
        [*initdb, "--auth=trust", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"],
        check=True,
        stdout=subprocess.DEVNULL,
        env={"PATH": os.environ["PATH"], MARK: str(run.folder)},
        cwd=data,
    )


def start_cluster(run: Run, data: Path, port: int, **settings: str) -> Process:
    """The server of this folder, once it answers; `settings` go before those of all tests."""
    options = [f"--{name}={value}" for name, value in {**_SETTINGS, **settings, "port": str(port)}.items()]
    command = [*as_nobody_in_particular(data), program("postgres"), "-D", str(data / "cluster"), *options]
    process = run.start("postgres", command)
    process.wait_until(lambda: _answers(port))
    return process


def _answers(port: int) -> bool:
    try:
        psycopg.connect(f"postgresql://holdfast@127.0.0.1:{port}/postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def as_nobody_in_particular(data: Path) -> Sequence[str]:
    """PostgreSQL refuses to run as root: then another user runs it, who may pass through root's private folders."""
    if os.geteuid() != 0:
        return []
    user = next(pwd.getpwnam(name) for name in ("postgres", "nobody") if _exists(name))
    os.chown(data, user.pw_uid, user.pw_gid)
    drop = [f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]
    return [program("setpriv"), *drop, "--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--"]


def _exists(name: str) -> bool:
    return any(user.pw_name == name for user in pwd.getpwall())
