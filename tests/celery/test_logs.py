"""The lines that workers log: one each, with the ids of the task and of the request that caused it."""

import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from celery.app.trace import LOG_RECEIVED, LOG_SUCCESS
from sqlalchemy import select

from framework.celery.celery import app
from framework.celery.models import ScheduledJob
from framework.celery.outbox import enqueue
from framework.celery.worker.logs import FoundNothing
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.observability import request_id
from tests.celery.test_workers import eventually
from tests.observability.test_logs import CLIENT_ID
from tests.servers.application.workers import worker
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run


def logged_by_a_task(run: Run, settings: Config, tmp_path: Path, form: str) -> tuple[str, list[str]]:
    """The id of a task, and the lines of the files that name it."""
    logging_settings = replace(settings, log_format=form, log_folder=tmp_path / "logs")
    (tmp_path / "go").touch()
    request_id.begin(CLIENT_ID)
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    with worker(run, logging_settings, "--include", "tests.celery.effects"):
        app.AsyncResult(task).get(timeout=HANG_SECONDS)
    return task, (tmp_path / "logs" / "tasks.log").read_text().splitlines()


def test_a_task_logs_its_id_and_the_id_of_its_request(run: Run, settings: Config, tmp_path: Path) -> None:
    task, lines = logged_by_a_task(run, settings, tmp_path, "text")
    [line] = [line for line in lines if "one line is written" in line]
    assert " INFO " in line
    assert f" task={task} request={CLIENT_ID} tests.celery.effects: one line is written" in line
    everything = (tmp_path / "logs" / "celery.log").read_text()
    assert line in everything
    assert re.search(rf"task={task} .*received", everything)


@pytest.mark.long
def test_the_lines_can_be_json(run: Run, settings: Config, tmp_path: Path) -> None:
    task, lines = logged_by_a_task(run, settings, tmp_path, "json")
    told = [json.loads(line) for line in lines]
    [ours] = [line for line in told if line["message"] == "one line is written"]
    assert (ours["task"], ours["request"], ours["level"]) == (task, CLIENT_ID, "INFO")


@pytest.mark.parametrize(
    ("task", "result", "written"),
    [
        ("framework.celery.tasks.poll_outbox", "0", False),
        ("framework.celery.tasks.poll_outbox", "3", True),
        ("framework.repositories.tasks.read_back", "{'packs': 0, 'size_bytes': 0, 'faults': 0}", False),
        ("framework.repositories.tasks.read_back", "{'packs': 0, 'size_bytes': 0, 'faults': 1}", True),
        ("framework.celery.tasks.echo", "0", True),
    ],
)
def test_a_job_that_found_nothing_is_no_line(task: str, result: str, *, written: bool) -> None:
    facts = {"id": "1", "name": task, "return_value": result, "runtime": 0.1, "args": "[]", "kwargs": "{}", "eta": None}
    ended = logging.LogRecord("celery.app.trace", logging.INFO, __file__, 1, LOG_SUCCESS, (facts,), None)
    begun = logging.LogRecord("celery.worker.strategy", logging.INFO, __file__, 1, LOG_RECEIVED, (facts,), None)
    assert FoundNothing().filter(ended) is written
    assert FoundNothing().filter(begun) is (task == "framework.celery.tasks.echo")


def have_run() -> set[str]:
    """The jobs that have left a result."""
    with read_transaction() as session:
        return set(session.scalars(select(ScheduledJob.name).where(ScheduledJob.last_result.is_not(None))))


@pytest.mark.long
def test_a_worker_at_rest_is_silent(run: Run, settings: Config) -> None:
    jobs = {"outbox", "news", "log", "owner"}
    with transaction() as session:
        session.add_all(ScheduledJob(name=name) for name in jobs)  # due now
    with worker(run, settings, "-B") as process:
        eventually(lambda: have_run() >= jobs)
        assert "Task framework" not in process.log.read_text()
