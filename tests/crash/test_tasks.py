"""Each task is killed in its middle, at many points, and run again: its effect is there, and once."""

import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from framework import config
from tests.crash import storage_case, task_case
from tests.crash.case import settings
from tests.crash.children import Child, copy_of, new_folder
from tests.crash.fuse import Fuse
from tests.crash.task_case import SCENARIOS, Scenario
from tests.githttp.client import Person

QUICK = {"send_email", "import_zip", "consolidate_packs", "purge_project", "remove_old_versions"}
"""A mail, a version, new packs, losses on purpose and a new history: what the other tasks do is of these kinds."""


def _scenarios() -> Iterator[Any]:
    for scenario in (*SCENARIOS, *storage_case.SCENARIOS):
        name = scenario.task.rpartition(".")[2]
        if name in QUICK:
            yield pytest.param(scenario, 2, id=name)
        yield pytest.param(scenario, 12, id=f"{name}-often", marks=pytest.mark.long)


class Quiet(SimpleHTTPRequestHandler):
    """Files over HTTP, from which git can fetch (gitprotocol-http(5), the dumb protocol)."""

    def log_message(self, *_told: object) -> None:
        """Nothing: the test's output is for failures."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a git repository with a branch and a tag."""
    folder = tmp_path_factory.mktemp("source")
    person = Person("ann", folder, "")
    work = person.work()
    for number in range(3):
        work.commit(f"Version {number}", small=f"{number}", large=f"{number}" * 10_000)
    work.git("tag", "v1")
    person.git("clone", "-q", "--bare", "work", "source.git")
    person.git("-C", "source.git", "update-server-info")
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/source.git"
    server.shutdown()
    server.server_close()


def running(data: Path, scenario: Scenario, burns_at: int) -> Callable[[], Any]:
    """The work of a worker: the points that it passed."""

    def work() -> Any:
        config.use(settings(data))
        fuse = Fuse(burns_at)
        fuse.lay()
        task_case.run_waiting(scenario)
        return fuse.points

    return work


def again(data: Path, scenario: Scenario) -> Callable[[], Any]:
    """The work of the next worker: the message comes again, twice, and the effect is what is there then."""

    def work() -> Any:
        config.use(settings(data))
        task_case.let_time_pass()
        task_case.run_waiting(scenario)
        task_case.run_waiting(scenario)
        return scenario.effect()

    return work


@pytest.mark.parametrize(("scenario", "kills"), list(_scenarios()))
def test_a_task_that_is_killed_anywhere_has_its_effect_once(scenario: Scenario, kills: int, source: str) -> None:
    with new_folder() as folder:
        template = folder / "template"
        Child(lambda: task_case.prepare(template, scenario, source)).answer()
        with copy_of(template) as whole:
            points = len(Child(running(whole, scenario, 0)).answer())
            expected = Child(again(whole, scenario)).answer()
        for burns_at in range(1, points + 1, max(1, points // kills)):
            with copy_of(template) as data:
                passed = Child(running(data, scenario, burns_at)).answer()
                assert passed is None or len(passed) < burns_at, "it was killed, unless this run had less to tell of"
                assert Child(again(data, scenario)).answer() == expected, f"killed at {burns_at}"
