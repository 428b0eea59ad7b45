"""The bytes of a file that R has saved, unpacked as they are read and no more of them than a page needs."""

import bz2
import gzip
import lzma
import zlib
from collections.abc import Callable
from typing import IO, cast

from framework.browse.render.data.cursor import Damaged

MOST_UNPACKED_BYTES = 192 << 20
PART_BYTES = 1 << 18
LZMA_MEMORY_BYTES = 80 << 20
OPENERS = "readRDS() or load() opens it in R"


class TooLarge(ValueError):
    """There is more in the file than is looked at here."""

    def __init__(self) -> None:
        super().__init__(f"there is too much in it to be looked into here; {OPENERS}")


def _open_xz(file: IO[bytes]) -> IO[bytes]:
    return cast("IO[bytes]", lzma.LZMAFile(file))


_PACKED: dict[bytes, Callable[[IO[bytes]], IO[bytes]]] = {
    b"\x1f\x8b": lambda file: cast("IO[bytes]", gzip.GzipFile(fileobj=file)),
    b"BZh": lambda file: cast("IO[bytes]", bz2.BZ2File(file)),
    b"\xfd7zXZ": _open_xz,
}


class Stream:
    """Whole numbers, doubles and texts one after another, in the order of XDR (big-endian)."""

    def __init__(self, file: IO[bytes]) -> None:
        start = file.read(8)
        file.seek(0)
        opener = next((opener for mark, opener in _PACKED.items() if start.startswith(mark)), None)
        self._file = opener(file) if opener else file
        self._part, self._place, self._unpacked = b"", 0, 0

    def take(self, size_bytes: int) -> bytes:
        """So many bytes.

        Raises:
            Damaged: there are fewer. TooLarge.
        """
        end = self._place + size_bytes
        if end <= len(self._part):
            data = self._part[self._place : end]
            self._place = end
            return data
        if size_bytes > MOST_UNPACKED_BYTES:
            raise TooLarge
        parts, missing = [self._part[self._place :]], end - len(self._part)
        self._part, self._place = b"", 0
        while missing > 0:
            self._part = self._read()
            parts.append(self._part[:missing])
            self._place = min(missing, len(self._part))
            missing -= len(self._part)
        return b"".join(parts)

    def skip(self, size_bytes: int) -> None:
        """Leave out so many bytes.

        Raises:
            Damaged: there are fewer. TooLarge.
        """
        while size_bytes > len(self._part) - self._place:
            size_bytes -= len(self._part) - self._place
            self._part, self._place = self._read(), 0
        self._place += size_bytes

    def whole(self) -> int:
        """A whole number of four bytes.

        Raises:
            Damaged: the file ends before. TooLarge.
        """
        return int.from_bytes(self.take(4), "big", signed=True)

    def length(self) -> int:
        """The length of a vector, which may take three numbers.

        Raises:
            Damaged: it is none.
        """
        found = self.whole()
        if found == -1:
            upper, lower = self.whole(), self.whole() & 0xFFFFFFFF
            found = (upper << 32) + lower
        if found < 0:
            raise Damaged
        return found

    def _read(self) -> bytes:
        try:
            part = self._file.read(PART_BYTES)
        except (OSError, EOFError, zlib.error, lzma.LZMAError) as error:
            raise Damaged from error
        self._unpacked += len(part)
        if not part:
            raise Damaged
        if self._unpacked > MOST_UNPACKED_BYTES:
            raise TooLarge
        return part
