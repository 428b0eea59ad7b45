"""Blobs that are kept as deltas: the chain is read from the pack, wherever that lies, and the base put on the disk."""

import itertools
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from threading import Semaphore

from framework.gitcore.deltas.buffers import Buffers
from framework.gitcore.deltas.layout import Layout
from framework.gitcore.deltas.recipes import (
    DeltaDamaged,
    Recipe,
    apply_delta,
    parse_delta,
    result_bytes,
)
from framework.gitcore.deltas.windows import Read, Window
from framework.gitcore.packs import (
    BLOB,
    OFS_DELTA,
    EntryHead,
    inflate_entry,
)

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

_memory = Semaphore(1)


class DeltaUnsupported(Exception):
    """The entry is no blob and no delta by offset: git has to resolve it."""


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
                yield from _rebuild_in_memory(whole, self.deltas, largest)
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
    with closing(Window(read, layout)) as window:
        return _follow_chain(window, layout, offset, most_bytes)


def _follow_chain(window: Window, layout: Layout, offset: int, left: int) -> Chain:
    deltas = list[bytes]()
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


def _rebuild_in_memory(whole: Iterable[bytes], deltas: Sequence[bytes], most_bytes: int) -> Iterator[bytes]:
    buffers = Buffers(most_bytes)
    buffers.fill(whole)
    for delta in reversed(deltas):
        buffers.apply(delta)
    yield from buffers.chunks()


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


def _inflate_delta(data: bytes, size_bytes: int) -> bytes:
    try:
        delta = zlib.decompressobj().decompress(data, size_bytes + 1)
    except zlib.error as error:
        raise DeltaDamaged("a delta is damaged") from error
    if len(delta) != size_bytes:
        raise DeltaDamaged("a delta has another length than its entry says")
    return delta
