"""What pages, changes and recurring jobs cost beside 100,000 projects and a million versions, a hundred being 1."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

from flask.testing import FlaskClient

from benchmarks.reading.grown_project import grown_project
from benchmarks.reading.listings import entrances_of
from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.population import PROJECTS, fill
from framework import rooms
from framework.application import create_app
from framework.celery.celery import app as celery
from framework.config import Config
from tests.servers.application import deployments
from tests.servers.backends.postgres import postgres
from tests.servers.run import Run

FEW = 100
MOST_RATIO = 1.2
ROUNDS = 25
LATELY = timedelta(days=10)
"""Over which activity is spread: nothing is old enough to be deleted, so a job finds that it has nothing to do."""

JOBS = (
    *("outbox", "forget", "log", "checkpoints", "staged", "sessions", "budgets", "addresses", "news", "notices"),
    *("events", "invitations", "trash", "uploads", "exports", "keys", "audit", "embargoes", "names"),
    *("group-invitations", "account-invitations", "challenges", "course_snapshots", "hand_ins"),
)
"""Those that ask SQL alone; what reads the store or all tables takes as long as there is to read."""

PERSON = "person-3"
"""Owns ten projects of either number."""

PAGES = {
    "front page, a visitor": ("/", None),
    "front page, signed in": ("/", "page"),
    "explore": ("/explore", None),
    "explore, a word in no project": ("/explore?q=nothing-like-this", None),
    "an owner of ten projects": (f"/{PERSON}", "page"),
    "the inbox": ("/inbox", "page"),
    "a project's activity": (f"/{PERSON}/project-2/activity", "page"),
    "a project's people": (f"/{PERSON}/project-2/settings/people", "page"),
    "API: projects of an owner": (f"/api/v1/projects?owner={PERSON}", "bearer"),
}
"""What shows as much in either."""


def tabulate() -> Table:
    """How many times as long each page, change and job takes beside many projects as beside few."""
    return show_figures(f"beside {PROJECTS:,} projects, {FEW} = 1", list(measure()))


def measure(many: int = PROJECTS) -> Iterator[Figure]:
    """The best of some times each; what takes less than a millisecond counts as one."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", os.getpid())
        try:
            few, many_ = (_measure(run, Path(folder) / str(projects), projects) for projects in (FEW, many))
        finally:
            run.end()
    for name, seconds in many_.items():
        yield Figure(name, max(seconds, 0.001) / max(few[name], 0.001), "x", MOST_RATIO)


def _measure(run: Run, data: Path, projects: int) -> Mapping[str, float]:
    """The seconds of everything, by its name."""
    url = postgres(run).new_database()
    fill(url, projects, LATELY)
    app = create_app(Config.from_environment({"HOLDFAST_DATA": str(data), "DATABASE_URL": url}))
    taken = {page: _best(act) for page, act in _pages(app.test_client(use_cookies=False)).items()}
    with grown_project(app, data / "work") as acts:
        taken |= {name: _best(act) for name, act in acts.items()}
    taken |= {f"the job {name}": _best(act_of(name)) for name in JOBS}
    deployments.leave()
    postgres(run).drop_database(url)
    return taken


def _pages(client: FlaskClient) -> Mapping[str, Callable[[], object]]:
    entrances = entrances_of(client, PERSON)
    return {
        page: partial(client.get, path, headers=dict(entrances[entrance])) for page, (path, entrance) in PAGES.items()
    }


def act_of(job: str) -> Callable[[], object]:
    """What the job of this name does."""
    for module in rooms.worker_modules():
        import_module(module)
    act: Callable[[], object] = celery.tasks[rooms.schedule()[job]["task"]].run
    return act


def _best(act: Callable[[], object]) -> float:
    taken = list[float]()
    for _round in range(ROUNDS):
        begun = time.perf_counter()
        act()
        taken.append(time.perf_counter() - begun)
    return min(taken)
