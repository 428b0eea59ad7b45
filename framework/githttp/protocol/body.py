"""The body of a git request: counted, inflated where it was compressed, kept on disk."""

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import IO

from werkzeug.exceptions import ClientDisconnected

from framework.errors import Invalid, TooLarge
from framework.files import CHUNK_BYTES, read_chunks

MAX_NEGOTIATION_BYTES = 64 << 20
DISCONNECTED = (OSError, ClientDisconnected)
"""What a request's stream raises when it breaks; werkzeug's own error hides the system's."""


class BodyTooLarge(TooLarge):
    """A request that is larger than any honest one of its kind."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request is larger than {limit >> 20} MiB; fetch fewer references at once.")


class BodyDamaged(Invalid):
    """A body that says it is gzip and is not, or goes on after its end."""

    def __init__(self) -> None:
        super().__init__("The request's body is not valid gzip; repeat the command.")


class PushTooLarge(TooLarge):
    """A push that is larger than one may be."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"One push may have {limit >> 20} MiB at most. Push fewer commits at a time.")


class BodyBroken(Invalid):
    """The client disconnected before the push was complete."""

    def __init__(self) -> None:
        super().__init__("The push broke off before everything had arrived; push again.")


class PushBody:
    """A push's body, read once; `limit` counts inflated bytes. `has_ended` tells that nothing more will be read.

    `announced_bytes` is what the client says that it sends, 0 where it does not or where that says little.
    """

    def __init__(self, stream: IO[bytes], encoding: str, limit: int, length: int | None = None) -> None:
        self._stream, self._encoding, self._limit = stream, encoding, limit
        self.announced_bytes = 0 if encoding else length or 0
        self.has_ended = False

    def chunks(self) -> Iterator[bytes]:
        """The body as it comes.

        Raises:
            PushTooLarge, BodyDamaged, BodyBroken.
        """
        size = 0
        try:
            for chunk in _decode(self._stream, self._encoding):
                size += len(chunk)
                if size > self._limit:
                    raise PushTooLarge(self._limit)
                yield chunk
        except DISCONNECTED as error:
            raise BodyBroken from error
        self.has_ended = True

    def drain(self) -> None:
        """Read what is left: a client that is cut off while it sends never sees the answer."""
        if not self.has_ended:
            drain(self._stream, self._limit)
        self.has_ended = True


def drain(stream: IO[bytes], limit: int) -> None:
    """Read and forget up to `limit` bytes."""
    with suppress(*DISCONNECTED):
        for _ in read_chunks(stream, limit):
            pass


@contextmanager
def spool(stream: IO[bytes], encoding: str, limit: int = MAX_NEGOTIATION_BYTES) -> Iterator[IO[bytes]]:
    """The request's body as a file at its start; `encoding` is its Content-Encoding, `limit` counts inflated bytes.

    Raises:
        BodyTooLarge, BodyDamaged.
    """
    with tempfile.TemporaryFile() as file:
        size = 0
        for chunk in _decode(stream, encoding):
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(limit)
            file.write(chunk)
        file.seek(0)
        yield file


def _decode(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    if encoding not in {"gzip", "x-gzip"}:
        yield from read_chunks(stream)
        return
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for chunk in read_chunks(stream):
            if inflate.eof:  # zlib would keep whatever follows, in memory and uncounted
                raise BodyDamaged
            pending = chunk
            while pending:
                yield inflate.decompress(pending, CHUNK_BYTES)
                pending = inflate.unconsumed_tail
    except zlib.error as error:
        raise BodyDamaged from error
    if not inflate.eof or inflate.unused_data:
        raise BodyDamaged
