"""The body of a git request: counted, inflated where it was compressed, kept on disk."""

import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

from framework.errors import Invalid, TooLarge

CHUNK_BYTES = 1 << 16
MAX_NEGOTIATION_BYTES = 64 << 20


class BodyTooLarge(TooLarge):
    """A request that is larger than any honest one of its kind."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The request is larger than {limit >> 20} MiB; fetch fewer references at once.")


class BodyDamaged(Invalid):
    """A body that says it is gzip and is not."""

    def __init__(self) -> None:
        super().__init__("The request's body is not valid gzip; repeat the command.")


@contextmanager
def spooled(stream: IO[bytes], encoding: str, limit: int = MAX_NEGOTIATION_BYTES) -> Iterator[IO[bytes]]:
    """The request's body as a file at its start; `encoding` is its Content-Encoding, `limit` counts inflated bytes.

    Raises:
        BodyTooLarge, BodyDamaged.
    """
    with tempfile.TemporaryFile() as file:
        size = 0
        for chunk in _decoded(stream, encoding):
            size += len(chunk)
            if size > limit:
                raise BodyTooLarge(limit)
            file.write(chunk)
        file.seek(0)
        yield file


def _decoded(stream: IO[bytes], encoding: str) -> Iterator[bytes]:
    if encoding not in {"gzip", "x-gzip"}:
        yield from iter(lambda: stream.read(CHUNK_BYTES), b"")
        return
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while chunk := stream.read(CHUNK_BYTES):
            while chunk:
                yield inflate.decompress(chunk, CHUNK_BYTES)
                chunk = inflate.unconsumed_tail
    except zlib.error as error:
        raise BodyDamaged from error
    if not inflate.eof:
        raise BodyDamaged
