"""Errors become one kind of page, or problem+json for programs."""

import json

import pytest
from flask import Flask, abort
from sqlalchemy.exc import OperationalError

from framework.errors import Conflict, Forbidden, HoldfastError, Invalid, NotFound, TooLarge, Unavailable
from framework.web.errors import SENTENCES
from tests.cast import on_one_deployment

RAISED = [
    (Invalid, 400),
    (TooLarge, 413),
    (Forbidden, 403),
    (NotFound, 404),
    (Conflict, 409),
    (Unavailable, 503),
]


@on_one_deployment
@pytest.mark.parametrize(("kind", "status"), RAISED)
def test_it_shows_the_sentence_of_a_refusal(app: Flask, kind: type[HoldfastError], status: int) -> None:
    app.add_url_rule("/-refuse", view_func=lambda: _raise(kind("Tea is <late>; come back.")))
    answer = app.test_client().get("/-refuse")
    assert answer.status_code == status
    assert "Tea is &lt;late&gt;; come back." in answer.text


@on_one_deployment
@pytest.mark.parametrize("status", [400, 403, 404, 405, 409, 413, 415, 429, 500, 503])
def test_it_has_a_sentence_and_a_way_on_for_every_status(app: Flask, status: int) -> None:
    app.add_url_rule("/-abort", view_func=lambda: abort(status))
    answer = app.test_client().get("/-abort")
    assert answer.status_code == status
    assert SENTENCES[status] in answer.text
    assert 'href="/"' in answer.text


@on_one_deployment
def test_it_answers_a_program_with_a_problem(app: Flask) -> None:
    app.add_url_rule("/-refuse", view_func=lambda: _raise(Conflict("Somebody was faster.")))
    answer = app.test_client().get("/-refuse", headers={"Accept": "application/json"})
    assert answer.content_type == "application/problem+json"
    assert json.loads(answer.data) == {
        "type": "about:blank",
        "title": "Conflict",
        "status": 409,
        "detail": "Somebody was faster.",
    }


@on_one_deployment
def test_it_answers_below_api_with_a_problem_whatever_is_accepted(app: Flask) -> None:
    answer = app.test_client().get("/api/nothing", headers={"Accept": "text/html"})
    assert answer.status_code == 404
    assert answer.content_type == "application/problem+json"


@on_one_deployment
def test_it_answers_a_browser_with_a_page(app: Flask) -> None:
    accept = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    answer = app.test_client().get("/a/b/c/d", headers={"Accept": accept})
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


@on_one_deployment
def test_it_keeps_the_methods_that_an_address_allows(app: Flask) -> None:
    answer = app.test_client().post("/explore")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]


@on_one_deployment
def test_it_tells_nothing_of_a_defect(app: Flask) -> None:
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.add_url_rule("/-defect", view_func=lambda: _raise(KeyError("the inner name")))
    answer = app.test_client().get("/-defect")
    assert answer.status_code == 500
    assert "the inner name" not in answer.text
    assert "Traceback" not in answer.text


@on_one_deployment
def test_it_says_503_when_the_database_is_away(app: Flask) -> None:
    away = OperationalError("SELECT 1", None, ConnectionError("postgres.internal:5432"))
    app.add_url_rule("/-away", view_func=lambda: _raise(away))
    answer = app.test_client().get("/-away")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "10"
    assert "postgres.internal" not in answer.text


def _raise(error: Exception) -> str:
    raise error
