"""The one place where an error becomes an answer: a page, or problem+json (RFC 9457) for programs."""

import json
import logging
from collections.abc import Mapping

from flask import Flask, Response, make_response, render_template, request
from sqlalchemy.exc import OperationalError
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from framework.errors import HoldfastError

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

SENTENCES = {
    400: "The request could not be understood. Go back, look at what you sent, and send it again.",
    401: "This needs you to sign in.",
    403: "You are not allowed to do this.",
    404: "There is nothing at this address, or you may not see it. Look for a typing error, or sign in.",
    405: "This address does not answer to that kind of request. Go back and use the buttons of the page.",
    409: "Somebody else changed this meanwhile. Look at the newest state and try again.",
    413: "What you sent is larger than this server accepts. Send less at once, or a smaller file.",
    415: "This server does not understand that kind of content.",
    429: "Too many requests. Wait a moment and try again.",
    500: "Something went wrong on our side. What was stored before is safe. Try again in a moment.",
    503: "A part of the service does not answer at the moment. What was stored before is safe; try again in a moment.",
}
SENTENCES_FOR_PROGRAMS = {
    400: "The request could not be understood. Look at what you sent, and send it again.",
    404: "There is nothing at this address, or you may not see it. Look for a typing error, or send a token.",
    405: "This address does not answer to that method; the header Allow tells which it takes.",
    413: "What you sent is larger than this address accepts.",
}
TITLES = {
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    409: "Changed meanwhile",
    413: "Too large",
    429: "Please wait a little",
    500: "Something went wrong",
    503: "Not available at the moment",
}


def register(app: Flask) -> None:
    """Answer every error of this application with a page or with problem+json."""
    app.register_error_handler(HoldfastError, _refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(OperationalError, _database_away)


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """An RFC 9457 answer; `more` are its extension members."""
    body = {"type": "about:blank", "title": _phrase(status), "status": status, "detail": sentence, **more}
    return Response(json.dumps(body), status, headers, content_type=PROBLEM_JSON)


def _phrase(status: int) -> str:
    """The name of a status; one that HTTP itself does not know is an extension's, such as tus's 460."""
    return HTTP_STATUS_CODES.get(status, "Refused")


def wants_json() -> bool:
    """Whether the client is a program: it asks for JSON before HTML, or speaks to the API."""
    if request.path.startswith("/api/"):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json", PROBLEM_JSON], "text/html")
    return best != "text/html"


def _refusal(error: HoldfastError) -> Response:
    words = error.sentence or SENTENCES[error.status]
    return _answer(error.status, words, error.headers, way_out=error.way_out, **error.members)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After", "WWW-Authenticate"}}
    sentences = SENTENCES | SENTENCES_FOR_PROGRAMS if wants_json() else SENTENCES
    return _answer(status, sentences.get(status, SENTENCES[400 if status < 500 else 500]), kept)


def _database_away(error: OperationalError) -> Response:
    log.error("The database does not answer", exc_info=error)
    return _answer(503, SENTENCES[503], {"Retry-After": "10"})


def _answer(
    status: int,
    sentence: str,
    headers: Mapping[str, str],
    way_out: tuple[str, str] | None = None,
    **members: object,
) -> Response:
    if wants_json():
        return problem(status, sentence, headers, **members)
    title = TITLES.get(status, _phrase(status))
    page = make_response(
        render_template("web/error.html", status=status, title=title, sentence=sentence, way_out=way_out), status
    )
    page.headers.extend(headers)
    return page
