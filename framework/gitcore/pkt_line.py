"""Pkt-lines, git's frames (gitprotocol-common(5)), and the side bands that progress and report travel in."""

import re
from collections.abc import Iterator

from framework.errors import Invalid

FLUSH = b"0000"
REPORT, PROGRESS, FATAL = 1, 2, 3
PACK = REPORT
"""A push's first band has the report, a fetch's the pack."""
KEEP_ALIVE = b"0005\x01"
LONGEST_DATA_BYTES = 65516
BAND_BYTES = 65515

_LENGTH = re.compile(rb"[0-9a-fA-F]{4}")


class BadRequest(Invalid):
    """A request that no git sends."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"This is not a request of git's protocol: {reason}. Use a newer git.")


class Received:
    """A request's body: pkt-lines first, then whatever follows them."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = filter(None, chunks)  # an empty chunk is not the end
        self._held, self._at = b"", 0

    def line(self) -> bytes | None:
        """The next line without its end, None for a flush packet.

        Raises:
            BadRequest: there is none.
        """
        head = self.take(4)
        return None if head == FLUSH else self.line_of(head)

    def line_of(self, head: bytes) -> bytes:
        """The line that these four digits announce, without its end.

        Raises:
            BadRequest: there is none.
        """
        length = self._length(head)
        data = self.take(length - 4)
        if len(data) < length - 4:
            raise BadRequest("it is cut off")
        return data.removesuffix(b"\n")

    def take(self, size: int) -> bytes:
        """The next bytes, as many as this or all that are left."""
        parts = [self._held[self._at : self._at + size]]
        missing = size - len(parts[0])
        self._at += len(parts[0])
        while missing and (chunk := next(self._chunks, b"")):
            self._held, self._at = chunk, min(missing, len(chunk))
            parts.append(chunk[:missing])
            missing -= self._at
        return b"".join(parts)

    def rest(self) -> Iterator[bytes]:
        """What was not read yet."""
        held, self._held, self._at = self._held[self._at :], b"", 0
        if held:
            yield held
        yield from self._chunks

    @staticmethod
    def _length(digits: bytes) -> int:
        length = int(digits, 16) if _LENGTH.fullmatch(digits) else -1
        if not 4 <= length <= LONGEST_DATA_BYTES + 4:
            raise BadRequest("a line has no length")
        return length


def pkt(data: bytes) -> bytes:
    """One pkt-line."""
    return b"%04x%s" % (len(data) + 4, data)


def err(sentence: str) -> bytes:
    """The packet that ends an answer with an error (gitprotocol-pack(5)); git shows the sentence."""
    return pkt(b"ERR %s" % sentence.encode())


def band(number: int, data: bytes) -> bytes:
    """The data on one side band, in packets of a size that every git takes; each byte is copied once."""
    view = memoryview(data)
    parts: list[bytes | memoryview] = []
    for start in range(0, len(data), BAND_BYTES):
        some = view[start : start + BAND_BYTES]
        parts += [b"%04x%c" % (len(some) + 5, number), some]
    return b"".join(parts)
