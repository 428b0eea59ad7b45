"""Streams are closed with their answers, and what fails before the first byte is an answer of its own."""

from collections.abc import Iterator

import pytest
from flask import Flask

from framework.errors import Unavailable
from framework.web import errors
from framework.web.answers import stream_response


@pytest.fixture
def closed() -> list[bool]:
    return []


@pytest.fixture
def streaming(closed: list[bool]) -> Flask:
    """An application with one stream that never ends and one that fails at its beginning."""
    app = Flask(__name__)
    errors.register(app)

    def endless() -> Iterator[bytes]:
        try:
            while True:
                yield b"more"
        finally:
            closed.append(True)

    def failing() -> Iterator[bytes]:
        yield from _away()

    app.add_url_rule("/endless", endpoint="endless", view_func=lambda: stream_response(endless(), X_Kind="stream"))
    app.add_url_rule("/failing", endpoint="failing", view_func=lambda: stream_response(failing()))
    return app


def _away() -> list[bytes]:
    raise Unavailable("The store is away; try again.")


def test_a_client_that_goes_away_closes_the_stream(streaming: Flask, closed: list[bool]) -> None:
    answer = streaming.test_client().get("/endless")
    chunks = iter(answer.response)
    assert [next(chunks), next(chunks)] == [b"more", b"more"]
    assert answer.headers["X-Kind"] == "stream"
    assert not closed
    answer.close()
    assert closed == [True]


def test_a_failure_before_the_first_byte_is_an_answer(streaming: Flask) -> None:
    answer = streaming.test_client().get("/failing", headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json and answer.json["detail"]) == (503, "The store is away; try again.")
