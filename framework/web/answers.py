"""Answers that can name whatever Git can, and streamed ones whose failure before the first byte is an error page."""

from collections.abc import Iterator
from itertools import chain

from flask import Response as FlaskResponse
from werkzeug.wrappers import Response

ViewResponse = Response | tuple[str, int]
"""What the view of a form answers: a redirect, or the form's page with a status."""


def stream_response(chunks: Iterator[bytes], **headers: str) -> FlaskResponse:
    """An answer of these chunks; the first one is made now, so that its errors become an answer of their own.

    Header names are given with underscores. The iterator is closed with the answer, also when the client goes away.
    """
    first = next(chunks, b"")
    response = FlaskResponse(chain([first], chunks))
    for name, value in headers.items():
        response.headers[name.replace("_", "-")] = value
    close = getattr(chunks, "close", None)
    if close:
        response.call_on_close(close)
    return response


class Answer(FlaskResponse):
    """An answer whose text may hold names that are no UTF-8, as Git allows: their odd bytes become question marks."""

    def set_data(self, value: bytes | str) -> None:
        """Take this as the whole body."""
        super().set_data(value.encode(errors="replace") if isinstance(value, str) else value)
