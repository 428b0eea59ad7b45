"""The lines that processes log: one each, and those of a request with its id in every process that works for it."""

import json
import logging
import re
import urllib.request
from collections.abc import Callable, Iterator
from email.message import Message
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from framework.celery.celery import app
from framework.celery.models import OutboxRow
from framework.config import Config, ConfigError
from framework.database.session import read_transaction
from framework.observability import request_id, requests
from framework.observability.logs import ALL, WEB, Lines
from framework.observability.pool import Pool
from framework.projects.core.access import ProjectAccess
from tests.cast import PASSWORD, Visitor, csrf_token
from tests.celery.test_workers import eventually
from tests.githttp.client import Person
from tests.servers.application.deployments import environment
from tests.servers.application.gunicorn import LiveServer, gunicorn
from tests.servers.application.workers import worker
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

CLIENT_ID = "b2c4-from-the-router"


@pytest.fixture
def failed() -> logging.LogRecord:
    """What a logger is told about an exception whose text breaks lines."""
    told = logging.LogRecord("a.logger", logging.ERROR, __file__, 1, "It failed for %s", ("a\rb",), None)
    error = ValueError("two\nlines")
    told.exc_info = (ValueError, error, error.__traceback__)
    return told


@pytest.fixture
def logging_settings(with_settings: Callable[..., Config], tmp_path: Path) -> Config:
    """The deployment with files of JSON lines; a second push has a task to follow."""
    return with_settings(log_format="json", log_folder=tmp_path / "logs", consolidate_packs=1)


@pytest.fixture
def logging_server(run: Run, logging_settings: Config) -> Iterator[LiveServer]:
    """Its web server."""
    given = {name: text for name, text in environment(logging_settings).items() if name not in {"BASE_URL", "PORT"}}
    with gunicorn(run, given) as server:
        yield server


def lines(settings: Config, name: str) -> list[dict[str, Any]]:
    """What this file holds by now."""
    assert settings.log_folder
    return [json.loads(line) for line in (settings.log_folder / name).read_text().splitlines()]


def asked(server: LiveServer, path: str, given: str = CLIENT_ID) -> Message:
    """The header of an answer to a request with this id."""
    request = urllib.request.Request(server.url + path, headers={"X-Request-ID": given})
    with urllib.request.urlopen(request, timeout=HANG_SECONDS) as answer:
        headers: Message = answer.headers
        return headers


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


def test_an_unknown_format_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="LOG_FORMAT is 'xml'; set it to text or json"):
        Config.from_environment({"HOLDFAST_DATA": str(tmp_path), "LOG_FORMAT": "xml"})


@pytest.mark.parametrize("given", [None, "", "short", "a b c d e f g h", "x" * 65, "12345678\u00e9"])
def test_an_id_that_has_no_form_of_one_is_replaced(given: str | None) -> None:
    assert re.fullmatch(r"[0-9a-f]{32}", request_id.begin(given))


def test_threads_know_whose_work_they_do() -> None:
    with Pool(1) as pool:
        for name in ("the-first", "the-second"):
            request_id.begin(name)
            assert pool.submit(request_id.current).result() == name
            assert list(pool.map(lambda _one: request_id.current(), [1])) == [name]


@pytest.mark.long
def test_the_lines_of_a_push_have_its_id_in_every_process(
    run: Run, logging_settings: Config, logging_server: LiveServer, website: ProjectAccess, tmp_path: Path
) -> None:
    work = Person("alice", tmp_path, logging_server.url).work()
    work.git("commit", "-q", "--allow-empty", "-m", "One")
    work.git("push", "-q", work.person.address("alice/website"), "main")
    work.git("commit", "-q", "--allow-empty", "-m", "Two")
    header = f"http.extraHeader=X-Request-ID: {CLIENT_ID}"
    work.git("-c", header, "push", "-q", work.person.address("alice/website"), "main")
    with read_transaction() as session:
        caused = session.scalars(select(OutboxRow).where(OutboxRow.task.like("%consolidate_packs"))).one()
    with worker(run, logging_settings):
        app.AsyncResult(caused.id).get(timeout=HANG_SECONDS)
    web = [line for line in lines(logging_settings, WEB) if line["request"] == CLIENT_ID]
    assert any("POST /alice/website.git/git-receive-pack 200" in line["message"] for line in web)
    told = [line for line in lines(logging_settings, ALL) if line["task"] == caused.id]
    assert [line["message"] for line in told if line["request"] == CLIENT_ID]


def test_the_answer_tells_the_id(logging_settings: Config, logging_server: LiveServer) -> None:
    assert asked(logging_server, "/explore")["X-Request-ID"] == CLIENT_ID
    made = asked(logging_server, "/explore", "of no form")["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", made)
    eventually(lambda: made in str(lines(logging_settings, WEB)))
    [line] = [line for line in lines(logging_settings, WEB) if line["request"] == made]
    assert re.fullmatch(r"GET /explore 200 \d+\.\d{3} s, projects\.\w+", line["message"])


def test_what_is_no_request_has_no_id_and_the_same_form(logging_settings: Config, logging_server: LiveServer) -> None:
    told = [line for line in lines(logging_settings, WEB) if line["logger"] == "gunicorn.error"]
    assert {line["request"] for line in told} == {"-"}
    assert "Booting worker" in str(told)
    assert [line for line in logging_server.process.log.read_text().splitlines() if not line.startswith("{")] == []


def test_the_log_holds_no_secret_of_a_mail(visitor: Visitor, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    visitor.get("/reset/a-secret-link?more=secret").close()
    visitor.get("/explore%0aforged?q=secret").close()
    told = [record.getMessage() for record in caplog.records if record.name == requests.__name__]
    paths = [line.split()[1] for line in told]
    assert paths == ["/reset/(token)", "/explore%0Aforged"]


def test_no_link_of_a_mail_is_in_the_log_where_it_fails_or_fits_no_view(
    app: Flask, visitor: Visitor, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    monkeypatch.setattr(app, "testing", False)
    rules = [rule for rule in app.url_map.iter_rules() if "token" in rule.arguments and "GET" in (rule.methods or ())]
    assert len(rules) >= 5
    for rule in rules:
        monkeypatch.setitem(app.view_functions, rule.endpoint, fails)
        address = rule.rule.replace("<token>", "a-secret-link")
        assert visitor.get(address).status_code == 500
        visitor.client.get("/", environ_overrides={"PATH_INFO": f"/{address}"}).close()
        visitor.client.put(address).close()
    assert f"Exception on {address.replace('a-secret-link', '(token)')} [GET]" in caplog.text
    assert "a-secret-link" not in caplog.text


def fails(token: str) -> None:
    """A view with a fault that nobody foresaw."""
    raise AssertionError


def test_a_task_knows_the_request_that_caused_it(visitor: Visitor) -> None:
    token = csrf_token(visitor.get("/signup").text)
    fields = {"username": "ann", "email": "ann@example.org", "password": PASSWORD, "csrf_token": token}
    assert visitor.client.post("/signup", data=fields, headers={"X-Request-ID": CLIENT_ID}).status_code == 302
    with read_transaction() as session:
        [caused] = session.scalars(select(OutboxRow))
    assert caused.request_id == CLIENT_ID
