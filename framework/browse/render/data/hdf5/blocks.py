"""The bytes of an HDF5 file by their addresses, within a budget, and the superblock that says where all begins."""

import io
from typing import IO

from framework.browse.render.data.cursor import LONGEST_READ_BYTES, Cursor, Damaged

MARK = b"\x89HDF\r\n\x1a\n"
MOST_READS, MOST_READ_BYTES = 40_000, 96 << 20
FARTHEST_MARK = 1 << 22
_SIZES = {2, 4, 8}


class Fields(Cursor):
    """What lies in a part of the file, to be read in its order; addresses and lengths have as many bytes as its own."""

    def __init__(self, data: bytes, address_bytes: int = 8, length_bytes: int = 8) -> None:
        super().__init__(io.BytesIO(data))
        self._address_bytes, self._length_bytes = address_bytes, length_bytes

    def whole(self, size_bytes: int) -> int:
        """A whole number of so many bytes.

        Raises:
            Damaged: the part ends before.
        """
        return int.from_bytes(self.take(size_bytes), "little")

    def length(self) -> int:
        """A length."""
        return self.whole(self._length_bytes)

    def address(self) -> int | None:
        """An address; None for the one that stands for nothing."""
        found = self.whole(self._address_bytes)
        return None if found == (1 << (8 * self._address_bytes)) - 1 else found

    def rest(self) -> bytes:
        """All that follows in this part."""
        return self.take_rest()


class Blocks:
    """An open HDF5 file; `root` is the address of its first group."""

    def __init__(self, file: IO[bytes]) -> None:
        """Find the superblock.

        Raises:
            ValueError: it is no HDF5 file, or is damaged.
        """
        self._file = file
        self._reads, self._read_bytes = 0, 0
        self._base, self.address_bytes, self.length_bytes = 0, 8, 8
        self._base = self._find_mark()
        self.root = self._read_superblock()

    def fields(self, data: bytes) -> Fields:
        """Bytes of this file as fields."""
        return Fields(data, self.address_bytes, self.length_bytes)

    def at(self, address: int | None, size_bytes: int) -> Fields:
        """So many bytes at an address, fewer where the file ends.

        Raises:
            Damaged: no file has such an address, or more is read than any whole file needs.
        """
        return self.fields(self.read(address, size_bytes))

    def read(self, address: int | None, size_bytes: int) -> bytes:
        """The same as bytes."""
        size_bytes = min(size_bytes, LONGEST_READ_BYTES)
        self._reads += 1
        if address is None or size_bytes < 0 or self._reads > MOST_READS or self._read_bytes > MOST_READ_BYTES:
            raise Damaged
        Cursor(self._file).seek(self._base + address)
        data = self._file.read(size_bytes)
        self._read_bytes += len(data)
        return data

    def _find_mark(self) -> int:
        """Where the superblock is: at the beginning, or behind a block of somebody else's of 512, 1,024, … bytes."""
        place = 0
        while place <= FARTHEST_MARK:
            self._file.seek(place)
            if self._file.read(len(MARK)) == MARK:
                return place
            place = max(512, place * 2)
        raise ValueError("it is no HDF5 file")

    def _read_superblock(self) -> int:
        head = self.at(len(MARK), 128)
        version = head.whole(1)
        if version > 3:
            raise ValueError("it is of a version of HDF5 that is not known here")
        head.skip(4 if version < 2 else 0)
        self.address_bytes, self.length_bytes = head.whole(1), head.whole(1)
        if not {self.address_bytes, self.length_bytes} <= _SIZES:
            raise Damaged
        head.skip({0: 9, 1: 13}.get(version, 1))
        parts = self.fields(head.rest())
        # The base, free space or an extension, the end of the file; in older ones a driver's block and the root's name.
        for _number in range(3 if version > 1 else 5):
            parts.address()
        root = parts.address()
        if root is None:
            raise Damaged
        return root
