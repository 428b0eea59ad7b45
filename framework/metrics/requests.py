"""Every HTTP request has an id, and is counted and timed by the name of its view, never by its path."""

from collections.abc import Iterable
from time import monotonic
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, request
from werkzeug.wsgi import ClosingIterator

from framework.metrics import counts, request_id

ENDPOINT = "holdfast.endpoint"
NO_ENDPOINT = "none"


def register(app: Flask) -> None:
    """Count the requests of this application."""
    app.before_request(_note_endpoint)
    app.wsgi_app = Measured(app.wsgi_app)  # type: ignore[method-assign]


class Measured:
    """A WSGI application whose requests are counted when the last byte has gone, or the client has."""

    def __init__(self, measured: WSGIApplication) -> None:
        self._measured = measured

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the measured application does."""
        began, statuses = monotonic(), [500]
        counts.request_began()
        request_id.begin(environ.get("HTTP_X_REQUEST_ID"))

        def started(status: str, *rest: Any) -> Any:
            statuses.append(int(status[:3]))
            return start_response(status, *rest)

        def ended() -> None:
            counts.request_ended(environ.get(ENDPOINT, NO_ENDPOINT), statuses[-1], monotonic() - began)

        try:
            answer = self._measured(environ, started)
        except BaseException:
            ended()
            raise
        return ClosingIterator(answer, [ended])


def _note_endpoint() -> None:
    request.environ[ENDPOINT] = request.endpoint or NO_ENDPOINT
