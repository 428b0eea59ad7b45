"""Each task is killed in its middle, at many points, and run again: its effect is there, and once."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from framework import config
from tests.crash import task_case
from tests.crash.case import settings
from tests.crash.fuse import Fuse
from tests.crash.run import Child
from tests.crash.task_case import SCENARIOS, Scenario

KILLS = 12


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


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.task.rpartition(".")[2])
@pytest.mark.timeout(900)
def test_a_task_that_is_killed_anywhere_has_its_effect_once(scenario: Scenario, tmp_path: Path) -> None:
    template = tmp_path / "template"
    Child(lambda: task_case.prepare(template, scenario)).answer()
    whole = shutil.copytree(template, tmp_path / "whole")
    points = len(Child(running(whole, scenario, 0)).answer())
    expected = Child(again(whole, scenario)).answer()
    for burns_at in range(1, points + 1, max(1, points // KILLS)):
        data = shutil.copytree(template, tmp_path / f"killed-{burns_at}")
        assert Child(running(data, scenario, burns_at)).answer() is None, "it was killed"
        assert Child(again(data, scenario)).answer() == expected, f"killed at {burns_at}"
        shutil.rmtree(data)
