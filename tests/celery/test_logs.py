"""The lines that workers log: one each, with the ids of the task and of the request that caused it."""

import json
import logging
import re
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from framework.celery.celery import app
from framework.celery.logs import Lines
from framework.celery.models import OutboxRow
from framework.celery.outbox import enqueue
from framework.config import Config, ConfigError
from framework.database.session import reading, transaction
from framework.metrics import request_id
from tests.cast import PASSWORD, Visitor, csrf_token, on_one_deployment
from tests.servers.run import Run
from tests.servers.workers import worker

CLIENT_ID = "b2c4-from-the-router"


@pytest.fixture
def failed() -> logging.LogRecord:
    """What a logger is told about an exception whose text breaks lines."""
    told = logging.LogRecord("a.logger", logging.ERROR, __file__, 1, "It failed for %s", ("a\rb",), None)
    error = ValueError("two\nlines")
    told.exc_info = (ValueError, error, error.__traceback__)
    return told


def test_a_traceback_is_one_line(failed: logging.LogRecord) -> None:
    line = Lines("text").format(failed)
    assert len(line.splitlines()) == 1
    assert "ERROR" in line
    assert r"a.logger: It failed for a\rb\n" in line
    assert line.endswith(r"ValueError: two\nlines")


def test_json_holds_the_message_as_it_was(failed: logging.LogRecord) -> None:
    line = Lines("json").format(failed)
    assert len(line.splitlines()) == 1
    assert json.loads(line)["message"] == "It failed for a\rb\nValueError: two\nlines"


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


@pytest.mark.parametrize("given", [None, "", "short", "a b c d e f g h", "x" * 65, "12345678\u00e9"])
def test_an_id_that_has_no_form_of_one_is_replaced(given: str | None) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", request_id.begin(given))


@on_one_deployment
def test_a_task_knows_the_request_that_caused_it(visitor: Visitor) -> None:
    token = csrf_token(visitor.get("/signup").text)
    fields = {"username": "ann", "email": "ann@example.org", "password": PASSWORD, "csrf_token": token}
    assert visitor.client.post("/signup", data=fields, headers={"X-Request-ID": CLIENT_ID}).status_code == 302
    with reading() as session:
        [caused] = session.scalars(select(OutboxRow))
    assert caused.request_id == CLIENT_ID


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="LOG_FORMAT is 'xml'; set it to text or json"):
        Config.from_environment({"HOLDFAST_DATA": str(tmp_path), "LOG_FORMAT": "xml"})
