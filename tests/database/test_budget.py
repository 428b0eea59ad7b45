"""Every process of a deployment keeps within a plan of 20 PostgreSQL connections, and answers all the same."""

import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection

import pytest

from framework.config import Config
from tests.servers.application.deployments import environment
from tests.servers.application.gunicorn import gunicorn
from tests.servers.backends.postgres import Postgres
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

pytestmark = pytest.mark.parametrize("deployment", ["embedded"])
PLAN = 20
REQUESTS = 128


@pytest.fixture
def planned(settings: Config, postgres: Postgres) -> Iterator[Config]:
    """A deployment on PostgreSQL, where its role may hold 20 connections."""
    url, role = postgres.new_database(), postgres.new_role(connections=PLAN)
    yield replace(settings, database_url=url.replace("//holdfast@", f"//{role}@"))
    postgres.drop_database(url)


@contextmanager
def most_connections(postgres: Postgres, database: str, application: str) -> Iterator[list[int]]:
    """How many connections such applications were seen to hold, at the end of the block."""
    seen, over = [0], threading.Event()

    def look() -> None:
        while not over.is_set():
            seen[0] = max(seen[0], postgres.connections(database, application))

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def status_of(url: str, path: str) -> int:
    """The status of one request on a connection of its own."""
    connection = HTTPConnection(url.removeprefix("http://"), timeout=HANG_SECONDS)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


@pytest.mark.long
def test_32_threads_answer_128_requests_at_once_on_3_connections(run: Run, planned: Config, postgres: Postgres) -> None:
    variables = {name: value for name, value in environment(planned).items() if name not in {"BASE_URL", "PORT"}}
    with (
        gunicorn(run, variables, threads=32) as server,
        most_connections(postgres, planned.database_url, "holdfast web ") as seen,
        ThreadPoolExecutor(REQUESTS) as people,
    ):
        statuses = Counter(people.map(lambda _: status_of(server.url, "/explore"), range(REQUESTS)))
    assert statuses == {200: REQUESTS}
    assert 0 < seen[0] <= 3
