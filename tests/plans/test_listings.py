"""How PostgreSQL finds what pages show of 20,000 projects, and jobs look for: by indexes, and little more than that."""

from collections.abc import Iterator

import pytest
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text

from benchmarks.reading.growth import JOBS, act_of
from benchmarks.reading.listings import PAGES, entrances_of
from framework.config import Config
from framework.database.session import read_transaction
from tests.plans.conftest import Opening
from tests.plans.explaining import Plan, recorded_plans

pytestmark = pytest.mark.long

MOST_ROWS = 2_000
"""Of one table: the first person owns a hundred projects and takes part in as many."""


@pytest.fixture
def plans() -> Iterator[list[Plan]]:
    """What PostgreSQL did."""
    with recorded_plans() as found:
        yield found


@pytest.fixture
def pages(plans: list[Plan], open_application: Opening) -> Iterator[FlaskClient]:
    """A client of the application."""
    with open_application() as app:
        yield app.test_client(use_cookies=False)


@pytest.mark.parametrize("page", PAGES)
def test_a_listing_page_looks_at_little_more_than_it_shows(pages: FlaskClient, plans: list[Plan], page: str) -> None:
    path, entrance = PAGES[page]
    headers = dict(entrances_of(pages)[entrance])
    plans.clear()
    answer = pages.get(path, headers=headers)
    assert answer.status_code == 200
    assert [fault for plan in plans for fault in plan.faults(MOST_ROWS)] == []


@pytest.mark.parametrize("job", JOBS)
def test_a_job_that_finds_nothing_to_do_looks_at_little(
    pages: FlaskClient, plans: list[Plan], population: Config, job: str
) -> None:
    act = act_of(job)
    act()
    analyse(population.database_url)
    plans.clear()
    act()
    assert [fault for plan in plans for fault in plan.faults(MOST_ROWS)] == []


def analyse(url: str) -> None:
    """Have the planner know what is left, as autovacuum does after much was deleted."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql("VACUUM ANALYZE")
    engine.dispose()


def test_a_scan_of_everything_is_noticed(pages: FlaskClient, plans: list[Plan]) -> None:
    plans.clear()
    with read_transaction() as session:
        session.execute(text("SELECT name FROM projects WHERE description = 'nothing'"))
    [scan] = [fault for plan in plans for fault in plan.faults(MOST_ROWS)]
    assert scan.startswith("Seq Scan on projects")
