"""Where the entries of a pack begin and end, as its index tells."""

import zlib
from bisect import bisect_left, bisect_right
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.pack import load_pack_index

from framework.gitcore.deltas.recipes import DeltaDamaged
from framework.gitcore.packs import TRAILER_BYTES

WINDOW_BYTES = 4 << 20
WINDOW_ENTRIES = 51
"""What is read at once before an entry: the versions of a file lie side by side, so that it has most of a chain."""


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

    def is_large(self, offset: int) -> bool:
        """Whether the entry that begins there is too large for a window."""
        return self.end_of(offset) - offset > WINDOW_BYTES

    def large_before(self, start: int) -> int | None:
        """The entry that ends there, if it is too large for a window."""
        number = bisect_left(self.offsets, start) - 1
        return self.offsets[number] if number >= 0 and self.is_large(self.offsets[number]) else None

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
