"""Errors become one kind of page, or problem+json for programs."""

import json
import re
from contextlib import suppress

import pytest
from flask import Flask, abort
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException

from framework.errors import Conflict, Forbidden, HoldfastError, Invalid, NotFound, TooLarge, Unavailable
from framework.web.errors import SENTENCES

RAISED = [
    (Invalid, 400),
    (TooLarge, 413),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
]


@pytest.fixture
def app(own_app: Flask) -> Flask:
    """An application with one more page."""
    return own_app


@pytest.mark.parametrize(("kind", "status"), RAISED)
def test_it_shows_the_sentence_of_a_refusal(app: Flask, kind: type[HoldfastError], status: int) -> None:
    app.add_url_rule("/-refuse", view_func=lambda: _raise(kind("Tea is <late>; come back.")))
    answer = app.test_client().get("/-refuse")
    assert answer.status_code == status
    assert "Tea is &lt;late&gt;; come back." in answer.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 415, 429, 500, 503])
def test_it_has_a_sentence_and_a_way_on_for_every_status(app: Flask, status: int) -> None:
    app.add_url_rule("/-abort", view_func=lambda: abort(status))
    answer = app.test_client().get("/-abort")
    assert answer.status_code == status
    assert SENTENCES[status] in answer.text
    assert 'href="/"' in answer.text


def test_it_answers_a_program_with_a_problem(app: Flask) -> None:
    app.add_url_rule("/-refuse", view_func=lambda: _raise(Conflict("Somebody was faster.")))
    answer = app.test_client().get("/-refuse", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.data) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Somebody was faster.",
        "request_id": answer.headers["X-Request-ID"],
    }


def test_it_answers_below_api_with_a_problem_whatever_is_accepted(app: Flask) -> None:
    answer = app.test_client().get("/api/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


def test_it_answers_a_browser_with_a_page(app: Flask) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = app.test_client().get("/a/b/c/d", headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_it_keeps_the_methods_that_an_address_allows(app: Flask) -> None:
    answer = app.test_client().post("/explore")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


def test_it_tells_nothing_of_a_defect(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/-defect", view_func=lambda: _raise(KeyError("the inner name")))
    answer = app.test_client().get("/-defect")
    assert answer.status_code == 500
    assert "the inner name" not in answer.text
    assert "Traceback" not in answer.text


def test_it_says_503_when_the_database_is_away(app: Flask) -> None:
    away = OperationalError("SELECT 1", None, ConnectionError("postgres.internal:5432"))
    app.add_url_rule("/-away", view_func=lambda: _raise(away))
    answer = app.test_client().get("/-away")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "postgres.internal" not in answer.text


def _raise(error: Exception) -> str:
    raise error


def test_an_address_that_takes_a_form_says_that_it_has_no_page(app: Flask) -> None:
    """Where the route of a person's or a project's page matches it as well."""
    adapter, shadowed = app.url_map.bind("localhost"), set()
    for rule in app.url_map.iter_rules():
        address = re.sub(r"<(?:\w+:)?\w+>", "1", rule.rule)
        if "POST" not in (rule.methods or set()) or address.startswith("/1"):
            continue
        with suppress(HTTPException):
            page, _arguments = adapter.match(address, "GET", return_rule=True)
            shadowed |= {address} if page.rule.startswith("/<owner>") else set()
    assert shadowed >= {"/logout", "/settings/password"}
    for address in shadowed:
        answer = app.test_client().get(address)
        assert (answer.status_code, answer.headers.get("Allow")) == (405, "POST"), address
    assert app.test_client().post("/logout").status_code == 400  # it lacks the form's token
