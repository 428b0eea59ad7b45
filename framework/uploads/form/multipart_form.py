"""Multipart forms in a stream (RFC 7578): their parts one after the other, as every client writes them."""

from collections.abc import Iterator
from io import RawIOBase
from typing import IO, cast

from multipart import (
    MultipartSegment,
    PushMultipartParser,
    content_disposition_unquote,
    parse_options_header,
)
from werkzeug import http

LONGEST_HEADER_BYTES = 64 * 1024
"""One line above a part; the longest path is far shorter, even if all of its characters are escaped."""
READ_BYTES = 256 << 10
_LINE_BREAK, _BLANK_LINE = b"\r\n", b"\r\n\r\n"


class MultipartForm:
    """A multipart form in a stream, whose length may be known.

    The library reads what is between the parts. Their content is found here, in one buffer that is used again and
    again: in pieces of memory of their own, large files cost more than half of all their time.
    """

    def __init__(self, stream: IO[bytes], boundary: bytes, length: int | None) -> None:
        self._window = _Window(stream, length)
        self._delimiter = b"\r\n--" + boundary
        self._parser = PushMultipartParser(boundary, max_header_size=LONGEST_HEADER_BYTES)

    def read(self) -> Iterator[MultipartSegment | memoryview | None]:
        """What the stream holds: a segment for each part, the pieces of its content, and None at its end.

        A piece is valid until the next one is asked for.

        Raises:
            ValueError: the stream is no form, or ends early.
        """
        for _piece in self._read_content():  # what is before the first part
            pass
        while segment := self._read_header():
            yield segment
            for piece in self._read_content():
                segment.bytes_received += len(piece)
                yield piece
            yield None
        while self._window.skip_all():
            pass
        self._parser.close()

    def guess_size(self) -> int | None:
        """The size of the part whose header was read last, if it is the last one; None when it is not."""
        window = self._window
        window.read_on()
        if window.missing_bytes is None or window.find(self._delimiter) >= 0:
            return None
        end_bytes = len(self._delimiter + b"--\r\n")
        return len(window) + window.missing_bytes - len(_LINE_BREAK) - end_bytes

    def _read_header(self) -> MultipartSegment | None:
        """The header of the part that begins at this boundary; None where it is the last boundary, or the stream ends.

        The line break that ends the header stays, since it may be the one that the next boundary begins with.
        """
        window, last = self._window, self._delimiter + b"--"
        while len(window) < len(last) and window.read_on():
            pass
        if window.begins_with(last):
            self._parse(len(last))
            return None
        while (end := window.find(_BLANK_LINE)) < 0:
            self._parse(max(0, len(window) - len(_BLANK_LINE) + 1))
            if not window.read_on():
                return None
        segment = self._parse(end + len(_BLANK_LINE), left_bytes=len(_LINE_BREAK))
        assert segment
        return segment

    def _parse(self, size_bytes: int, *, left_bytes: int = 0) -> MultipartSegment | None:
        """Have the library read so much, of which the last bytes are left in the window; the part that begins there."""
        events = list(self._parser.parse(self._window.peek(size_bytes))) if size_bytes else []
        self._window.skip(size_bytes - left_bytes)
        return next((event for event in events if isinstance(event, MultipartSegment)), None)

    def _read_content(self) -> Iterator[memoryview]:
        """All that is before the next boundary.

        A part without content may end with its header (RFC 2046, 5.1.1).
        """
        window, mark = self._window, self._delimiter
        while len(window) < len(mark) and window.read_on():
            pass
        if not window.begins_with(mark):
            window.skip(len(_LINE_BREAK))
        while (end := window.find(mark)) < 0:
            yield from window.take(len(window) - len(mark) + 1)
            if not window.read_on():
                self._parser.close()
        yield from window.take(end)


class _Window:
    """What has arrived of a stream and was not taken yet, behind a line break, with which a boundary begins."""

    def __init__(self, stream: IO[bytes], length: int | None) -> None:
        self._stream = cast("RawIOBase", stream)
        self.missing_bytes = length
        self._buffer = bytearray(_LINE_BREAK.ljust(READ_BYTES))
        self._view = memoryview(self._buffer)
        self._start, self._end = 0, len(_LINE_BREAK)

    def __len__(self) -> int:
        return self._end - self._start

    def read_on(self) -> bool:
        """Read as much as there is room for; whether there was any."""
        rest = bytes(self._view[self._start : self._end])
        self._buffer[: len(rest)] = rest
        self._start, self._end = 0, len(rest)
        room = READ_BYTES - self._end
        if self.missing_bytes is not None:
            room = min(room, self.missing_bytes)
        received = self._stream.readinto(self._view[self._end : self._end + room]) if room else 0
        assert received is not None  # the stream waits
        self._end += received
        if self.missing_bytes is not None:
            self.missing_bytes -= received
        return received > 0

    def find(self, mark: bytes) -> int:
        """How far away the mark is; less than 0 when it is not there."""
        found = self._buffer.find(mark, self._start, self._end)
        return found - self._start if found >= 0 else found

    def begins_with(self, mark: bytes) -> bool:
        """Whether the mark is next."""
        return self._buffer.startswith(mark, self._start, self._end)

    def peek(self, size_bytes: int) -> bytes:
        """A copy of what is next."""
        return bytes(self._view[self._start : self._start + size_bytes])

    def take(self, size_bytes: int) -> Iterator[memoryview]:
        """What is next, if anything."""
        if size_bytes > 0:
            yield self._view[self._start : self._start + size_bytes]
            self._start += size_bytes

    def skip(self, size_bytes: int) -> None:
        """Be done with so much."""
        self._start += size_bytes

    def skip_all(self) -> bool:
        """Be done with what has arrived, and read on; whether there was more."""
        self._start = self._end
        return self.read_on()


def read_file_name(segment: MultipartSegment) -> str | None:
    """The file name of a part, with its folders and backslashes; empty when no file was chosen, None for a field.

    Browsers write %22 for a quote, curl a backslash before it, and some programs `filename*` (RFC 5987). A name that
    ends with a backslash is left to the library.
    """
    header = next(value for name, value in segment.headerlist if name == "Content-Disposition")
    _kind, options = parse_options_header(header, unquote=_unquote)
    if "filename" in options:
        return str(options["filename"])
    name = http.parse_options_header(header)[1].get("filename")
    return segment.filename if name is None else name


def _unquote(value: str, _is_file_name: bool) -> str:  # noqa: FBT001 # the library calls it
    """Told that it is a file's name, the library would drop what it takes for folders of Windows."""
    return str(content_disposition_unquote(value))
