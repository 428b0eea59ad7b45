"""Bodies of git requests: what may follow a compressed one, and clients that disconnect in the middle."""

import gzip
import io
from typing import IO

import pytest
from werkzeug.wsgi import LimitedStream

from framework.files import CHUNK_BYTES
from framework.githttp.protocol.body import BodyBroken, BodyDamaged, PushBody, spool

TEXT = b"0032want " + b"1" * 40 + b"\n00000009done\n"


def test_a_compressed_body_is_inflated() -> None:
    with spool(io.BytesIO(gzip.compress(TEXT)), "gzip") as body:
        assert body.read() == TEXT


@pytest.mark.parametrize("length", [1, 3 * CHUNK_BYTES])
def test_a_compressed_body_ends_where_it_says(length: int) -> None:
    sent = io.BytesIO(gzip.compress(TEXT) + b"\0" * length)
    with pytest.raises(BodyDamaged), spool(sent, "gzip"):
        pytest.fail("zlib would have kept all of it in memory")
    assert sent.tell() <= 2 * CHUNK_BYTES, "no more is read than shows the damage"


def test_a_compressed_push_ends_where_it_says() -> None:
    body = PushBody(io.BytesIO(gzip.compress(TEXT) + b"more"), "gzip", 1 << 20)
    with pytest.raises(BodyDamaged):
        list(body.chunks())


class Reset(io.RawIOBase):
    """A connection that the client has reset."""

    def readinto(self, _buffer: object) -> int:
        raise ConnectionResetError


@pytest.mark.parametrize("connection", [io.BytesIO(TEXT[:10]), Reset()], ids=["closed", "reset"])
def test_a_push_that_breaks_off(connection: IO[bytes]) -> None:
    body = PushBody(LimitedStream(connection, len(TEXT)), "", 1 << 20)  # type: ignore[arg-type]
    with pytest.raises(BodyBroken):
        list(body.chunks())
    body.drain()
    assert body.has_ended
