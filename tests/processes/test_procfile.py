"""Every line of the Procfile, started as Heroku does, with requirements.txt alone: it answers, and stops on SIGTERM."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from time import sleep
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
from honcho.environ import parse_procfile

from framework.celery.models import ScheduledJob
from framework.celery.tasks import echo
from framework.config import Config
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.servers.application.deployments import environment
from tests.servers.application.production import production_programs
from tests.servers.processes import HANG_SECONDS, Process, free_port
from tests.servers.run import ROOT, Run

as_in_production = pytest.mark.deployments("production-like")

LINES: dict[str, str] = parse_procfile((ROOT / "Procfile").read_text()).processes


@contextmanager
def dyno(run: Run, settings: Config, line: str, **variables: str) -> Iterator[Process]:
    """A process of the Procfile with the variables of a deployment, in a process group of its own."""
    path = f"{production_programs(run)}{os.pathsep}{os.environ['PATH']}"
    command = ["/bin/bash", "-c", f"cd {ROOT} && {LINES[line]}"]
    process = run.start(f"{line}-{free_port()}", command, {**environment(settings), **variables, "PATH": path})
    try:
        yield process
    finally:
        process.stop()


def stop(process: Process) -> None:
    """Tell every process of the dyno to end, as Heroku does, and see it end by itself."""
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def test_every_line_has_its_test() -> None:
    assert set(LINES) == {"web", "worker", "release"}


def is_ready(port: int) -> bool:
    """Whether the process that listens there can do its work; a busy machine may take longer than a check waits."""
    try:
        with urlopen(f"http://127.0.0.1:{port}/readyz", timeout=HANG_SECONDS) as answer:
            return bool(json.load(answer) == {"database": "ok", "store": "ok", "broker": "ok", "writing": "ok"})
    except HTTPError:
        return False


@as_in_production
def test_the_release_line_brings_the_schema_up_to_date(run: Run, settings: Config) -> None:
    with dyno(run, settings, "release") as process:
        assert process.wait() == 0
        assert "up to date" in process.log.read_text()


@as_in_production
def test_the_release_line_stays_under_honcho_which_ends_all_when_one_ends(run: Run, settings: Config) -> None:
    with dyno(run, settings, "release", HONCHO_PROCESS_NAME="release.1") as process:
        process.wait_until(lambda: command_of(process) == ["sleep", "infinity"])
        assert "up to date" in process.log.read_text()
        stop(process)


@as_in_production
def test_the_web_line_answers_on_the_port_and_stops(run: Run, settings: Config) -> None:
    port = free_port()
    with dyno(run, settings, "web", PORT=str(port), WEB_CONCURRENCY="2") as process:
        process.wait_until(lambda: f"0.0.0.0:{port}" in process.log.read_text())
        process.wait_until(lambda: is_ready(port))
        assert process.log.read_text().count("Booting worker") == 2
        stop(process)


@as_in_production
def test_the_worker_line_runs_tasks_and_scheduled_work_and_stops(run: Run, settings: Config) -> None:
    with transaction() as session:
        insert_if_absent(session, ScheduledJob, name="outbox", next_run_at=now())
    with dyno(run, settings, "worker") as process:
        assert echo.delay("hello").get(timeout=HANG_SECONDS) == "hello"
        while not last_result("outbox"):
            sleep(0.1)
        stop(process)


def command_of(process: Process) -> list[str]:
    """What the process runs now."""
    return Path(f"/proc/{process.pid}/cmdline").read_text().rstrip("\0").split("\0")


def last_result(name: str) -> str | None:
    """What came of the job's last run."""
    with read_transaction() as session:
        return session.get_one(ScheduledJob, name).last_result
