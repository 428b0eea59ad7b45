"""The folder that the workers of a web server share."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from framework.observability import folder
from tests.servers.run import ROOT


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty place for folders, and an environment that is put back."""
    monkeypatch.setattr(folder, "MEMORY", tmp_path)
    monkeypatch.setenv(folder.VARIABLE, "")
    return tmp_path


def ended_process() -> int:
    """The number of a process that has ended."""
    child = subprocess.Popen([sys.executable, "-c", ""])
    child.wait()
    return child.pid


def test_it_is_made_for_those_who_are_forked_later_and_removed(place: Path) -> None:
    folder.open_folder()
    [made] = place.iterdir()
    assert (os.environ[folder.VARIABLE], made.stat().st_mode & 0o777) == (str(made), 0o700)
    folder.close_folder()
    assert list(place.iterdir()) == []


def test_it_removes_what_a_killed_server_left_and_nothing_else(place: Path) -> None:
    left, running = place / f"{folder.PREFIX}{ended_process()}-x", place / f"{folder.PREFIX}{os.getppid()}-y"
    strange, other = place / f"{folder.PREFIX}strange", place / "something-else"
    for path in (left, running, strange, other):
        path.mkdir()
    folder.open_folder()
    assert not left.exists()
    assert running.exists()
    assert strange.exists()
    assert other.exists()


def test_what_an_ended_worker_had_under_way_is_forgotten_and_its_counts_stay(place: Path) -> None:
    folder.open_folder()
    [made] = place.iterdir()
    for name in ("gauge_livesum_7.db", "gauge_livesum_77.db", "counter_7.db", "histogram_7.db"):
        (made / name).touch()
    folder.forget_under_way(7)
    assert {path.name for path in made.iterdir()} == {"gauge_livesum_77.db", "counter_7.db", "histogram_7.db"}


def test_without_a_folder_there_is_nothing_to_forget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(folder.VARIABLE)
    folder.forget_under_way(7)
    folder.close_folder()


def test_the_first_process_of_the_server_loads_nothing_that_counts() -> None:
    """What is imported before the folder is there counts for its own process alone."""
    look = "import runpy, sys; runpy.run_path('gunicorn.conf.py'); sys.exit('prometheus_client' in sys.modules)"
    subprocess.run([sys.executable, "-c", look], check=True, cwd=ROOT)
