"""Every line of the Procfile, started as Heroku does: it answers, and it stops on SIGTERM."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from urllib.request import urlopen

import pytest
from honcho.environ import parse_procfile

from framework.celery.models import ScheduledJob
from framework.celery.tasks import echo
from framework.config import Config
from framework.database.insert import insert_if_absent
from framework.database.session import reading, transaction
from framework.database.types import now
from tests.servers.deployments import environment
from tests.servers.processes import Process, free_port
from tests.servers.run import ROOT, Run

as_in_production = pytest.mark.parametrize("deployment", ["production-like"])

LINES: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes
HEROKU_KILLS_AFTER_SECONDS = 30


@contextmanager
def dyno(run: Run, settings: Config, line: str, **variables: str) -> Iterator[Process]:
    """A process of the Procfile with the variables of a deployment, in a process group of its own."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    command = ["/bin/bash", "-c", f"cd {ROOT} && {LINES[line]}"]
    process = run.start(f"{line}-{free_port()}", command, {**environment(settings), **variables, "PATH": path})
    try:
        yield process
    finally:
        process.stop()


def stop(process: Process) -> None:
    """Tell every process of the dyno to end, as Heroku does, and wait as long as Heroku does."""
    os.killpg(process.pid, signal.SIGTERM)
    process.wait(seconds=HEROKU_KILLS_AFTER_SECONDS)


def test_every_line_has_its_test() -> None:
    assert set(LINES) == {"web", "worker", "release"}


@as_in_production
def test_the_release_line_brings_the_schema_up_to_date(run: Run, settings: Config) -> None:
    with dyno(run, settings, "release") as process:
        assert process.wait(seconds=60) == 0
        assert "up to date" in process.log.read_text()


@as_in_production
def test_the_web_line_answers_on_the_port_and_stops(run: Run, settings: Config) -> None:
    port = free_port()
    with dyno(run, settings, "web", PORT=str(port), WEB_CONCURRENCY="2") as process:
        process.wait_until(lambda: f"0.0.0.0:{port}" in process.log.read_text())
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=60) as answer:
            assert json.load(answer) == {"database": "ok", "store": "ok", "broker": "ok"}
        assert process.log.read_text().count("Booting worker") == 2
        stop(process)


@as_in_production
def test_the_worker_line_runs_tasks_and_scheduled_work_and_stops(run: Run, settings: Config) -> None:
    with transaction() as session:
        insert_if_absent(session, ScheduledJob, name="outbox", next_run_at=now())
    with dyno(run, settings, "worker") as process:
        assert echo.delay("hello").get(timeout=120) == "hello"
        while not last_result("outbox"):
            sleep(0.1)
        stop(process)


def last_result(name: str) -> str | None:
    """What came of the job's last run."""
    with reading() as session:
        return session.get_one(ScheduledJob, name).last_result
