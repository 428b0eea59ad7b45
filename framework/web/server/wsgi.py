"""A request as the WSGI application sees it: closed early where nobody listens, its body told as broken where it is."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from gunicorn.http.body import LengthReader
from gunicorn.http.errors import NoMoreData, ParseException

from framework.web.errors import BrokenBody


def _close_early(application: WSGIApplication) -> WSGIApplication:
    """The application, whose answers end the connection while much of the request's body is not read."""

    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        response: Any = start_response.__self__  # type: ignore[attr-defined] # gunicorn's
        body = environ["wsgi.input"]
        environ["wsgi.input"] = RequestBody(body)

        def begin_answer(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            if _has_unread(body.reader):
                response.force_close()
            response.sock.hold()
            return start_response(status, headers, *more)

        return application(environ, begin_answer)

    return answer


class RequestBody:
    """A request's body, which raises `BrokenBody` where gunicorn cannot read on."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int | None = None) -> bytes:
        """The next bytes, as many as that or all."""
        reader = self._body.reader
        with _raise_broken_body():
            if size and size > 0 and isinstance(reader, LengthReader) and not self._body.buf.tell():
                return _read_length(reader, size)
            return bytes(self._body.read(size))

    def readinto(self, buffer: bytearray | memoryview) -> int:
        """Fill the buffer with the next bytes; how many there were, fewer than fit only at the end."""
        reader = self._body.reader
        with _raise_broken_body():
            if isinstance(reader, LengthReader) and not self._body.buf.tell():
                return _read_length_into(reader, memoryview(buffer)[: reader.length])
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def readline(self, size: int | None = None) -> bytes:
        """The next line."""
        with _raise_broken_body():
            return bytes(self._body.readline(size))

    def readlines(self, hint: int | None = None) -> list[bytes]:
        """All lines."""
        with _raise_broken_body():
            return list(self._body.readlines(hint))

    def __iter__(self) -> Iterator[bytes]:
        """Line by line."""
        return iter(self.readline, b"")


def _read_length(reader: LengthReader, size: int) -> bytes:
    """The next bytes of a body of known length, copied once: gunicorn's buffer copies all it holds for each read."""
    unreader, parts = reader.unreader, list[bytes]()
    missing = size = min(size, reader.length)
    while missing:
        chunk = unreader.take_buffered() or unreader.chunk(missing)
        if not chunk:
            break
        if len(chunk) > missing:
            unreader.unread(chunk[missing:])
        parts.append(chunk[:missing])
        missing -= len(parts[-1])
    reader.length -= size
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _read_length_into(reader: LengthReader, buffer: memoryview) -> int:
    """The same into a buffer, from the socket without a copy between: a large body takes no memory of its own."""
    unreader = reader.unreader
    held = unreader.take_buffered()
    filled = min(len(held), len(buffer))
    buffer[:filled] = held[:filled]
    if len(held) > filled:
        unreader.unread(held[filled:])
    while filled < len(buffer) and (received := unreader.sock.recv_into(buffer[filled:])):
        filled += received
    reader.length -= filled
    return filled


@contextmanager
def _raise_broken_body() -> Iterator[None]:
    try:
        yield
    except (ParseException, NoMoreData) as error:
        raise BrokenBody(str(error)) from error


def _has_unread(reader: Any) -> bool:
    """Whether more of the body is to come than has arrived already; unknown for one in chunks, so yes."""
    if isinstance(reader, LengthReader):
        return bool(reader.length > len(reader.unreader.buf.getbuffer()))
    return getattr(reader, "parser", None) is not None
