"""Blobs that are kept as deltas: the chain is read from the pack, wherever that lies, and the base put on the disk."""

import itertools
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Semaphore

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.files import CHUNK_BYTES
from framework.gitcore.deltas.recipes import (
    DeltaDamaged,
    Recipe,
    apply_delta,
    apply_in_memory,
    parse_delta,
    result_bytes,
)
from framework.gitcore.packs import (
    BLOB,
    OFS_DELTA,
    TRAILER_BYTES,
    EntryHead,
    inflate_entry,
    parse_head,
)

WINDOW_BYTES = 4 << 20
WINDOW_ENTRIES = 51
"""What is read at once before an entry: the versions of a file lie side by side, so that it has most of a chain."""
MOST_CHAIN_BYTES = 10 << 20
"""What the deltas of a chain may have together: they are in memory, and every byte takes half a microsecond."""
LEAST_DELTA_BYTES = 1 << 10
"""What each counts as at the least, so that a chain cannot have any number of them."""
SMALL_DELTA_BYTES = 1 << 14
IN_MEMORY_BYTES = 16 << 20
"""A blob of at most this size is made in memory, three times as fast, by one thread of a process at a time."""
FEW_PIECES = 4000
"""Deltas of so many pieces together become one, so that no file is written between them; more take longer than that."""
SMALL_SHARE = 1 / 16
"""An entry with less than this share of its blob's bytes is likely a delta: whole ones are rarely deflated as well."""

Read = Callable[[int, int], Generator[bytes, None, None]]
"""Gives the bytes of a pack from an offset on, so many."""


_memory = Semaphore(1)


class DeltaUnsupported(Exception):
    """The entry is no blob and no delta by offset: git has to resolve it."""


@dataclass(frozen=True)
class Layout:
    """Where the entries of a pack begin, in order, the CRC-32 of each, and where the last one ends."""

    offsets: list[int]
    checks: list[int]
    end: int

    @classmethod
    def of(cls, idx: Path, pack_bytes: int) -> "Layout":
        """The layout that the index of the pack tells, which has so many bytes."""
        with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
            entries = sorted((offset, crc or 0) for _name, offset, crc in index.iterentries())
        return cls([offset for offset, _crc in entries], [crc for _offset, crc in entries], pack_bytes - TRAILER_BYTES)

    def end_of(self, offset: int) -> int:
        """Where the entry that begins there ends."""
        number = bisect_right(self.offsets, offset)
        return self.offsets[number] if number < len(self.offsets) else self.end

    def window_before(self, end: int) -> int:
        """The first entry of those that end there and make a window together, or of the last one alone."""
        last = bisect_left(self.offsets, end) - 1
        number = max(bisect_left(self.offsets, end - WINDOW_BYTES), last + 1 - WINDOW_ENTRIES)
        return self.offsets[min(number, last)]

    def check(self, offset: int, entry: bytes) -> bytes:
        """The bytes of the entry that begins there.

        Raises:
            DeltaDamaged: they are not those that the index tells the CRC-32 of.
        """
        if zlib.crc32(entry) != self.checks[bisect_left(self.offsets, offset)]:
            raise DeltaDamaged("an entry of the pack is damaged")
        return entry


def read_index(idx: Path) -> dict[str, int]:
    """Where the entry of each object of the pack of this index begins, by the object's name in hex."""
    with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
        return {name.hex(): offset for name, offset, _crc in index.iterentries()}


@dataclass(frozen=True)
class Chain:
    """A blob as a whole one's entry, and the deltas that make it of that, from the last one to the first."""

    head: EntryHead
    entry: Iterator[bytes]
    deltas: Sequence[bytes]

    @property
    def size_bytes(self) -> int:
        """How large the blob is."""
        return result_bytes(self.deltas[0]) if self.deltas else self.head.size_bytes

    @property
    def delta_bytes(self) -> int:
        """What the deltas have together."""
        return sum(map(len, self.deltas))

    def content(self, folder: Path) -> Iterator[bytes]:
        """The blob's bytes; the whole one is put into this folder, and what is made of it on the way.

        Raises:
            DeltaDamaged: a delta is not of what it is to be applied to.
        """
        first = next(self.entry, b"")
        whole = inflate_entry(itertools.chain([first[self.head.length :]], self.entry))
        if not self.deltas:
            yield from whole
            return
        largest = max(self.head.size_bytes, *map(result_bytes, self.deltas))
        if largest <= IN_MEMORY_BYTES and _memory.acquire(blocking=False):
            try:
                yield from _rebuild_in_memory(b"".join(whole), self.deltas)
            finally:
                _memory.release()
        else:
            yield from _rebuild(_write(folder / "base", whole), self.deltas, folder)


def find_chain(read: Read, layout: Layout, offset: int, most_bytes: int = MOST_CHAIN_BYTES) -> Chain:
    """The whole blob that the entry at this offset goes back to, by as many reads as its deltas need windows.

    Raises:
        DeltaDamaged: an entry on the way has other bytes than the index says. DeltaUnsupported: git has to do it, or
            the deltas have more bytes together.
    """
    window = _Window(read, layout)
    deltas, left = list[bytes](), most_bytes
    while True:
        head, entry = window.entry(offset)
        if head.kind == BLOB:
            return Chain(head, entry, deltas)
        left -= head.size_bytes + LEAST_DELTA_BYTES
        if head.kind != OFS_DELTA or left < 0:
            raise DeltaUnsupported
        deflated = layout.check(offset, b"".join(entry))[head.length :]
        deltas.append(_inflate_delta(deflated, head.size_bytes))
        offset -= head.distance


def _rebuild_in_memory(made: bytes, deltas: Sequence[bytes]) -> Iterator[bytes]:
    for delta in reversed(deltas):
        made = apply_in_memory(delta, made)
    yield from (made[start : start + CHUNK_BYTES] for start in range(0, len(made), CHUNK_BYTES))


def _rebuild(base: Path, deltas: Sequence[bytes], folder: Path) -> Iterator[bytes]:
    """What the deltas, the last one first, make of the base; what is made on the way is on the disk."""
    *steps, last = _list_steps(reversed(deltas))
    for number, step in enumerate(steps):
        made = _write(folder / f"step-{number}", step(base))
        base.unlink()
        base = made
    yield from last(base)


def _list_steps(deltas: Iterable[bytes]) -> Iterator[Callable[[Path], Iterator[bytes]]]:
    """What is done to one file after the other; deltas that say little are one step with their neighbours."""
    small: Recipe | None = None
    for delta in deltas:
        recipe = parse_delta(delta) if len(delta) <= SMALL_DELTA_BYTES else None
        if small and recipe and len(small.pieces) + len(recipe.pieces) <= FEW_PIECES:
            small = recipe.after(small)
            continue
        if small:
            yield small.apply
        if recipe is None:
            yield partial(apply_delta, delta)
        small = recipe
    if small:
        yield small.apply


def _write(file: Path, chunks: Iterator[bytes]) -> Path:
    with file.open("wb") as target:
        target.writelines(chunks)
    return file


class _Window:
    """A stretch of the pack that has been read."""

    def __init__(self, read: Read, layout: Layout) -> None:
        self._read, self._layout = read, layout
        self._start, self._bytes = 0, b""

    def entry(self, offset: int) -> tuple[EntryHead, Iterator[bytes]]:
        """The head of the entry at this offset, and its bytes, head included."""
        end = self._layout.end_of(offset)
        if end - offset > WINDOW_BYTES:
            chunks = self._read(offset, end - offset)
            first = next(chunks, b"")
            return parse_head(first), itertools.chain([first], chunks)
        if not self._start <= offset <= end <= self._start + len(self._bytes):
            self._start = self._layout.window_before(end)
            self._bytes = b"".join(self._read(self._start, end - self._start))
        entry = self._layout.check(offset, self._bytes[offset - self._start : end - self._start])
        return parse_head(entry), iter([entry])


def _inflate_delta(data: bytes, size_bytes: int) -> bytes:
    try:
        delta = zlib.decompressobj().decompress(data, size_bytes + 1)
    except zlib.error as error:
        raise DeltaDamaged("a delta is damaged") from error
    if len(delta) != size_bytes:
        raise DeltaDamaged("a delta has another length than its entry says")
    return delta
