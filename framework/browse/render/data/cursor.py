"""Numbers and texts one after another in a binary file that may be damaged."""

import struct
from typing import IO

LONGEST_READ_BYTES = 32 << 20
FARTHEST = 1 << 40


class Damaged(ValueError):
    """The file ends early, or says what cannot be."""

    def __init__(self) -> None:
        super().__init__("it is damaged")


class Cursor:
    """A place in a file, which moves on with what is read; `order` is `<` or `>`, as `struct` has them."""

    def __init__(self, file: IO[bytes], order: str = "<") -> None:
        self._file, self.order = file, order

    def take(self, size_bytes: int) -> bytes:
        """So many bytes.

        Raises:
            Damaged: there are fewer.
        """
        if not 0 <= size_bytes <= LONGEST_READ_BYTES:
            raise Damaged
        data = self._file.read(size_bytes)
        if len(data) < size_bytes:
            raise Damaged
        return data

    def seek(self, place: int) -> None:
        """Go to this place.

        Raises:
            Damaged: no file has such a place.
        """
        if not 0 <= place <= FARTHEST:
            raise Damaged
        self._file.seek(place)

    def skip(self, size_bytes: int) -> None:
        """Leave out so many bytes.

        Raises:
            Damaged: they would be before the file.
        """
        self.seek(self._file.tell() + size_bytes)

    def number(self, kind: str) -> int:
        """A whole number of this kind, as `struct` names it.

        Raises:
            Damaged: the file ends before.
        """
        value: int = self.numbers(kind)[0]
        return value

    def numbers(self, kinds: str) -> tuple[int, ...]:
        """Numbers of these kinds.

        Raises:
            Damaged: the file ends before.
        """
        return struct.unpack(self.order + kinds, self.take(struct.calcsize(self.order + kinds)))

    def text(self, size_bytes: int, encoding: str = "utf-8") -> str:
        """A text of so many bytes, up to its first zero.

        Raises:
            Damaged: the file ends before.
        """
        return self.take(size_bytes).split(b"\0")[0].decode(encoding, "replace")

    def take_rest(self) -> bytes:
        """All that follows, as far as it is read."""
        return self._file.read(LONGEST_READ_BYTES)
