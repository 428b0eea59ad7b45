"""Parts of a file, for a download that goes on or a film that is looked at from the middle (RFC 9110, section 14)."""

import re
from collections.abc import Callable, Iterator

from flask import Request, Response
from werkzeug.http import quote_etag

from framework.errors import Invalid
from framework.web.answers import stream_response

# One range of bytes: from a first to a last or to the end, or the last so many.
_ONE_RANGE = re.compile(r"bytes=[ \t]*(?:([0-9]{1,20})-([0-9]{0,20})|-([0-9]{1,20}))[ \t]*", re.IGNORECASE)


class RangeAbsent(Invalid):
    """The file has no byte where the part would begin."""

    status = 416

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file is only {size_bytes:,} bytes long; request a range within it.")
        self.size_bytes = size_bytes

    @property
    def headers(self) -> dict[str, str]:
        """How long the file is."""
        return {"Content-Range": f"bytes */{self.size_bytes}"}


def serve_range(asked: Request, size_bytes: int, etag: str, read: Callable[[int, int], Iterator[bytes]]) -> Response:
    """The part of a file that was asked for, or all of it; `read` takes an offset and a length in bytes.

    Raises:
        RangeAbsent. What the first chunk raises.
    """
    part = _find_part(asked, size_bytes, etag)
    start, end = part or (0, size_bytes)
    response = stream_response(read(start, end - start), Accept_Ranges="bytes")
    response.content_length = end - start
    response.set_etag(etag)
    if part:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    return response


def _find_part(asked: Request, size_bytes: int, etag: str) -> tuple[int, int] | None:
    """Where one part begins and ends; None for several, for what is not understood, and when the file has changed.

    A weak tag or a date in If-Range does not prove that the file is the same.
    """
    found = _ONE_RANGE.fullmatch(asked.headers.get("Range", ""))
    if found is None or asked.method != "GET" or asked.headers.get("If-Range", quote_etag(etag)) != quote_etag(etag):
        return None
    first, last, suffix = (int(digits) if digits else None for digits in found.groups())
    if suffix is not None:
        return _find_suffix(suffix, size_bytes)
    if first is None or (last is not None and last < first):
        return None
    if first >= size_bytes:
        raise RangeAbsent(size_bytes)
    return first, size_bytes if last is None else min(last + 1, size_bytes)


def _find_suffix(length: int, size_bytes: int) -> tuple[int, int] | None:
    """The last so many bytes; None where the file is empty, since no Content-Range could say so."""
    if not length:
        raise RangeAbsent(size_bytes)
    return (max(0, size_bytes - length), size_bytes) if size_bytes else None
