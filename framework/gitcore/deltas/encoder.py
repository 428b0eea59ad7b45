"""Deltas of large files, made in bounded memory: git holds both files, here they stay on the disk."""

import mmap
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path

from framework.gitcore.deltas.mapped import HELD_BYTES, give_back, open_mapped

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


def make_delta(base: Path, target: Path) -> Iterator[bytes]:
    """The delta that makes the target of the base, piece by piece; neither is in memory as a whole.

    It is a delta in any case; whether it is small is to be seen from its length.
    """
    with open_mapped(base) as old, open_mapped(target) as new:
        yield _varint(len(old)) + _varint(len(new))
        yield from _Encoder(old, new).encode()


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
                give_back(file)


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
