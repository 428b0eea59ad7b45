"""Parts of a file, for a download that goes on or a film that is looked at from the middle (RFC 9110, section 14)."""

from collections.abc import Callable, Iterator

from flask import Request, Response

from framework.errors import Invalid
from framework.web.streaming import stream_response


class RangeAbsent(Invalid):
    """The file has no byte where the part would begin."""

    status = 416

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"The file has {size_bytes:,} bytes only; ask for a part of those.")
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
    part = _part(asked, size_bytes, etag)
    start, end = part or (0, size_bytes)
    response = stream_response(read(start, end - start), Accept_Ranges="bytes")
    response.content_length = end - start
    response.set_etag(etag)
    if part:
        response.status_code = 206
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{size_bytes}"
    return response


def _part(asked: Request, size_bytes: int, etag: str) -> tuple[int, int] | None:
    """Where one part begins and ends; None for several, for what is not understood, and when the file has changed."""
    wanted, condition = asked.range, asked.if_range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    if condition.date or (condition.etag and condition.etag != etag):
        return None
    part = wanted.range_for_length(size_bytes)
    if part is None:
        raise RangeAbsent(size_bytes)
    return part
