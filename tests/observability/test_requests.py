"""HTTP requests are counted by view and by the class of their answer."""

import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response

from framework.accounts.core.account import Account
from framework.application import create_app
from framework.config import Config
from framework.observability.exposition import expose
from framework.observability.requests import register
from tests.cast import PASSWORD, SignIn, Visitor
from tests.observability.numbers import number

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
    return expose().decode()


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


def test_a_request_is_under_way_until_its_last_byte(counted: Flask) -> None:
    before = number(scrape(), UNDER_WAY)
    answer = counted.test_client().get("/slow")
    assert float(answer.text) == before + 1
    answer.close()
    assert number(scrape(), UNDER_WAY) == before


def test_an_application_that_raises_counts_as_a_failure(counted: Flask) -> None:
    counted.config["PROPAGATE_EXCEPTIONS"] = True
    before = number(scrape(), "holdfast_http_requests_total", endpoint="metrics.broken", status="5xx")
    with pytest.raises(RuntimeError, match="broken"):
        counted.test_client().get("/broken")
    assert number(scrape(), "holdfast_http_requests_total", endpoint="metrics.broken", status="5xx") == before + 1


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Callable[[], str]:
    """Gives the newest line of a request."""
    caplog.set_level(logging.INFO, logger="framework.observability.requests")
    return lambda: caplog.messages[-1]


def test_a_line_says_nothing_of_people_unless_it_is_asked_for(
    signed_in: SignIn, alice: Account, told: Callable[[], str]
) -> None:
    signed_in(alice).get("/settings").close()
    assert told().endswith(" s, settings.profile")
    assert "alice" not in told()


def test_a_line_names_address_and_account_where_that_is_wanted(
    with_settings: Callable[..., Config], signed_in: SignIn, visitor: Visitor, alice: Account, told: Callable[[], str]
) -> None:
    with_settings(log_people=True)
    signed_in(alice).get("/settings").close()
    assert told().endswith(", 127.0.0.1 alice")
    visitor.client.get("/alice/none.git/info/refs?service=git-upload-pack", auth=("alice", PASSWORD)).close()
    assert told().endswith(", 127.0.0.1 alice")
    visitor.get("/explore", **{"X-Forwarded-For": "192.0.2.7"}).close()
    assert told().endswith(", 127.0.0.1 -"), "nobody trusts this peer"


def test_a_trusted_proxy_tells_the_address(with_settings: Callable[..., Config], told: Callable[[], str]) -> None:
    behind = create_app(with_settings(log_people=True, forwarded_allow_ips="127.0.0.1"))
    behind.test_client().get("/explore", headers={"X-Forwarded-For": "192.0.2.7"}).close()
    assert told().endswith(", 192.0.2.7 -")
