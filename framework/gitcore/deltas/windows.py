"""A stretch of a pack that is read at once, from wherever the pack lies."""

import itertools
from collections.abc import Callable, Generator, Iterator

from framework.gitcore.deltas.layout import Layout
from framework.gitcore.packs import EntryHead, parse_head
from framework.observability.pool import Pool

Read = Callable[[int, int], Generator[bytes, None, None]]
"""Gives the bytes of a pack from an offset on, so many."""


class Window:
    """A stretch of the pack that has been read, and the large entry before it, whose reading has begun meanwhile.

    That one is the base of most chains that end in the window, so a store that is far away is waited for once.
    """

    def __init__(self, read: Read, layout: Layout) -> None:
        self._read, self._layout = read, layout
        self._start, self._bytes = 0, b""
        self._begun: _Begun | None = None

    def close(self) -> None:
        """Leave what was begun and not asked for."""
        if self._begun:
            self._begun.close()
        self._begun = None

    def entry(self, offset: int) -> tuple[EntryHead, Iterator[bytes]]:
        """The head of the entry at this offset, and its bytes, head included.

        Raises:
            DeltaDamaged: they are not those that the index tells the CRC-32 of; a large entry is not looked at.
        """
        end = self._layout.end_of(offset)
        if self._layout.is_large(offset):
            first, chunks = self._take(offset, end - offset)
            return parse_head(first), itertools.chain([first], chunks)
        if not self._start <= offset <= end <= self._start + len(self._bytes):
            self._move(end)
        entry = self._layout.check(offset, self._bytes[offset - self._start : end - self._start])
        return parse_head(entry), iter([entry])

    def _move(self, end: int) -> None:
        self.close()
        self._start = self._layout.window_before(end)
        before = self._layout.large_before(self._start)
        self._begun = None if before is None else _Begun(before, self._read(before, self._start - before))
        self._bytes = b"".join(self._read(self._start, end - self._start))

    def _take(self, offset: int, length: int) -> tuple[bytes, Iterator[bytes]]:
        if self._begun and self._begun.offset == offset:
            begun, self._begun = self._begun, None
            return begun.take()
        chunks = self._read(offset, length)
        return next(chunks, b""), chunks


class _Begun:
    """An entry of which a thread reads the first bytes."""

    def __init__(self, offset: int, chunks: Generator[bytes, None, None]) -> None:
        self.offset, self._chunks = offset, chunks
        pool = Pool(1)
        self._first = pool.submit(next, chunks, b"")
        pool.shutdown(wait=False)

    def take(self) -> tuple[bytes, Iterator[bytes]]:
        return self._first.result(), self._chunks

    def close(self) -> None:
        self._first.exception()
        self._chunks.close()
