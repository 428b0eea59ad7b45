"""HTTP requests are counted by view and by the class of their answer."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response

from framework.metrics.exposition import exposed
from framework.metrics.requests import register
from tests.metrics.numbers import number

UNDER_WAY = "holdfast_http_requests_under_way"


@pytest.fixture
def counted(settings: object) -> Flask:
    """An application of a few views."""
    made = Flask(__name__)
    register(made)
    made.add_url_rule("/good/<name>", "metrics.good", lambda name: name)
    made.add_url_rule("/slow", "metrics.slow", slow)
    made.add_url_rule("/broken", "metrics.broken", broken)
    return made


def slow() -> Response:
    """Count the requests under way while the answer is being sent."""

    def answer() -> Iterator[str]:
        yield str(number(scrape(), UNDER_WAY))

    return Response(answer())


def broken() -> Response:
    """Fail."""
    raise RuntimeError("broken")


def scrape() -> str:
    """The numbers now."""
    return exposed().decode()


@pytest.mark.parametrize("deployment", ["embedded"])
@pytest.mark.parametrize(
    ("address", "endpoint", "status"),
    [
        ("/good/one", "metrics.good", "2xx"),
        ("/broken", "metrics.broken", "5xx"),
        ("/nothing/of/ours", "none", "4xx"),
        ("/static/nothing", "static", "4xx"),
    ],
)
def test_it_counts_under_the_view_and_the_class_of_the_answer(
    counted: Flask, address: str, endpoint: str, status: str
) -> None:
    before = number(scrape(), "holdfast_http_requests_total", endpoint=endpoint, status=status)
    timed = number(scrape(), "holdfast_http_request_seconds_count", endpoint=endpoint)
    counted.test_client().get(address).close()
    after = scrape()
    assert number(after, "holdfast_http_requests_total", endpoint=endpoint, status=status) == before + 1
    assert number(after, "holdfast_http_request_seconds_count", endpoint=endpoint) == timed + 1
    assert "/good/one" not in after


@pytest.mark.parametrize("deployment", ["embedded"])
def test_a_request_is_under_way_until_its_last_byte(counted: Flask) -> None:
    before = number(scrape(), UNDER_WAY)
    answer = counted.test_client().get("/slow")
    assert float(answer.text) == before + 1
    answer.close()
    assert number(scrape(), UNDER_WAY) == before


@pytest.mark.parametrize("deployment", ["embedded"])
def test_an_application_that_raises_counts_as_a_failure(counted: Flask) -> None:
    counted.config["PROPAGATE_EXCEPTIONS"] = True
    before = number(scrape(), "holdfast_http_requests_total", endpoint="metrics.broken", status="5xx")
    with pytest.raises(RuntimeError, match="broken"):
        counted.test_client().get("/broken")
    assert number(scrape(), "holdfast_http_requests_total", endpoint="metrics.broken", status="5xx") == before + 1
