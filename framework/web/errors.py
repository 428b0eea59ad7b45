"""The one place where an error becomes an answer: a page, or problem+json (RFC 9457) for programs."""

import json
import logging
from collections.abc import Callable, Mapping

from flask import Flask, Response, make_response, render_template, request
from sqlalchemy.exc import InterfaceError, OperationalError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from framework.errors import HoldfastError
from framework.observability import request_id
from framework.observability.foreseen import in_a_line, is_foreseen

log = logging.getLogger(__name__)

PROBLEM_JSON = "application/problem+json"

SENTENCES = {
    400: "The request could not be understood. Go back, check what you sent, and try again.",
    401: "This needs you to sign in.",
    403: "You are not allowed to do this.",
    404: "There is nothing at this address, or you may not see it. Check the address, or sign in.",
    405: "This page cannot be opened this way. Go back and use the buttons of the page.",
    408: "The request took too long to arrive. Try again, on a faster connection if you can.",
    409: "Someone else changed this meanwhile. Reload the page and try again.",
    413: "What you sent is larger than this server accepts. Send fewer or smaller files.",
    414: "The address is longer than this server reads. Go back and try a shorter one.",
    415: "This server does not understand that kind of content.",
    429: "Too many requests. Wait a moment and try again.",
    431: "The request's headers are longer than this server reads. Deleting this site's cookies may help.",
    500: "Something went wrong on our side. What was stored before is safe. Try again in a moment.",
    503: "Part of the service is not answering. What was stored before is safe. Try again in a moment.",
}
SENTENCES_FOR_PROGRAMS = {
    400: "The request could not be understood. Look at what you sent, and send it again.",
    404: "There is nothing at this address, or you may not see it. Check the address, or send a token.",
    405: "This address does not answer to that method; the header Allow tells which it takes.",
    413: "What you sent is larger than this address accepts.",
}
TITLES = {
    403: "Not allowed",
    404: "Not found",
    405: "Not possible here",
    408: "Too slow",
    409: "Already changed",
    413: "Too large",
    429: "Please wait a moment",
    500: "Something went wrong",
    503: "Temporarily unavailable",
}


RETRY_AFTER_SECONDS = 10
REPEATABLE = (429, 503)
NOT_TOLD_APART = (401, 403, 404)
"""What is private and what is missing are answered with the same bytes: only the header has the request's id."""

Voice = Callable[[int, str, Mapping[str, str]], Response]
_voices: dict[str, Voice] = {}


class BrokenBody(OSError):
    """A request's body is in chunks that are none, or ended before its last one."""


def register(app: Flask) -> None:
    """Answer every error of this application with a page, with problem+json, or as its blueprint's clients read it."""
    app.register_error_handler(HoldfastError, _refusal)
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(BrokenBody, _broken_body)
    for kind in (OperationalError, InterfaceError, NoFreeConnection):
        app.register_error_handler(kind, _database_away)


def speak_as(blueprint: str, voice: Voice) -> None:
    """Have every error below this blueprint answered so: from its status, its sentence and its headers."""
    _voices[blueprint] = voice


def problem(status: int, sentence: str, headers: Mapping[str, str] | None = None, **more: object) -> Response:
    """An RFC 9457 answer; `more` are its extension members."""
    return Response(json.dumps(problem_body(status, sentence, **more)), status, headers, content_type=PROBLEM_JSON)


def problem_body(status: int, sentence: str, **more: object) -> dict[str, object]:
    """The members of an RFC 9457 document."""
    return {"type": "about:blank", "title": _phrase(status), "status": status, "detail": sentence, **more}


def with_retry_after(status: int, headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers of an answer, which say when to try again where that helps."""
    return {"Retry-After": str(RETRY_AFTER_SECONDS), **headers} if status in REPEATABLE else headers


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
    if error.status >= 500:
        log.warning("Answered %d: %s", error.status, in_a_line(error.__cause__ or error))
    words = error.sentence or _usual_sentence(error.status)
    return _answer(error.status, words, error.headers, fallback_link=error.fallback_link, **error.members)


def _http(error: HTTPException) -> Response:
    status = error.code or 500
    kept = {name: value for name, value in error.get_headers() if name in {"Allow", "Retry-After", "WWW-Authenticate"}}
    return _answer(status, _usual_sentence(status), kept)


def _usual_sentence(status: int) -> str:
    sentences = SENTENCES | SENTENCES_FOR_PROGRAMS if wants_json() else SENTENCES
    return sentences.get(status, SENTENCES[400 if status < 500 else 500])


def _broken_body(error: BrokenBody) -> Response:
    log.info("A request's body cannot be read: %s", in_a_line(error))
    return _answer(400, SENTENCES[400], {})


def _database_away(error: SQLAlchemyError) -> Response:
    if not is_foreseen(error):
        raise error
    log.error("The database does not answer: %s", in_a_line(error))
    return _answer(503, SENTENCES[503], {})


def _answer(
    status: int,
    sentence: str,
    headers: Mapping[str, str],
    fallback_link: tuple[str, str] | None = None,
    **members: object,
) -> Response:
    headers = with_retry_after(status, headers)
    if voice := _voices.get(request.blueprint or ""):
        return voice(status, sentence, headers)
    reference = request_id.current() if status not in NOT_TOLD_APART else None
    if wants_json():
        named = {"request_id": reference} if reference else {}
        return problem(status, sentence, headers, **named, **members)
    title = TITLES.get(status, _phrase(status))
    facts = {
        "status": status,
        "title": title,
        "sentence": sentence,
        "fallback_link": fallback_link,
        "reference": reference,
    }
    page = make_response(render_template("web/error.html", **facts), status)
    page.headers.extend(headers)
    return page
