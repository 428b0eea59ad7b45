"""What a delta says: how a file is put together from pieces of another one, its base, and from new bytes."""

import mmap
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import dulwich.pack
from dulwich.errors import ApplyDeltaError

from framework.files import CHUNK_BYTES
from framework.gitcore.deltas.mapped import HELD_BYTES, give_back, open_mapped


class DeltaDamaged(ValueError):
    """The bytes are no delta, or one of another base."""


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
        with open_mapped(base) as old:
            if len(old) != self.base_bytes:
                raise DeltaDamaged("the delta is of another base")
            yield from _put_together(self.pieces, old)

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


def apply_delta(delta: bytes, base: Path) -> Iterator[bytes]:
    """The file that the delta makes of this base, in chunks; its instructions are never in memory all at once.

    Raises:
        DeltaDamaged: as `parse_delta` raises it, or the base has another length.
    """
    try:
        with open_mapped(base) as old:
            yield from _put_together(_read_pieces(delta, len(old)), old)
    except IndexError as error:
        raise DeltaDamaged("the delta is cut off") from error


def apply_in_memory(delta: bytes, base: bytes) -> bytes:
    """The same of a small base, at once, and three times as fast; the caller has looked at `result_bytes`.

    Raises:
        DeltaDamaged: it is no delta, or of another base.
    """
    try:
        return b"".join(dulwich.pack.apply_delta(base, delta))
    except (ApplyDeltaError, ValueError) as error:
        raise DeltaDamaged("the delta is damaged, or of another base") from error


def _put_together(pieces: Iterable[tuple[int, int] | bytes], old: bytes | mmap.mmap) -> Iterator[bytes]:
    """The file of these pieces, in chunks."""
    chunk, passed = bytearray(), 0
    for piece in _cut_to_chunks(pieces):
        chunk += piece if isinstance(piece, bytes) else old[piece[0] : piece[0] + piece[1]]
        if len(chunk) >= CHUNK_BYTES:
            yield bytes(chunk)
            passed += len(chunk)
            chunk.clear()
        if passed >= HELD_BYTES:
            give_back(old)
            passed = 0
    yield bytes(chunk)


def _cut_to_chunks(pieces: Iterable[tuple[int, int] | bytes]) -> Iterator[tuple[int, int] | bytes]:
    for piece in pieces:
        if isinstance(piece, bytes) or piece[1] <= CHUNK_BYTES:
            yield piece
        else:
            start, end = piece[0], piece[0] + piece[1]
            yield from ((at, min(CHUNK_BYTES, end - at)) for at in range(start, end, CHUNK_BYTES))


def _read_pieces(delta: bytes, base_bytes: int) -> Iterator[tuple[int, int] | bytes]:
    """What the instructions say, one after the other."""
    told, left, at = parse_lengths(delta)
    if told != base_bytes:
        raise DeltaDamaged("the delta is of another base")
    while at < len(delta):
        length = delta[at]
        if length & 0x80:
            start, length, at = parse_copy(delta, at)
            if start + length > base_bytes:
                raise DeltaDamaged("the delta copies what its base does not have")
            yield start, length
        else:
            yield delta[at + 1 : at + 1 + length]
            at += 1 + length
        left -= length
        if not length or left < 0:
            raise DeltaDamaged("the delta has an instruction that there cannot be")
    if left or at != len(delta):
        raise DeltaDamaged("the delta is cut off")


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
    base_bytes, _made_bytes, _at = parse_lengths(delta)
    pieces = list[tuple[int, int] | bytes]()
    copied = -1  # where in the base the last piece ended, if it was a copy
    for piece in _read_pieces(delta, base_bytes):
        if isinstance(piece, bytes):
            pieces.append(piece)
            copied = -1
            continue
        start, length = piece
        last = pieces[-1] if start == copied else None
        if isinstance(last, tuple):
            pieces[-1] = last[0], last[1] + length
        else:
            pieces.append(piece)
        copied = start + length
    return Recipe(base_bytes, pieces)


def parse_lengths(start: bytes) -> tuple[int, int, int]:
    """What a delta says first: how large its base is and what it makes, and where its instructions begin.

    Raises:
        IndexError: it is cut off.
        DeltaDamaged: a number goes on longer than git reads one.
    """
    base_bytes, at = _parse_varint(start, 0)
    return (base_bytes, *_parse_varint(start, at))


def parse_copy(delta: bytes, at: int) -> tuple[int, int, int]:
    """What the instruction there copies, from where and how much, and where the next one begins.

    Raises:
        IndexError: it is cut off.
    """
    opcode, at = delta[at], at + 1
    start = length = 0
    for shift in _SHIFTS[opcode & 0x0F]:
        start, at = start | delta[at] << shift, at + 1
    for shift in _SHIFTS[opcode >> 4 & 0x07]:
        length, at = length | delta[at] << shift, at + 1
    return start, length or 0x10000, at


_SHIFTS = [tuple(8 * number for number in range(4) if bits >> number & 1) for bits in range(16)]
"""Where the bytes of a number belong of which these bits tell that they are there."""


_LAST_SHIFT = 7 * 8
"""Where the last byte of a length belongs that has 63 bits, the most that git reads."""


def _parse_varint(delta: bytes, at: int) -> tuple[int, int]:
    """The number there, and where the next one begins."""
    found, shift = 0, 0
    while delta[at] & 0x80:
        if shift == _LAST_SHIFT:
            raise DeltaDamaged("the delta tells a length that there cannot be")
        found, shift, at = found | (delta[at] & 0x7F) << shift, shift + 7, at + 1
    return found | delta[at] << shift, at + 1


def result_bytes(start: bytes) -> int:
    """How large the object is that a delta makes, from the delta's first bytes.

    Raises:
        DeltaDamaged: there are too few, or they tell no length.
    """
    try:
        return parse_lengths(start)[1]
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
