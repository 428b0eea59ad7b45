"""The entries of a pack, one after the other, from chunks as they arrive (gitformat-pack(5))."""

import zlib
from collections.abc import Iterable, Iterator

from framework.files import CHUNK_BYTES
from framework.gitcore.packs import LONGEST_HEAD_BYTES, EntryHead, HeadTooLong, parse_head

HEADER_BYTES = 12
NAME_BYTES = 20

_SPARE_BYTES = 64
"""What zlib adds to content that it cannot make smaller, beside five bytes for every 16 KiB."""


class PackUnreadable(ValueError):
    """The bytes are not those of a pack; git, which reads the same ones, says why."""


class PackStream:
    """Reads head and content of each entry in turn; `offset` is where the next byte lies in the pack."""

    def __init__(self, chunks: Iterable[bytes], offset: int = 0) -> None:
        self._chunks = filter(None, chunks)
        self._data, self._at, self._start = b"", 0, offset

    @property
    def offset(self) -> int:
        """How many bytes of the pack were read."""
        return self._start + self._at

    def take(self, size: int) -> bytes:
        """The next bytes.

        Raises:
            PackUnreadable: there are fewer.
        """
        while len(self._data) - self._at < size:
            self._read_more()
        self._at += size
        return self._data[self._at - size : self._at]

    def read_head(self) -> EntryHead:
        """What the next entry says of itself.

        Raises:
            PackUnreadable: it ends within, or is longer than git reads one.
        """
        while True:
            try:
                head = parse_head(self._data[self._at : self._at + LONGEST_HEAD_BYTES])
            except IndexError:
                self._read_more()
            except HeadTooLong as error:
                raise PackUnreadable from error
            else:
                self._at += head.length
                return head

    def read_content(self, size_bytes: int) -> bytes:
        """What the entry holds, inflated: so many bytes, all at once.

        Raises:
            PackUnreadable: it is damaged, cut off, or of another size.
        """
        inflate, parts, left = zlib.decompressobj(), list[bytes](), size_bytes
        while not inflate.eof:
            part = self._inflate(inflate, left + (left >> 9) + _SPARE_BYTES, left + 1)
            parts.append(part)
            left -= len(part)
            if left < 0:
                raise PackUnreadable
        if left:
            raise PackUnreadable
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def read_pieces(self, size_bytes: int) -> Iterator[bytes]:
        """The same in pieces of bounded size; they have to be read to their end before the next entry is."""
        inflate, left = zlib.decompressobj(), size_bytes
        while not inflate.eof:
            piece = self._inflate(inflate, CHUNK_BYTES, min(CHUNK_BYTES, left + 1))
            left -= len(piece)
            if left < 0:
                raise PackUnreadable
            yield piece
        if left:
            raise PackUnreadable

    def _inflate(self, inflate: "zlib._Decompress", deflated_bytes: int, most_bytes: int) -> bytes:
        if self._at == len(self._data):
            self._read_more()
        given = memoryview(self._data)[self._at : self._at + deflated_bytes]
        try:
            part = inflate.decompress(given, most_bytes)
        except zlib.error as error:
            raise PackUnreadable from error
        left = inflate.unused_data if inflate.eof else inflate.unconsumed_tail  # at the end zlib may set both
        self._at += len(given) - len(left)
        return part

    def _read_more(self) -> None:
        chunk = next(self._chunks, b"")
        if not chunk:
            raise PackUnreadable
        self._start += self._at
        self._data, self._at = self._data[self._at :] + chunk, 0
