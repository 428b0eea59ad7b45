"""Heaps, where names and values of changing length lie: local ones, global ones, and those called fractal."""

from framework.browse.render.data.cursor import LONGEST_READ_BYTES, Damaged
from framework.browse.render.data.hdf5.blocks import Blocks

LONGEST_NAME_BYTES = 1_024
MOST_ROWS = 64
_MANAGED, _TINY = 0, 2
_HAS_CHECKSUMS = 2


class LocalHeap:
    """The names of the members of a group of the older kind."""

    def __init__(self, blocks: Blocks, address: int | None) -> None:
        """Open it.

        Raises:
            Damaged.
        """
        head = blocks.at(address, 64)
        if head.take(4) != b"HEAP":
            raise Damaged
        head.skip(4)
        self._size_bytes = head.length()
        head.length()
        self._place, self._blocks = head.address(), blocks

    def text(self, offset: int) -> str:
        """The text at this offset.

        Raises:
            Damaged: it would be outside.
        """
        if self._place is None or offset >= self._size_bytes:
            raise Damaged
        return self._blocks.read(self._place + offset, LONGEST_NAME_BYTES).split(b"\0")[0].decode(errors="replace")


class GlobalHeap:
    """Texts and lists of any length that values point to, by the address of a collection and a number in it."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self._known = dict[int, dict[int, tuple[int, int]]]()

    def read(self, address: int, number: int, longest: int) -> bytes:
        """The first bytes of what is there, at most so many.

        Raises:
            Damaged: there is nothing.
        """
        if address not in self._known:
            self._known[address] = self._list(address)
        place, size_bytes = self._known[address].get(number, (0, -1))
        return self._blocks.read(place, min(size_bytes, longest))

    def _list(self, address: int) -> dict[int, tuple[int, int]]:
        """Where each object of a collection begins, and how long it is."""
        head = self._blocks.at(address, 16)
        if head.take(4) != b"GCOL":
            raise Damaged
        head.skip(4)
        size_bytes = min(head.length(), LONGEST_READ_BYTES)
        whole = self._blocks.at(address, size_bytes)
        start = place = 8 + self._blocks.length_bytes
        whole.skip(start)
        found = dict[int, tuple[int, int]]()
        while place + start <= size_bytes:
            number = whole.whole(2)
            whole.skip(6)
            length = whole.length()
            if not number or place + start + length > size_bytes:
                break
            found[number] = (address + place + start, length)
            padded = length + -length % 8
            whole.skip(padded)
            place += start + padded
        return found


class FractalHeap:
    """The links or attributes of an object that has many."""

    def __init__(self, blocks: Blocks, address: int | None) -> None:
        """Open it.

        Raises:
            Damaged: it is none, or its contents are compressed.
        """
        self._blocks = blocks
        head = blocks.at(address, 256)
        if head.take(4) != b"FRHP":
            raise Damaged
        head.skip(1)
        self.name_bytes = head.whole(2)
        if head.whole(2):
            raise Damaged
        head.skip(1)
        most_managed = head.whole(4)
        head.length(), head.address(), head.length(), head.address()
        for _number in range(8):
            head.length()
        self._width, self._first, self._largest = head.whole(2), head.length(), head.length()
        bits = head.whole(2)
        head.skip(2)
        self._root, self._rows = head.address(), head.whole(2)
        if not (self._width and self._first and self._largest >= self._first) or self._rows > MOST_ROWS:
            raise Damaged
        self._offset_bytes = (bits + 7) // 8
        largest_bytes = (self._largest.bit_length() - 1 + 7) // 8
        self._length_bytes = min(largest_bytes, (max(1, most_managed).bit_length() - 1) // 8 + 1)

    def read(self, name: bytes) -> bytes:
        """What has this name.

        Raises:
            Damaged: it is not there, or of the kind that is stored by itself for its size.
        """
        told = self._blocks.fields(name)
        kind = told.whole(1)
        if kind >> 4 & 3 == _TINY:
            return told.take((kind & 15) + 1)
        if kind >> 4 & 3 != _MANAGED:
            raise Damaged
        offset, length = told.whole(self._offset_bytes), told.whole(self._length_bytes)
        place = self._find(offset)
        return self._blocks.at(place, length).take(length)

    def _find(self, offset: int) -> int:
        """The address of what is at this offset: rows of blocks, each twice as large as those of the row before."""
        address, rows = self._root, self._rows
        for _level in range(MOST_ROWS):
            if address is None:
                raise Damaged
            if not rows:
                return address + offset
            number, size_bytes, offset = self._choose(offset, rows)
            address = self._child(address, number)
            rows = 0 if size_bytes <= self._largest else self._count_rows(size_bytes)
        raise Damaged

    def _choose(self, offset: int, rows: int) -> tuple[int, int, int]:
        """The number of the block that has this offset, its size, and the offset in it."""
        for row in range(rows):
            size_bytes = self._first << max(0, row - 1)
            if offset < size_bytes * self._width:
                return row * self._width + offset // size_bytes, size_bytes, offset % size_bytes
            offset -= size_bytes * self._width
        raise Damaged

    def _count_rows(self, size_bytes: int) -> int:
        """How many rows a block of blocks has that spans so many bytes."""
        return (size_bytes // (self._first * self._width)).bit_length()

    def _child(self, address: int, number: int) -> int | None:
        start = 5 + self._blocks.address_bytes + self._offset_bytes
        size_bytes = start + (number + 1) * self._blocks.address_bytes
        block = self._blocks.at(address, size_bytes)
        if block.take(4) != b"FHIB":
            raise Damaged
        block.seek(size_bytes - self._blocks.address_bytes)
        return block.address()
