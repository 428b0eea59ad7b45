"""Content as a pack has it: a zlib stream, of blocks that are not compressed where that would save little."""

import itertools
import struct
import zlib
from collections.abc import Iterable, Iterator

PROBE_BYTES = 1 << 20
WORTHWHILE_SAVING = 0.05

_STORED_HEADER, _LAST_BLOCK = b"\x78\x01", b"\1\0\0\xff\xff"
_STORED_BYTES = 0xFFFF
"""The longest block; its length is followed by the complement."""
_BLOCK_HEADER, _FRAMED_BLOCKS = struct.Struct("<BHH"), 4


def deflate(chunks: Iterator[bytes | memoryview], level: int) -> Iterator[bytes | memoryview]:
    """Deflate, or store what would not shrink: a probe of the first MiB decides."""
    probe = bytearray()
    for chunk in chunks:
        probe += chunk
        if len(probe) >= PROBE_BYTES:
            break
    saves = not probe or len(zlib.compress(probe, 1)) < len(probe) * (1 - WORTHWHILE_SAVING)
    whole = itertools.chain([bytes(probe)], chunks)
    del probe
    if not saves or not level:
        yield from _store(whole)
        return
    compress = zlib.compressobj(level)
    yield from map(compress.compress, whole)
    yield compress.flush()


def _store(chunks: Iterable[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """A zlib stream of blocks that are not compressed (RFC 1950; RFC 1951, 3.2.4), three times as fast as zlib's.

    They are framed in one piece of memory: each is used before the next one is asked for.
    """
    yield _STORED_HEADER
    check, frame = zlib.adler32(b""), memoryview(bytearray(_FRAMED_BLOCKS * (_BLOCK_HEADER.size + _STORED_BYTES)))
    for chunk in chunks:
        check = zlib.adler32(chunk, check)
        for start in range(0, len(chunk), _FRAMED_BLOCKS * _STORED_BYTES):
            yield frame[: _frame(chunk[start : start + _FRAMED_BLOCKS * _STORED_BYTES], frame)]
    yield _LAST_BLOCK + check.to_bytes(4)


def _frame(data: bytes | memoryview, frame: memoryview) -> int:
    """Write the data into the frame, as blocks; how much of it is used."""
    end = 0
    for start in range(0, len(data), _STORED_BYTES):
        block = data[start : start + _STORED_BYTES]
        _BLOCK_HEADER.pack_into(frame, end, 0, len(block), len(block) ^ _STORED_BYTES)
        begin, end = end + _BLOCK_HEADER.size, end + _BLOCK_HEADER.size + len(block)
        frame[begin:end] = block
    return end
