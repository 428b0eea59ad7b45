"""The doctor tells how many connections the database has left, who holds the others, and whether they can run out."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import psycopg
import pytest

from framework import config
from framework.config import Config
from framework.database import engine
from framework.health.connections import connections, most_connections
from tests.servers.backends.postgres import Postgres

pytestmark = pytest.mark.parametrize("deployment", ["embedded"])


@pytest.fixture
def planned(settings: Config, postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Config]:
    """A deployment on PostgreSQL, where its role may hold 20 connections."""
    url, role = postgres.new_database(), postgres.new_role(connections=20)
    made = replace(settings, database_url=url.replace("//holdfast@", f"//{role}@"), web_concurrency=1)
    monkeypatch.setattr(config, "_current", made)
    yield made
    engine.dispose()
    postgres.drop_database(url)


@pytest.fixture
def hold(planned: Config) -> Iterator[Callable[[str], None]]:
    """Opens a connection of this name."""
    opened: list[psycopg.Connection] = []

    def connect(name: str) -> None:
        opened.append(psycopg.connect(planned.database_url.replace("+psycopg", ""), application_name=name))

    yield connect
    for each in opened:
        each.close()


def test_a_file_has_no_limit(settings: Config) -> None:
    assert connections() == "a file: no limit"


def test_it_tells_who_holds_how_many_of_the_plan(hold: Callable[[str], None]) -> None:
    for name in ("holdfast web web.1/1", "holdfast web web.1/2", "holdfast flask doctor run.1/3", "psql"):
        hold(name)
    told = connections()
    assert told.startswith("5 of 20 (flask doctor 1, others 1, ")
    assert ", web 2); 1 web and 1 worker dynos take 9 at most, commands 2" in told
    assert "LOOK" not in told


def test_it_warns_when_the_processes_can_take_more_than_there_are(hold: Callable[[str], None]) -> None:
    for dyno in range(1, 6):
        hold(f"holdfast web web.{dyno}/4")
    assert "5 web and 1 worker dynos take 21 at most, commands 2; LOOK: that is more than there are" in connections()


@pytest.mark.parametrize(("web", "workers", "most"), [(1, 1, 7), (2, 1, 10), (3, 1, 13), (2, 2, 14)])
def test_small_dynos_fit_the_smallest_plan(settings: Config, web: int, workers: int, most: int) -> None:
    small = replace(settings, web_concurrency=1, worker_concurrency=1)
    assert most_connections(small, web_dynos=web, workers=workers) == most
