"""The index of a small pack, made from the pack alone (format: gitformat-pack(5), version 2).

It is determined by the pack, so that whoever has the pack can make it anew, byte for byte. All that the pack holds is
in memory then, which is bounded: a few bytes may inflate to a great many, or be a delta that makes them.
"""

import hashlib
import io
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from dulwich.pack import write_pack_index_v2

from framework.gitcore.deltas.recipes import DeltaDamaged, apply_in_memory, result_bytes
from framework.gitcore.pack_writer import object_hash
from framework.gitcore.packs import (
    BLOB,
    COMMIT,
    LONGEST_HEAD_BYTES,
    REF_DELTA,
    TAG,
    TRAILER_BYTES,
    TREE,
    HeadTooLong,
    MeasuredPack,
    parse_head,
)

MOST_PACK_BYTES = 64 << 10
MOST_OBJECTS = 500
MOST_INFLATED_BYTES = 1 << 20
MOST_DELTA_BYTES = 32 << 10
MOST_MADE_BYTES = 4 << 20
"""What a pack may have for its index to be made here: bytes, objects, and what its entries inflate to; of these deltas,
and what they make. An object takes some ten microseconds, an instruction of a delta, of two bytes or more, as many.

The limits may be raised, and never lowered: there are packs up to them whose indexes nobody stored.
"""

_START = b"PACK\0\0\0\2"
_HEADER_BYTES = 12
_NAME_BYTES = 20
_TYPES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}


class PackNotIndexed(ValueError):
    """The bytes are no whole pack, or one that is not indexed here, since that might take too long."""


@dataclass(frozen=True)
class _Entry:
    """One entry: where it begins and its CRC-32, what it holds; a delta names its base by offset or by name."""

    offset: int
    crc32: int
    kind: int
    content: bytes
    base: int | bytes = 0


def make_index(file: Path) -> bytes:
    """The index of the pack in this file, the same that git makes.

    Raises:
        PackNotIndexed, OSError.
    """
    if file.stat().st_size > MOST_PACK_BYTES:
        raise PackNotIndexed("the pack is too large")
    pack = file.read_bytes()
    body, trailer = memoryview(pack)[:-TRAILER_BYTES], pack[-TRAILER_BYTES:]
    if pack[: len(_START)] != _START or hashlib.sha1(body, usedforsecurity=False).digest() != trailer:
        raise PackNotIndexed("these bytes are not a pack")
    try:
        entries = list(_read_entries(pack, int.from_bytes(pack[len(_START) : _HEADER_BYTES])))
        names = _Names()
        names.add_all(entries)
    except (IndexError, HeadTooLong, zlib.error, DeltaDamaged) as error:
        raise PackNotIndexed("an entry of the pack cannot be read") from error
    written = io.BytesIO()
    write_pack_index_v2(written, sorted((names.of[one.offset], one.offset, one.crc32) for one in entries), trailer)
    return written.getvalue()


def remake_index(file: Path, recorded: MeasuredPack) -> bytes:
    """The same, which has to be the index that was recorded of the pack.

    Raises:
        PackNotIndexed, OSError.
    """
    made = make_index(file)
    if (len(made), hashlib.sha256(made).hexdigest()) != (recorded.idx_bytes, recorded.idx_sha256):
        raise PackNotIndexed("the index of the pack is not the one that was recorded")
    return made


def _read_entries(pack: bytes, count: int) -> Iterator[_Entry]:
    if count > MOST_OBJECTS:
        raise PackNotIndexed("the pack has too many objects")
    position, inflated, deltas = _HEADER_BYTES, 0, 0
    for _number in range(count):
        head = parse_head(pack[position : position + LONGEST_HEAD_BYTES])
        inflated += head.size_bytes
        deltas += 0 if head.kind in _TYPES else head.size_bytes
        if inflated > MOST_INFLATED_BYTES or deltas > MOST_DELTA_BYTES:
            raise PackNotIndexed("the pack inflates to too much")
        start = position + head.length
        base: int | bytes = position - head.distance
        if head.kind == REF_DELTA:
            base, start = pack[start : start + _NAME_BYTES], start + _NAME_BYTES
        content, end = _inflate(pack, start, head.size_bytes)
        yield _Entry(position, zlib.crc32(memoryview(pack)[position:end]), head.kind, content, base)
        position = end
    if position != len(pack) - TRAILER_BYTES:
        raise PackNotIndexed("the pack has another length than its entries")


def _inflate(pack: bytes, start: int, size_bytes: int) -> tuple[bytes, int]:
    """What is deflated from there on, and where that ends; it has to be of this size."""
    inflate = zlib.decompressobj()
    content = inflate.decompress(memoryview(pack)[start:-TRAILER_BYTES], size_bytes + 1)
    if not inflate.eof or len(content) != size_bytes:
        raise PackNotIndexed("an entry of the pack has another size than it says")
    return content, len(pack) - TRAILER_BYTES - len(inflate.unused_data)


class _Names:
    """The names of what entries are or make, by offset; one that is a delta waits for its base, wherever that is."""

    def __init__(self) -> None:
        self.of = dict[int, bytes]()
        self._objects = dict[int, tuple[bytes, bytes]]()
        self._offsets = dict[bytes, int]()
        self._left = MOST_MADE_BYTES

    def add_all(self, entries: Sequence[_Entry]) -> None:
        while entries:
            later = [entry for entry in entries if not self._add(entry)]
            if len(later) == len(entries):
                raise PackNotIndexed("a delta has a base that is not in the pack")
            entries = later

    def _add(self, entry: _Entry) -> bool:
        if entry.kind in _TYPES:
            self._note(entry.offset, _TYPES[entry.kind], entry.content)
            return True
        offset = self._offsets.get(entry.base) if isinstance(entry.base, bytes) else entry.base
        if offset not in self._objects:
            return False
        self._left -= result_bytes(entry.content)
        if self._left < 0:
            raise PackNotIndexed("the deltas of the pack make too much")
        kind, base = self._objects[offset]
        self._note(entry.offset, kind, apply_in_memory(entry.content, base))
        return True

    def _note(self, offset: int, kind: bytes, content: bytes) -> None:
        check = object_hash(kind, len(content))
        check.update(content)
        self.of[offset] = check.digest()
        self._objects[offset] = kind, content
        self._offsets[self.of[offset]] = offset
