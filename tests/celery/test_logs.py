"""The lines that workers log: one each, with the ids of the task and of the request that caused it."""

import json
import re
from dataclasses import replace
from pathlib import Path

from framework.celery.celery import app
from framework.celery.outbox import enqueue
from framework.config import Config
from framework.database.session import transaction
from framework.metrics import request_id
from tests.cast import on_one_deployment
from tests.metrics.test_logs import CLIENT_ID
from tests.servers.run import Run
from tests.servers.workers import worker


def logged_by_a_task(run: Run, settings: Config, tmp_path: Path, form: str) -> tuple[str, list[str]]:
    """The id of a task, and the lines of the files that name it."""
    logging_settings = replace(settings, log_format=form, log_folder=tmp_path / "logs")
    (tmp_path / "go").touch()
    request_id.begin(CLIENT_ID)
    with transaction() as session:
        task = enqueue(session, "tests.celery.effects.write_line", str(tmp_path))
    with worker(run, logging_settings, "--include", "tests.celery.effects"):
        app.AsyncResult(task).get(timeout=60)
    return task, (tmp_path / "logs" / "tasks.log").read_text().splitlines()


@on_one_deployment
def test_a_task_logs_its_id_and_the_id_of_its_request(run: Run, settings: Config, tmp_path: Path) -> None:
    task, lines = logged_by_a_task(run, settings, tmp_path, "text")
    [line] = [line for line in lines if "one line is written" in line]
    assert " INFO " in line
    assert f" task={task} request={CLIENT_ID} tests.celery.effects: one line is written" in line
    everything = (tmp_path / "logs" / "celery.log").read_text()
    assert line in everything
    assert re.search(rf"task={task} .*received", everything)


@on_one_deployment
def test_the_lines_can_be_json(run: Run, settings: Config, tmp_path: Path) -> None:
    task, lines = logged_by_a_task(run, settings, tmp_path, "json")
    told = [json.loads(line) for line in lines]
    [ours] = [line for line in told if line["message"] == "one line is written"]
    assert (ours["task"], ours["request"], ours["level"]) == (task, CLIENT_ID, "INFO")
