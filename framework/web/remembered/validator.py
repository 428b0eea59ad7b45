"""The ETag of a remembered page: what the page is made of, and until when the ages in it are right.

A browser that shows it again has its page confirmed without a look at anything but its own tag: the end is in it.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from flask import Response, request
from werkzeug.wrappers import Response as AnyResponse

from framework.formatting import age_lasts_until
from framework.web.sessions import vary_by_cookie

NEVER = 0


def find_confirmed(digest: str) -> str | None:
    """The tag in the request that is of this digest and whose ages are still right; None where there is none."""
    now = datetime.now(UTC).timestamp()
    for tag in request.if_none_match.as_set(include_weak=True):
        name, _dot, end = tag.partition(".")
        if name == digest and (_moment(end) == NEVER or now < _moment(end)):
            return tag
    return None


def answer_unchanged(tag: str) -> AnyResponse:
    """The answer to a request with this tag (RFC 9110, section 15.4.5)."""
    response = Response(status=304)
    response.set_etag(tag, weak=True)
    return _private(response)


def tag_page(response: Response, digest: str, moments: Iterable[datetime]) -> Response:
    """Give the page its tag; `moments` are those whose ages it tells."""
    now = datetime.now(UTC)
    ends = [end.timestamp() for moment in moments if (end := age_lasts_until(moment, now))]
    response.set_etag(f"{digest}.{int(min(ends)) if ends else NEVER}", weak=True)
    return _private(response)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-cache"
    vary_by_cookie(response)
    return response


def _moment(text: str) -> float:
    """The end in a tag; what is no number ended long ago."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 12 else -1
