"""A body of known length comes whole in reads of any size, and what follows it on the connection stays there."""

import os
import socket
import threading

import pytest
from gunicorn.http.body import Body, LengthReader
from gunicorn.http.unreader import SocketUnreader

from framework.web.server.wsgi import RequestBody

NEXT = b"GET /next HTTP/1.1\r\n"


@pytest.mark.parametrize("size", [1, 3000, 8192, 100_000, 1 << 20])
@pytest.mark.parametrize("length", [0, 1, 100_000, 300_001])
@pytest.mark.parametrize("begun", [0, 500], ids=["nothing-before", "some-arrived-with-the-head"])
def test_it_ends_where_it_ends(size: int, length: int, begun: int) -> None:
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
        read = list(iter(lambda: body.read(size), b""))
        assert b"".join(read) == content
        assert all(len(part) == size for part in read[:-1])
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
