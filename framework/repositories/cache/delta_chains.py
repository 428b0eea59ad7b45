"""Blobs that are kept as deltas: the chain is read from the pack, wherever that lies, and the base put on the disk."""

import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.files import CHUNK_BYTES
from framework.gitcore.deltas import DeltaDamaged, Recipe, parse_delta
from framework.gitcore.packs import BLOB, LONGEST_HEAD_BYTES, OFS_DELTA, EntryHead, parse_head
from framework.repositories.cache.scratch import scratch

WINDOW_BYTES = 1 << 20
"""What is read at once before an entry: the versions of a file lie side by side, so that it has most of a chain."""
MOST_DELTA_BYTES = 64 << 20

Read = Callable[[int, int], Iterator[bytes]]
"""Gives the bytes of a pack from an offset on, so many."""


class DeltaUnsupported(Exception):
    """The entry is no blob and no delta by offset: git has to resolve it."""


@dataclass(frozen=True)
class Layout:
    """Where the entries of a pack begin, in order, and the CRC-32 of each."""

    offsets: list[int]
    checks: list[int]

    @classmethod
    def of(cls, idx: Path) -> "Layout":
        """The layout that the index of the pack tells."""
        with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
            entries = sorted((offset, crc or 0) for _name, offset, crc in index.iterentries())
        return cls([offset for offset, _crc in entries], [crc for _offset, crc in entries])

    def end_of(self, offset: int, pack_bytes: int) -> int:
        """Where the entry that begins there ends."""
        number = bisect_right(self.offsets, offset)
        return self.offsets[number] if number < len(self.offsets) else pack_bytes - 20

    def window_before(self, end: int) -> int:
        """The first entry of those that end there and have `WINDOW_BYTES` together, or of the last one alone."""
        number = bisect_left(self.offsets, end - WINDOW_BYTES)
        last = bisect_left(self.offsets, end) - 1
        return self.offsets[min(number, last)]

    def check_of(self, offset: int) -> int:
        """The CRC-32 of the entry that begins there."""
        return self.checks[bisect_left(self.offsets, offset)]


def read_index(idx: Path) -> dict[str, int]:
    """Where the entry of each object of the pack of this index begins, by the object's name in hex."""
    with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
        return {name.hex(): offset for name, offset, _crc in index.iterentries()}


@dataclass(frozen=True)
class Chain:
    """A whole blob, where its entry begins and ends in the pack, and what has to be done with it."""

    start: int
    end: int
    recipe: Recipe | None


def find_chain(read: Read, layout: Layout, pack_bytes: int, offset: int) -> Chain:
    """The whole blob that the entry at this offset goes back to, by at most as many reads as its deltas need windows.

    Raises:
        DeltaDamaged: an entry on the way has other bytes than the index says. DeltaUnsupported: git has to do it.
    """
    window = _Window(read, layout, pack_bytes)
    recipe: Recipe | None = None
    while True:
        head, entry = window.entry(offset)
        if head.kind == BLOB:
            return Chain(offset, layout.end_of(offset, pack_bytes), recipe)
        if head.kind != OFS_DELTA or head.size_bytes > MOST_DELTA_BYTES:
            raise DeltaUnsupported
        delta = parse_delta(_inflate(entry[head.length :], head.size_bytes))
        recipe = delta if recipe is None else recipe.after(delta)
        offset -= head.distance


def rebuild(chunks: Iterator[bytes], recipe: Recipe) -> Iterator[bytes]:
    """The blob that the recipe makes of the whole one whose bytes these are; that one is on the disk meanwhile."""
    with scratch("base") as folder:
        base = folder / "base"
        with base.open("wb") as file:
            for chunk in chunks:
                file.write(chunk)
        with base.open("rb") as file:
            yield from _in_chunks(recipe.apply(file))


def _in_chunks(pieces: Iterator[bytes]) -> Iterator[bytes]:
    held = bytearray()
    for piece in pieces:
        held += piece
        if len(held) >= CHUNK_BYTES:
            yield bytes(held)
            held.clear()
    if held:
        yield bytes(held)


class _Window:
    """A stretch of the pack that has been read."""

    def __init__(self, read: Read, layout: Layout, pack_bytes: int) -> None:
        self._read, self._layout, self._pack_bytes = read, layout, pack_bytes
        self._start, self._bytes = 0, b""

    def entry(self, offset: int) -> tuple[EntryHead, bytes]:
        """The head of the entry at this offset, and its bytes if it is a delta."""
        end = self._layout.end_of(offset, self._pack_bytes)
        if not self._start <= offset <= end <= self._start + len(self._bytes):
            if end - offset > WINDOW_BYTES:
                head = parse_head(b"".join(self._read(offset, LONGEST_HEAD_BYTES)))
                if head.kind != OFS_DELTA:
                    return head, b""
            self._start = self._layout.window_before(end)
            self._bytes = b"".join(self._read(self._start, end - self._start))
        entry = self._bytes[offset - self._start : end - self._start]
        if len(entry) != end - offset or zlib.crc32(entry) != self._layout.check_of(offset):
            raise DeltaDamaged("an entry of the pack is damaged")
        return parse_head(entry), entry


def _inflate(data: bytes, size_bytes: int) -> bytes:
    inflate = zlib.decompressobj()
    try:
        delta = inflate.decompress(data, size_bytes + 1)
    except zlib.error as error:
        raise DeltaDamaged("a delta is damaged") from error
    if len(delta) != size_bytes:
        raise DeltaDamaged("a delta has another length than its entry says")
    return delta
