"""Every HTTP request has an id, is logged in a line, and is counted and timed by the name of its view."""

import logging
import re
from collections.abc import Iterable
from time import monotonic
from typing import Any
from urllib.parse import quote
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from flask import Flask, has_request_context, request
from werkzeug.wsgi import ClosingIterator

from framework import config
from framework.observability import counts, request_id

ENDPOINT = "holdfast.endpoint"
SHOWN_PATH = "holdfast.shown_path"
PERSON = "holdfast.person"
NOBODY = "-"
NO_ENDPOINT = "none"
HEADER = "X-Request-ID"

_SECRET = re.compile(r"^/+(reset|verify|undo|(?:groups/+)?invitations|unsubscribe|l|drop(?:/+mine)?)/+[^/]+")
"""What the links in mails and those that people hand on begin with: the rest of them lets whoever reads it in."""

log = logging.getLogger(__name__)


def register(app: Flask) -> None:
    """Count the requests of this application."""
    app.before_request(_note_view)
    app.log_exception = _log_exception  # type: ignore[method-assign]
    app.wsgi_app = Measured(app.wsgi_app)  # type: ignore[method-assign]


def note_person(name: str) -> None:
    """Note whose request this is, for its line in the log where LOG_PEOPLE is on."""
    if has_request_context():
        request.environ[PERSON] = name


def client_address() -> str | None:
    """The IP address of the client whose request this thread answers, as trusted proxies tell it; else None."""
    return request.remote_addr if has_request_context() else None


class Measured:
    """A WSGI application whose requests are logged and counted when the last byte has gone, or the client has."""

    def __init__(self, measured: WSGIApplication) -> None:
        self._measured = measured

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer as the measured application does, with the request's id beside."""
        began, statuses = monotonic(), [500]
        counts.count_request_begun()
        mine = request_id.begin(environ.get("HTTP_X_REQUEST_ID"))

        def begin_answer(status: str, headers: list[tuple[str, str]], *rest: Any) -> Any:
            statuses.append(int(status[:3]))
            return start_response(status, [*headers, (HEADER, mine)], *rest)

        def end() -> None:
            _tell(environ, statuses[-1], monotonic() - began)
            request_id.follow(None)

        try:
            answer = self._measured(environ, begin_answer)
        except BaseException:
            end()
            raise
        return ClosingIterator(answer, [end])


def _tell(environ: WSGIEnvironment, status: int, seconds: float) -> None:
    view = environ.get(ENDPOINT, NO_ENDPOINT)
    counts.count_request_ended(view, status, seconds)
    path = environ.get(SHOWN_PATH) or quote(hide_secret(environ.get("PATH_INFO", "")), "/()", encoding="latin-1")
    log.info("%s %s %d %.3f s, %s%s", environ["REQUEST_METHOD"], path, status, seconds, view, _from_whom(environ))


def _from_whom(environ: WSGIEnvironment) -> str:
    """The client's address, as trusted proxies tell it, and the account's name; nothing unless LOG_PEOPLE is on."""
    if not config.current().log_people:
        return ""
    return f", {environ.get('REMOTE_ADDR') or NOBODY} {environ.get(PERSON, NOBODY)}"


def _note_view() -> None:
    request.environ[ENDPOINT] = request.endpoint or NO_ENDPOINT
    request.environ[SHOWN_PATH] = _path_for_log()


def hide_secret(path: str) -> str:
    """The path without a mail's secret, also where no view takes it: whoever reads the log could use it."""
    return _SECRET.sub(r"/\1/(token)", path)


def _path_for_log() -> str:
    """Nor is what stands after `?` shown."""
    return quote(hide_secret(request.path), safe="/()")


def _log_exception(exc_info: Any) -> None:
    """As Flask does, with the path that is shown."""
    log.error("Exception on %s [%s]", _path_for_log(), request.method, exc_info=exc_info)
