"""How long the server works on the pages of a course of a thousand people and five hundred assignments."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient
from sqlalchemy import text

from benchmarks.reading.listings import entrances_of
from benchmarks.reading.pages import measure_request
from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.course import GROUP, STUDENT, TEACHER, fill
from framework.application import create_app
from framework.config import Config
from framework.database.session import read_transaction
from tests.servers.application import deployments
from tests.servers.backends.postgres import postgres
from tests.servers.run import Run

TARGET_MILLISECONDS = 50
ROUNDS = 9
LOOKS = 6
"""After five of them the database has planned what it is asked."""
COURSE = f"/{GROUP}/assignments"

PAGES = {
    "group": (f"/{GROUP}", TEACHER),
    "group, a visitor": (f"/{GROUP}", None),
    "group: activity": (f"/{GROUP}/activity", TEACHER),
    "group: people": (f"/{GROUP}/people", TEACHER),
    "group: people, page 15": (f"/{GROUP}/people?page=15", TEACHER),
    "group: people of a name": (f"/{GROUP}/people?q=student-77", TEACHER),
    "group: settings": (f"/{GROUP}/settings", TEACHER),
    "group: storage": (f"/{GROUP}/settings/usage", TEACHER),
    "course": (COURSE, TEACHER),
    "course, page 10": (f"{COURSE}?page=10", TEACHER),
    "course: participants": (f"{COURSE}/participants", TEACHER),
    "course: participants.csv": (f"{COURSE}/participants.csv", TEACHER),
    "assignment: table": (f"{COURSE}/1", TEACHER),
    "assignment: table, page 15": (f"{COURSE}/1?page=15", TEACHER),
    "assignment: table of a name": (f"{COURSE}/1?q=student-77", TEACHER),
    "assignment: change": (f"{COURSE}/1/edit", TEACHER),
    "assignment: one person": (f"{COURSE}/1/people/{STUDENT}", TEACHER),
    "assignment: states.csv": (f"{COURSE}/1/states.csv", TEACHER),
    "participant: front page": ("/", STUDENT),
    "participant: groups": ("/groups", STUDENT),
    "participant: course": (COURSE, STUDENT),
    "participant: assignment": (f"{COURSE}/1/people/{STUDENT}", STUDENT),
}
"""Each page, and whose browser opens it."""


def tabulate() -> Table:
    """How long the server works on each page of a large course."""
    return show_figures("course of 1,000 people and 500 assignments", list(measure()))


def measure() -> Iterator[Figure]:
    """Every page after a look or two: its time, CPU, and that of the database, which is the mean of all rounds."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", os.getpid())
        try:
            url = postgres(run).new_database()
            fill(url)
            settings = {"HOLDFAST_DATA": str(Path(folder) / "data"), "DATABASE_URL": url}
            app = create_app(Config.from_environment(settings))
            yield from _measure_pages(app.test_client(use_cookies=False))
            deployments.leave()
        finally:
            run.end()


def _measure_pages(client: FlaskClient) -> Iterator[Figure]:
    headers: dict[str | None, Mapping[str, str]] = {None: {}}
    headers |= {person: entrances_of(client, person)["page"] for person in (TEACHER, STUDENT)}
    for page, (path, person) in PAGES.items():
        for _look in range(LOOKS):
            measure_request(client, path, headers[person])
        before = _count_database_seconds()
        rounds = [measure_request(client, path, headers[person]) for _round in range(ROUNDS)]
        database = (_count_database_seconds() - before) * 1000 / ROUNDS
        wall, cpu = zip(*rounds, strict=True)
        yield Figure.of_runs(page, wall, "ms", TARGET_MILLISECONDS)
        yield Figure.of_runs(f"{page}: CPU", cpu, "ms")
        yield Figure(f"{page}: CPU of PostgreSQL", database, "ms")


def _count_database_seconds() -> float:
    """What the processes that serve this database have had of the processors, by Linux's count."""
    with read_transaction() as session:
        pids = session.scalars(text("SELECT pid FROM pg_stat_activity WHERE datname = current_database()")).all()
    return sum(int(Path(f"/proc/{pid}/schedstat").read_text().split()[0]) for pid in pids) / 1e9
