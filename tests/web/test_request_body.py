"""A body of known length comes whole in reads of any size, and what follows it on the connection stays there."""

import os
import socket
import threading
from collections.abc import Callable

import pytest
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

from framework.web.server.wsgi import RequestBody

NEXT = b"GET /next HTTP/1.1\r\n"


def read_into_buffer(body: RequestBody, size: int) -> bytes:
    """What the body writes into a buffer of this size."""
    buffer = bytearray(size)
    return bytes(buffer[: body.readinto(buffer)])


@pytest.mark.parametrize("size", [1, 3000, 8192, 100_000, 1 << 20])
@pytest.mark.parametrize("length", [0, 1, 100_000, 300_001])
@pytest.mark.parametrize("begun", [0, 500], ids=["nothing-before", "some-arrived-with-the-head"])
@pytest.mark.parametrize("read", [RequestBody.read, read_into_buffer], ids=["read", "into-a-buffer"])
def test_it_ends_where_it_ends(size: int, length: int, begun: int, read: Callable[[RequestBody, int], bytes]) -> None:
    if size == 1 and length > 1:
        length = 1000
    ours, theirs = socket.socketpair()
    content = os.urandom(length)
    with ours, theirs:
        sender = threading.Thread(target=theirs.sendall, args=[content[begun:] + NEXT])
        sender.start()
        unreader = SocketUnreader(ours)
        unreader.unread(content[:begun])
        body = RequestBody(Body(LengthReader(unreader, length)))
        parts = list(iter(lambda: read(body, size), b""))
        assert b"".join(parts) == content
        assert all(len(part) == size for part in parts[:-1])
        sender.join()
        assert unreader.read(len(NEXT)) == NEXT


def test_lines_and_the_rest_may_be_mixed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"one\ntwo\nthree four" + NEXT)
        body = RequestBody(Body(LengthReader(SocketUnreader(ours), 18)))
        assert (body.readline(), body.read(2), body.read(4), body.read(), body.read(5)) == (
            *(b"one\n", b"tw", b"o\nth", b"ree four", b""),
        )


def test_a_body_that_breaks_off_is_short() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(b"half")
        body = RequestBody(Body(LengthReader(SocketUnreader(ours), 8)))
        assert (body.read(8), body.read(8)) == (b"half", b"")


def test_a_buffer_is_filled_as_far_as_a_body_that_breaks_off_goes() -> None:
    ours, theirs = socket.socketpair()
    with ours:
        with theirs:
            theirs.sendall(b"half")
        body = RequestBody(Body(LengthReader(SocketUnreader(ours), 8)))
        assert (read_into_buffer(body, 8), read_into_buffer(body, 8)) == (b"half", b"")


def test_lines_and_a_buffer_may_be_mixed() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        theirs.sendall(b"one\ntwo" + NEXT)
        body = RequestBody(Body(LengthReader(SocketUnreader(ours), 7)))
        assert (body.readline(), read_into_buffer(body, 9)) == (b"one\n", b"two")
