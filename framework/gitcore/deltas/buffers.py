"""Versions of a file made one after the other in two buffers, which are the process's only while they are needed."""

import mmap
from collections.abc import Iterable, Iterator

from framework.files import CHUNK_BYTES
from framework.gitcore.deltas.recipes import DeltaDamaged, parse_copy, parse_lengths


class Buffers:
    """A base and room for what a delta makes of it; each delta exchanges them.

    They are mapped once, with large pages where the kernel has any: memory that is allocated anew for every version
    takes ten times as long to be given by the kernel as to be filled.
    """

    def __init__(self, most_bytes: int) -> None:
        self._base, self._made = _map(most_bytes), _map(most_bytes)
        self.size_bytes = 0

    def fill(self, chunks: Iterable[bytes]) -> None:
        """Begin with the whole version of these chunks.

        Raises:
            DeltaDamaged: they are larger than the buffers.
        """
        for chunk in chunks:
            self._base[self.size_bytes : self.size_bytes + len(chunk)] = _fitting(chunk, self._base, self.size_bytes)
            self.size_bytes += len(chunk)

    def apply(self, delta: bytes) -> None:
        """Make the next version by this delta.

        Raises:
            DeltaDamaged: it is no delta, or of another base, or what it makes is larger than the buffers.
        """
        try:
            self.size_bytes = _apply(delta, self._base[: self.size_bytes], self._made)
        except IndexError as error:
            raise DeltaDamaged("the delta is cut off") from error
        self._base, self._made = self._made, self._base

    def chunks(self) -> Iterator[bytes]:
        """The bytes of the version that was made last."""
        for start in range(0, self.size_bytes, CHUNK_BYTES):
            yield bytes(self._base[start : min(start + CHUNK_BYTES, self.size_bytes)])


def _map(size_bytes: int) -> memoryview:
    room = mmap.mmap(-1, max(size_bytes, 1))
    if hasattr(mmap, "MADV_HUGEPAGE"):
        room.madvise(mmap.MADV_HUGEPAGE)
    return memoryview(room)


def _fitting(chunk: bytes, room: memoryview, at: int) -> bytes:
    if at + len(chunk) > len(room):
        raise DeltaDamaged("the base is larger than its entry says")
    return chunk


def _apply(delta: bytes, base: memoryview, target: memoryview) -> int:
    """How many bytes the delta makes, which are at the beginning of the target then.

    The instructions are one loop, since a version of a table has ten thousand of them.
    """
    base_bytes, made_bytes, at = parse_lengths(delta)
    if base_bytes != len(base):
        raise DeltaDamaged("the delta is of another base")
    if made_bytes > len(target):
        raise DeltaDamaged("the delta makes more than there is room for")
    end, made, new = len(delta), 0, memoryview(delta)
    while at < end:
        length = delta[at]
        if length & 0x80:
            start, length, at = parse_copy(delta, at)
            source, stop = base, start + length
        else:
            source, start = new, at + 1
            at = stop = start + length
        if not length or made + length > made_bytes:
            raise DeltaDamaged("the delta has an instruction that there cannot be")
        if stop > len(source):
            raise DeltaDamaged(
                "the delta copies what its base does not have" if source is base else "the delta is cut off"
            )
        target[made : made + length] = source[start:stop]
        made += length
    if made != made_bytes:
        raise DeltaDamaged("the delta is cut off")
    return made
