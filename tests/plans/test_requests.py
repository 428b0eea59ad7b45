"""How PostgreSQL finds what a request needs: each route is asked as everybody whom it lets in.

The project that they ask for has content, and lies in a database in which every table that grows has thousands of rows:
a statement that reads one of these from end to end, or much more of it than is shown, is a fault.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from framework import rooms
from framework.celery.celery import app as celery
from framework.celery.models import OutboxRow
from framework.database.session import read_transaction
from tests.access.kinds import Kind
from tests.access.requests import address_of, body_of
from tests.access.routes import read_rows
from tests.access.world import World, make_world
from tests.githttp.client import Person
from tests.plans.changes import list_changes
from tests.plans.conftest import Opening
from tests.plans.explaining import Plan, recorded_plans
from tests.servers.application.threaded import threaded

pytestmark = pytest.mark.long

MOST_ROWS = 300
"""Of one table: a page lists 50 things at most, each with a few rows; 200 of the shortest."""
CALLERS = (
    *("stranger", "reader", "owner", "administrator", "group owner", "group member", "participant"),
    *("view link", "anonymised link", "drop-off link", "read token"),
)
EXPECTED = {200, 202, 204, 302, 304, 400, 404, 501}
"""What those who are let in are told, of what is there or not, or lacks what it is about."""


@dataclass(frozen=True)
class Scene:
    """Who asks, for what, and the plans of the statements since they were last cleared."""

    world: World
    plans: list[Plan]

    def faults_of(self, name: str) -> list[str]:
        """What is wrong with the statements of this request, which are forgotten then."""
        found = [f"{name}: {fault}" for plan in self.plans for fault in plan.faults(MOST_ROWS)]
        self.plans.clear()
        return found


@pytest.fixture(scope="module")
def scene(open_application: Opening) -> Iterator[Scene]:
    """A group's projects with everything that an address can name, among 20,000 others."""
    with recorded_plans() as plans, open_application() as app:
        world = make_world(app)
        plans.clear()
        yield Scene(world, plans)


def test_what_is_read_is_found_by_indexes(scene: Scene) -> None:
    faults: list[str] = []
    for row, kind, rule in _reading_rows(scene.world.app):
        for caller in (name for name in CALLERS if kind.expected(name, is_public=False) == "i"):
            scene.plans.clear()
            answer = _ask(scene.world, caller, rule, row)
            assert answer.status_code in EXPECTED, f"{row}: {answer.status}"
            faults += scene.faults_of(f"{row}, {caller}")
    assert faults == []


def test_what_is_not_there_is_looked_for_by_indexes(scene: Scene) -> None:
    owner = scene.world.callers["owner"]
    scene.plans.clear()
    for address in ("/lab/moonstone", "/nobody/moonstone", "/nobody", "/api/v1/projects/lab/moonstone"):
        assert owner.ask(scene.world.app, "browse.show_project", "GET", address, {}).status_code == 404
    assert len(scene.plans) > 4
    assert scene.faults_of("what is not there") == []


def test_what_is_changed_is_found_by_indexes(scene: Scene) -> None:
    things, faults = dict(scene.world.private), list[str]()
    for change in list_changes(things):
        scene.plans.clear()
        answer = change.ask(scene.world, things)
        assert answer.status_code == change.status, f"{change.request}, {change.caller}: {answer.text}"
        assert scene.plans
        faults += scene.faults_of(f"{change.request}, {change.caller}")
    assert faults == []


def test_a_push_and_a_clone_find_what_they_need_by_indexes(scene: Scene, tmp_path: Path) -> None:
    password = scene.world.callers["owner"].token
    with threaded(scene.world.app) as url:
        person = Person("owner", tmp_path, url, password)
        work = person.work()
        work.commit("Begin", notes__txt="1")
        scene.plans.clear()
        for branch in ("main", "draft"):  # the first creates the project
            work.git("push", "-q", person.address("owner/pushed"), f"HEAD:refs/heads/{branch}")
        person.clone("lab/website", "clone")
    assert len(scene.plans) > 20
    assert scene.faults_of("git") == []


def test_what_follows_a_change_is_found_by_indexes(scene: Scene) -> None:
    for module in rooms.worker_modules():
        import_module(module)
    with read_transaction() as session:
        of_projects = OutboxRow.task.startswith("framework.projects.")
        rows = session.scalars(select(OutboxRow).where(OutboxRow.state != "finished", of_projects)).all()
    scene.plans.clear()
    for row in rows:
        celery.tasks[row.task].run(*row.args, **row.kwargs)
    assert len(scene.plans) > len(rows) > 0
    assert scene.faults_of("the worker") == []


def _reading_rows(app: Flask) -> Sequence[tuple[str, Kind, Rule]]:
    """The rows of what changes nothing."""
    return [
        (row, kind, rule)
        for row, kind in read_rows()
        if row.startswith(("GET ", "HEAD "))
        for rule in app.url_map.iter_rules(row.split()[1])
        if row.split()[0] in (rule.methods or set())
    ]


def _ask(world: World, caller: str, rule: Rule, row: str) -> TestResponse:
    things, method = world.private, row.split(maxsplit=1)[0]
    address, body = address_of(rule, row, things), body_of(rule, row, things)
    return world.callers[caller].ask(world.app, rule.endpoint, method, address, body)
