"""Git's deltas of large files, made and applied in bounded memory (format: gitformat-pack(5)).

A delta says how a file is put together from pieces of another one, its base, and from new bytes. Git makes them with
both files in memory; here they stay on the disk.
"""

import mmap
import zlib
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from framework.files import CHUNK_BYTES

BLOCK_BYTES = 32
"""A piece of the base is found if it has a whole block of these in it."""
MOST_BLOCKS = 1 << 20
"""Of a larger base not every block is noted: the next power of two of bytes apart."""
SEARCH_BYTES = 1 << 20
"""So much of the target may be searched for in vain, and a quarter of what was found; the rest is taken as new.

A search costs about half a microsecond for each byte, so a file that has nothing of its base costs half a second.
"""
LONGEST_COPY = 0xFFFF
LONGEST_INSERT = 0x7F
HELD_BYTES = 16 << 20
"""After so many bytes the kernel may take back what is mapped."""


class DeltaDamaged(ValueError):
    """The bytes are no delta, or one of another base."""


def make_delta(base: Path, target: Path) -> Iterator[bytes]:
    """The delta that makes the target of the base, piece by piece; neither is in memory as a whole.

    It is a delta in any case; whether it is small is to be seen from its length.
    """
    with _mapped(base) as old, _mapped(target) as new:
        yield _varint(len(old)) + _varint(len(new))
        yield from _Encoder(old, new).encode()


@dataclass(frozen=True)
class Recipe:
    """How a file is put together: pieces of its base, as (first byte, length), and new bytes, in their order."""

    base_bytes: int
    pieces: Sequence[tuple[int, int] | bytes]

    @property
    def size_bytes(self) -> int:
        """How large the file is that it makes."""
        return sum(map(_length, self.pieces))

    def apply(self, base: Path) -> Iterator[bytes]:
        """The file, in chunks, from a base that has the length that the recipe was made for.

        Raises:
            DeltaDamaged: the base has not.
        """
        with _mapped(base) as old:
            if len(old) != self.base_bytes:
                raise DeltaDamaged("the delta is of another base")
            chunk, passed = bytearray(), 0
            for piece in self._cut_to_chunks():
                chunk += piece if isinstance(piece, bytes) else old[piece[0] : piece[0] + piece[1]]
                if len(chunk) >= CHUNK_BYTES:
                    yield bytes(chunk)
                    passed += len(chunk)
                    chunk.clear()
                if passed >= HELD_BYTES:
                    _give_back(old)
                    passed = 0
            yield bytes(chunk)

    def _cut_to_chunks(self) -> Iterator[tuple[int, int] | bytes]:
        for piece in self.pieces:
            if isinstance(piece, bytes) or piece[1] <= CHUNK_BYTES:
                yield piece
            else:
                start, end = piece[0], piece[0] + piece[1]
                yield from ((at, min(CHUNK_BYTES, end - at)) for at in range(start, end, CHUNK_BYTES))

    def after(self, earlier: "Recipe") -> "Recipe":
        """What makes the file of the earlier recipe's base: both in one, so that nothing between them is written."""
        starts, at = [0], 0
        for piece in earlier.pieces:
            at += _length(piece)
            starts.append(at)
        if at != self.base_bytes:
            raise DeltaDamaged("the delta is of another base")
        made = list[tuple[int, int] | bytes]()
        for piece in self.pieces:
            if isinstance(piece, bytes):
                made.append(piece)
            else:
                made.extend(_cut(earlier.pieces, starts, *piece))
        return Recipe(earlier.base_bytes, made)


def parse_delta(delta: bytes) -> Recipe:
    """What the delta says.

    Raises:
        DeltaDamaged: it is cut off, copies what its base does not have, or makes another length than it says.
    """
    try:
        return _parse(delta)
    except IndexError as error:
        raise DeltaDamaged("the delta is cut off") from error


def _parse(delta: bytes) -> Recipe:
    base_bytes, at = _parse_varint(delta, 0)
    left, at = _parse_varint(delta, at)
    pieces = list[tuple[int, int] | bytes]()
    first = copied = -1  # where in the base the last piece began and ended, if it was a copy
    while at < len(delta):
        length = delta[at]
        if length & 0x80:
            start, length, at = _parse_copy(delta, at)
            if start + length > base_bytes:
                raise DeltaDamaged("the delta copies what its base does not have")
            if start == copied:
                pieces.pop()
            else:
                first = start
            copied = start + length
            pieces.append((first, copied - first))
        else:
            copied = -1
            pieces.append(delta[at + 1 : at + 1 + length])
            at += 1 + length
        left -= length
        if not length or left < 0:
            raise DeltaDamaged("the delta has an instruction that there cannot be")
    if left or at != len(delta):
        raise DeltaDamaged("the delta is cut off")
    return Recipe(base_bytes, pieces)


def _parse_copy(delta: bytes, at: int) -> tuple[int, int, int]:
    """What is copied, from where and how much, and where the next instruction begins."""
    opcode, at = delta[at], at + 1
    start = length = 0
    for shift in _SHIFTS[opcode & 0x0F]:
        start, at = start | delta[at] << shift, at + 1
    for shift in _SHIFTS[opcode >> 4 & 0x07]:
        length, at = length | delta[at] << shift, at + 1
    return start, length or 0x10000, at


_SHIFTS = [tuple(8 * number for number in range(4) if bits >> number & 1) for bits in range(16)]
"""Where the bytes of a number belong of which these bits tell that they are there."""


def _parse_varint(delta: bytes, at: int) -> tuple[int, int]:
    """The number there, and where the next one begins."""
    found, shift = 0, 0
    while delta[at] & 0x80:
        found, shift, at = found | (delta[at] & 0x7F) << shift, shift + 7, at + 1
    return found | delta[at] << shift, at + 1


def result_bytes(start: bytes) -> int:
    """How large the object is that a delta makes, from the delta's first bytes.

    Raises:
        DeltaDamaged: there are too few.
    """
    try:
        _base_bytes, at = _parse_varint(start, 0)
        return _parse_varint(start, at)[0]
    except IndexError as error:
        raise DeltaDamaged("the delta is cut off") from error


def _length(piece: tuple[int, int] | bytes) -> int:
    return len(piece) if isinstance(piece, bytes) else piece[1]


def _cut(
    pieces: Sequence[tuple[int, int] | bytes], starts: Sequence[int], start: int, length: int
) -> Iterator[tuple[int, int] | bytes]:
    """The part of what these pieces make that begins there and has this length; each begins at its `starts`."""
    number = bisect_right(starts, start) - 1
    while length:
        skipped, piece = start - starts[number], pieces[number]
        taken = min(length, _length(piece) - skipped)
        if isinstance(piece, bytes):
            yield piece[skipped : skipped + taken]
        else:
            yield piece[0] + skipped, taken
        start, length, number = start + taken, length - taken, number + 1


class _Encoder:
    def __init__(self, old: bytes | mmap.mmap, new: bytes | mmap.mmap) -> None:
        self._old, self._new = memoryview(old), memoryview(new)
        self._files = old, new
        self._step = max(BLOCK_BYTES, 1 << (max(0, len(old) // MOST_BLOCKS)).bit_length())
        self._mask = (1 << max(8, (len(old) // self._step).bit_length() + 1)) - 1
        self._heads = array("I", bytes(4 * (self._mask + 1)))
        self._budget, self._held = SEARCH_BYTES, 0

    def encode(self) -> Iterator[bytes]:
        try:
            self._note_blocks()
            yield from self._instructions()
        finally:
            self._old.release()
            self._new.release()

    def _note_blocks(self) -> None:
        """Where each block of the base begins, plus one; of equal ones the first."""
        old, heads, mask = self._old, self._heads, self._mask
        for number, start in enumerate(range(0, len(old) - BLOCK_BYTES + 1, self._step)):
            place = zlib.crc32(old[start : start + BLOCK_BYTES]) & mask
            if not heads[place]:
                heads[place] = number + 1
            self._release_after(start)

    def _instructions(self) -> Iterator[bytes]:
        """Copies of what is in the base, and inserts of what is not."""
        position = inserted = 0
        expected = 0
        while position < len(self._new):
            found = self._find(position, expected)
            if found is None:
                break
            start, position, length = found
            back = self._common_before(start, position, position - inserted)
            start, position, length = start - back, position - back, length + back
            yield from self._insert(inserted, position)
            yield from _copies(start, length)
            position += length
            self._budget += length // 4
            inserted, expected = position, start + length
            self._release_after(position)
        yield from self._insert(inserted, len(self._new))

    def _find(self, position: int, expected: int) -> tuple[int, int, int] | None:
        """The next piece of the target that is in the base: where there, where here, and how long."""
        new, old, heads, mask, step = self._new, self._old, self._heads, self._mask, self._step
        last = len(new) - BLOCK_BYTES
        while position <= last and self._budget > 0:
            block = new[position : position + BLOCK_BYTES]
            if old[expected : expected + BLOCK_BYTES] == block:  # where a change of the same length has ended
                return expected, position, self._common_after(expected, position)
            head = heads[zlib.crc32(block) & mask]
            start = (head - 1) * step
            if head and old[start : start + BLOCK_BYTES] == block:
                return start, position, self._common_after(start, position)
            position, expected, self._budget = position + 1, expected + 1, self._budget - 1
        return None

    def _common_after(self, start: int, position: int) -> int:
        """How many bytes are equal from there on, compared in pieces that grow."""
        old, new, length, piece = self._old, self._new, BLOCK_BYTES, 64
        longest = min(len(old) - start, len(new) - position)
        while length < longest:
            piece = min(piece, longest - length)
            if old[start + length : start + length + piece] == new[position + length : position + length + piece]:
                length, piece = length + piece, min(piece * 2, 1 << 16)
                self._release_after(position + length)
            elif piece == 1:
                break
            else:
                piece = max(1, piece // 2)
                longest = min(longest, length + 2 * piece)
        return length

    def _common_before(self, start: int, position: int, longest: int) -> int:
        length, most = 0, min(longest, start)
        while length < most and self._old[start - length - 1] == self._new[position - length - 1]:
            length += 1
        return length

    def _insert(self, start: int, end: int) -> Iterator[bytes]:
        for position in range(start, end, LONGEST_INSERT):
            piece = bytes(self._new[position : min(end, position + LONGEST_INSERT)])
            yield bytes([len(piece)]) + piece

    def _release_after(self, position: int) -> None:
        if abs(position - self._held) >= HELD_BYTES:
            self._held = position
            for file in self._files:
                _give_back(file)


def _copies(start: int, length: int) -> Iterator[bytes]:
    while length:
        piece = min(length, LONGEST_COPY)
        opcode, operands = 0x80, bytearray()
        for number in range(4):
            if byte := start >> 8 * number & 0xFF:
                opcode |= 1 << number
                operands.append(byte)
        for number in range(2):
            if byte := piece >> 8 * number & 0xFF:
                opcode |= 1 << (4 + number)
                operands.append(byte)
        yield bytes([opcode]) + operands
        start, length = start + piece, length - piece


def _varint(number: int) -> bytes:
    made = bytearray()
    while number > 0x7F:
        made.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*made, number])


@contextmanager
def _mapped(path: Path) -> Iterator[bytes | mmap.mmap]:
    """The file's bytes, mapped; an empty file cannot be."""
    with ExitStack() as stack:
        file = stack.enter_context(path.open("rb"))
        yield stack.enter_context(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)) if path.stat().st_size else b""


def _give_back(file: bytes | mmap.mmap) -> None:
    """What was read so far is in the kernel's hands again, and no longer counts as this process's."""
    if isinstance(file, mmap.mmap):
        file.madvise(mmap.MADV_DONTNEED)
