"""A process keeps to its connections: it waits instead of opening more, and closes those that nobody uses."""

import os
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from time import sleep
from typing import Any

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection

from framework.config import Config
from framework.database.engine import LONGEST_NAME, application_name, process_kind
from framework.database.pool import BoundedPool
from tests.servers.backends.postgres import Postgres
from tests.servers.processes import HANG_SECONDS

NAME = "a test of the pool"


@pytest.fixture
def database(postgres: Postgres) -> Iterator[str]:
    """The URL of a database of one's own."""
    url = postgres.new_database(migrated=False)
    yield url
    postgres.drop_database(url)


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    """Two connections, kept when idle."""
    made = bounded(database)
    yield made
    made.dispose()


def bounded(database: str, **options: object) -> Engine:
    """An engine with the pool that is tested."""
    names = {"application_name": NAME}
    return create_engine(database, poolclass=BoundedPool, connect_args=names, **{"pool_size": 2, **options})


def eventually(happened: Callable[[], object]) -> None:
    """Wait until it has happened; the test's own limit ends a wait in vain."""
    while not happened():
        sleep(0.01)


def test_whoever_finds_none_free_waits_for_one(engine: Engine, postgres: Postgres, database: str) -> None:
    most, lock, inside = [0], threading.Lock(), [0]

    def use() -> None:
        with engine.connect() as connection:
            with lock:
                inside[0] += 1
                most[0] = max(most[0], inside[0], postgres.connections(database, NAME))
            connection.execute(text("SELECT 1"))
            with lock:
                inside[0] -= 1

    with ThreadPoolExecutor(16) as threads:
        for done in [threads.submit(use) for _ in range(64)]:
            done.result()
    assert most == [2]


def test_who_waits_in_vain_is_told(database: str) -> None:
    engine = bounded(database, pool_size=1, pool_timeout=0.01)
    with engine.connect(), pytest.raises(NoFreeConnection, match="all 1 database connections of this process"):
        engine.connect()
    engine.dispose()


def test_idle_connections_close_and_open_again(postgres: Postgres, database: str) -> None:
    engine = bounded(database, idle_seconds=0.05)
    with engine.connect(), engine.connect():
        assert postgres.connections(database, NAME) == 2
    eventually(lambda: postgres.connections(database, NAME) == 0)
    assert engine.pool.status() == "0 of 2 connections in use, 0 idle"
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT 1")) == 1


def test_idle_connections_close_although_no_thread_could_be_started_once(
    postgres: Postgres, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = bounded(database, idle_seconds=0.05)
    with monkeypatch.context() as short_of_threads:
        short_of_threads.setattr(threading.Thread, "start", fail_to_start)
        engine.connect().close()
    engine.connect().close()
    eventually(lambda: postgres.connections(database, NAME) == 0)


def fail_to_start(_thread: threading.Thread) -> None:
    """As Python does at the limit of the process."""
    raise RuntimeError("can't start new thread")


def test_a_connection_in_use_is_not_idle(postgres: Postgres, database: str) -> None:
    engine = bounded(database, idle_seconds=0.05)
    with engine.connect() as connection:
        engine.connect().close()
        eventually(lambda: postgres.connections(database, NAME) == 1)
        assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


@pytest.mark.parametrize(("trusted_seconds", "pings"), [(HANG_SECONDS, 0), (0, 2)])
def test_a_connection_is_pinged_unless_it_was_used_a_moment_ago(
    database: str, monkeypatch: pytest.MonkeyPatch, trusted_seconds: float, pings: int
) -> None:
    engine, asked = bounded(database, pool_pre_ping=True, trusted_seconds=trusted_seconds), list[object]()
    ping = engine.dialect.do_ping

    def ask(connection: Any) -> bool:
        asked.append(connection)
        return ping(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", ask)
    for _ in range(3):
        engine.connect().close()
    assert len(asked) == pings
    engine.dispose()


def test_a_server_that_has_left_is_noticed_by_the_statement(database: str, postgres: Postgres) -> None:
    """The one who asks is told, and every other connection of that time is opened anew."""
    engine = bounded(database, pool_pre_ping=True, trusted_seconds=HANG_SECONDS)
    with engine.connect(), engine.connect():
        pass
    end_connections(database)
    with engine.connect() as connection, pytest.raises(OperationalError):
        connection.execute(text("SELECT 1"))
    for _ in range(2):
        with engine.connect() as connection:
            assert connection.scalar(text("SELECT 1")) == 1
    engine.dispose()


def end_connections(database: str) -> None:
    """Have the server end all of the test's connections, as when it restarts."""
    with psycopg.connect(database.replace("+psycopg", ""), autocommit=True) as own:
        own.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s", [NAME])


def test_the_one_returned_last_is_used_first(engine: Engine) -> None:
    first, second = engine.connect(), engine.connect()
    used = second.connection.dbapi_connection
    first.close()
    second.close()
    with engine.connect() as connection:
        assert connection.connection.dbapi_connection is used


def test_those_who_wait_are_told_at_once_that_the_database_is_away() -> None:
    waiting, may_fail = threading.Semaphore(0), threading.Event()

    def refuse() -> psycopg.Connection:
        waiting.release()
        assert may_fail.wait(HANG_SECONDS)
        raise psycopg.OperationalError("away")

    engine = create_engine(
        "postgresql+psycopg://", creator=refuse, poolclass=BoundedPool, pool_size=1, pool_timeout=HANG_SECONDS
    )
    with ThreadPoolExecutor(8) as threads:
        tries = [threads.submit(engine.connect) for _ in range(8)]
        waiting.acquire()
        may_fail.set()
        for each in tries:
            with pytest.raises(OperationalError, match="away"):
                each.result(timeout=HANG_SECONDS)


def test_what_is_in_use_when_the_pool_is_closed_is_closed_when_it_is_returned(
    engine: Engine, postgres: Postgres, database: str
) -> None:
    connection = engine.connect()
    engine.dispose()
    connection.close()
    eventually(lambda: postgres.connections(database, NAME) == 0)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["/app/bin/gunicorn", "app:app"], "web"),
        (["/lib/gunicorn/__main__.py", "app:app"], "web"),
        (["celery", "-A", "framework.celery.celery", "worker", "-B"], "worker"),
        (["celery", "-A", "framework.celery.celery", "beat"], "scheduler"),
        (["flask", "doctor"], "flask doctor"),
        (["flask", "users", "create", "ann", "ann@example.org"], "flask users create"),
        (["/usr/bin/pytest", "-q"], "pytest"),
        (["-c", "-n", "2"], "python"),
        ([], ""),
    ],
)
def test_a_process_is_named_after_its_command(arguments: list[str], kind: str) -> None:
    assert process_kind(arguments) == kind


@pytest.mark.parametrize("deployment", ["embedded"])
def test_a_name_tells_the_dyno_and_fits(settings: Config, with_settings: Callable[..., Config]) -> None:
    with_settings(dyno="run.7")
    assert application_name(["flask", "doctor"]) == f"holdfast flask doctor run.7/{os.getpid()}"
    with_settings(dyno="a" * 80)
    assert len(application_name(["flask", "doctor"])) == LONGEST_NAME
