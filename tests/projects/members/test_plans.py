"""How PostgreSQL finds what pages show of 20,000 projects, and jobs look for: by indexes, and little more than that."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, create_engine, event

from benchmarks.reading.growth import JOBS, act_of
from benchmarks.reading.listings import PAGES, entrances_of
from benchmarks.setting.population import fill
from framework import config
from framework.application import create_app
from framework.config import Config
from tests.servers.application import deployments
from tests.servers.backends.postgres import postgres
from tests.servers.run import Run

pytestmark = pytest.mark.long

PROJECTS = 20_000
BIG = {"projects", "repositories", "versions", "packs", "events", "notices", "outbox", "refs"}
MOST_TOUCHED = 2_000
"""Rows of one table: the first person owns a hundred projects and takes part in as many."""
READS_EVERYTHING = {"administrators: storage"}
"""The page that adds up what all projects store; docs/performance.md has its time."""

Statement = tuple[str, Any]
Node = dict[str, Any]


@pytest.fixture(scope="module")
def population(run: Run) -> Iterator[str]:
    """A PostgreSQL database as after years."""
    server = postgres(run)
    url = server.new_database()
    fill(url, PROJECTS)
    yield url
    server.drop_database(url)


@pytest.fixture
def pages(population: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FlaskClient]:
    """A client of the application on it."""
    settings = Config.from_environment({"HOLDFAST_DATA": str(tmp_path), "DATABASE_URL": population})
    monkeypatch.setattr(config, "_current", settings)
    yield create_app(settings).test_client(use_cookies=False)
    deployments.leave()


@pytest.mark.parametrize("page", sorted(PAGES.keys() - READS_EVERYTHING))
def test_a_listing_page_looks_at_little_more_than_it_shows(pages: FlaskClient, population: str, page: str) -> None:
    path, entrance = PAGES[page]
    headers = dict(entrances_of(pages)[entrance])
    with statements() as asked:
        answer = pages.get(path, headers=headers)
    assert answer.status_code == 200
    assert [fault for each in asked if each[0].startswith("SELECT") for fault in faults_of(population, each)] == []


@pytest.mark.parametrize("job", JOBS)
def test_a_job_that_finds_nothing_to_do_looks_at_little(pages: FlaskClient, population: str, job: str) -> None:
    act = act_of(job)
    act()
    analyse(population)
    with statements() as asked:
        act()
    assert [fault for each in asked for fault in faults_of(population, each)] == []


def analyse(url: str) -> None:
    """Have the planner know what is left, as autovacuum does after much was deleted."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


@contextmanager
def statements() -> Iterator[list[Statement]]:
    """What is asked of big tables within the block."""
    asked: list[Statement] = []

    def note(_connection: object, _cursor: object, statement: str, given: Any, _context: object, _many: bool) -> None:
        if statement.startswith(("SELECT", "UPDATE", "DELETE")) and any(name in statement for name in BIG):
            asked.append((statement, given))

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", note)


def test_a_scan_of_everything_is_noticed(pages: FlaskClient, population: str) -> None:
    statement = "SELECT name FROM projects WHERE description = %(wanted)s"
    [scan, _touched] = faults_of(population, (statement, {"wanted": "nothing"}))
    assert scan.startswith("Seq Scan on projects")


def faults_of(url: str, statement: Statement) -> list[str]:
    """Which tables the statement reads from end to end, or too much of."""
    engine = create_engine(url)
    with engine.connect() as connection:
        explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement[0]}"
        [found] = connection.exec_driver_sql(explained, statement[1]).scalars()
    engine.dispose()
    plan = found if isinstance(found, list) else json.loads(found)
    return [fault for node in nodes(plan[0]["Plan"]) for fault in faults_of_node(node, statement[0])]


def nodes(plan: Node) -> Iterator[Node]:
    """The plan's steps."""
    yield plan
    for below in plan.get("Plans", []):
        yield from nodes(below)


def faults_of_node(node: Node, statement: str) -> Iterator[str]:
    """What is wrong with one step."""
    table = node.get("Relation Name")
    if table not in BIG:
        return
    passed_over = sum(node.get(f"Rows Removed by {why}", 0) for why in ("Filter", "Index Recheck"))
    touched = (node["Actual Rows"] + passed_over) * node["Actual Loops"]
    if node["Node Type"] == "Seq Scan":
        yield f"Seq Scan on {table}: {statement}"
    if touched > MOST_TOUCHED:
        yield f"{touched:,.0f} rows of {table}: {statement}"
