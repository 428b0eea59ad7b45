"""Packs on the local disk: what is recorded of a finished one, and one hashed while it arrives."""

import hashlib
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from os import SEEK_END
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from framework.files import CHUNK_BYTES, sha256_of
from framework.gitcore.side_files import MadeFile

COMMIT, TREE, BLOB, TAG, OFS_DELTA, REF_DELTA = 1, 2, 3, 4, 6, 7
"""Kinds of entries (gitformat-pack(5)); the base of a delta is so many bytes before it, or the object of a name."""
KIND_NAMES = {COMMIT: b"commit", TREE: b"tree", BLOB: b"blob", TAG: b"tag"}
"""What the name of an object is made of, beside its size and its bytes."""
LONGEST_NUMBER_BYTES = 9
"""index-pack takes a longer one, and no git reads the object afterwards."""
LONGEST_HEAD_BYTES = 2 * LONGEST_NUMBER_BYTES
"""Kind and size are one number, the distance to the base of a delta is another."""
TRAILER_BYTES = 20
"""The SHA-1 of all that is before it."""


@dataclass(frozen=True, kw_only=True)
class MeasuredPack:
    """What a pack and its index measure: sizes in bytes, hashes in hex.

    `idx_stored` says whether the index is stored beside the pack; otherwise its readers make it (`pack_index`).
    """

    pack_bytes: int
    pack_sha256: str
    idx_bytes: int
    idx_sha256: str
    object_count: int
    idx_stored: bool = True

    @property
    def size_bytes(self) -> int:
        """What the pack and its index take on a disk."""
        return self.pack_bytes + self.idx_bytes

    @property
    def stored_bytes(self) -> int:
        """What they take in the store."""
        return self.pack_bytes + (self.idx_bytes if self.idx_stored else 0)

    @classmethod
    def values_of(cls, source: object) -> dict[str, Any]:
        """The values that the source has under this class's names: keyword arguments for another such value."""
        return {one.name: getattr(source, one.name) for one in fields(cls)}


class Sink(Protocol):
    """What takes bytes, and keeps a failure to itself."""

    def write(self, data: bytes | memoryview) -> object:
        """Take these next."""


@dataclass(frozen=True)
class WrittenPack(MeasuredPack):
    """A finished pack and its index on the local disk, with its side files by suffix.

    `copy` is what was given every byte of the pack while it was written.
    """

    pack: Path
    idx: Path
    side_files: Mapping[str, MadeFile] = field(default_factory=dict)
    copy: Sink | None = None


def measure_pack(pack: Path, *, pack_sha256: str | None = None) -> WrittenPack:
    """What is to be recorded of a pack that lies with its index on the local disk; its hash where it is not known."""
    idx = pack.with_suffix(".idx")
    return WrittenPack(
        pack=pack,
        idx=idx,
        pack_bytes=pack.stat().st_size,
        pack_sha256=pack_sha256 or sha256_of(pack),
        idx_bytes=idx.stat().st_size,
        idx_sha256=sha256_of(idx),
        object_count=object_count(pack),
    )


def object_count(pack: Path) -> int:
    """How many objects the pack says that it holds."""
    with pack.open("rb") as file:
        return int.from_bytes(file.read(12)[8:], "big")


class HashingReader:
    """Chunks that pass, hashed on the way, so that a pack need not be read again where it lies as it came.

    A pack that was completed differs from them, and its trailer tells.
    """

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.digest, self._size, self._trailer = hashlib.sha256(), 0, b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.digest.update(chunk)
            self._size += len(chunk)
            self._trailer = (self._trailer + chunk[-TRAILER_BYTES:])[-TRAILER_BYTES:]
            yield chunk

    def is_in(self, pack: Path) -> bool:
        """Whether the file holds what passed."""
        with pack.open("rb") as file:
            return file.seek(-TRAILER_BYTES, SEEK_END) + TRAILER_BYTES == self._size and file.read() == self._trailer


class HeadTooLong(ValueError):
    """An entry of a pack tells its size, or how far its base is, in more bytes than git reads."""


class EntryHead(NamedTuple):
    """What an entry of a pack says of itself: kind, size in bytes, the head's own length, and how far its base is."""

    kind: int
    size_bytes: int
    length: int
    distance: int


def kind_of(head: bytes) -> int:
    """The kind of the entry whose head begins with these bytes."""
    return (head[0] >> 4) & 7


def parse_head(data: bytes) -> EntryHead:
    """Kind, size and, for a delta by offset, the distance to its base (gitformat-pack(5)).

    Raises:
        IndexError: there are too few bytes.
        HeadTooLong: it would be that of no entry even with more of them.
    """
    kind, size_bytes = kind_of(data), data[0] & 0x0F
    shift, position = 4, 1
    while data[position - 1] & 0x80:
        if position == LONGEST_NUMBER_BYTES:
            raise HeadTooLong
        size_bytes |= (data[position] & 0x7F) << shift
        shift, position = shift + 7, position + 1
    distance = 0
    if kind == OFS_DELTA:
        distance, last = data[position] & 0x7F, position + LONGEST_NUMBER_BYTES - 1
        while data[position] & 0x80:
            if position == last:
                raise HeadTooLong
            position += 1
            distance = ((distance + 1) << 7) | (data[position] & 0x7F)
        position += 1
    return EntryHead(kind, size_bytes, position, distance)


def inflate_entry(deflated: Iterable[bytes]) -> Iterator[bytes]:
    """What the bytes behind an entry's head deflate, in chunks of bounded size; what follows them is left alone.

    Raises:
        zlib.error: they are damaged. Where they are cut off, less comes than the head says.
    """
    inflate = zlib.decompressobj()
    for chunk in deflated:
        pending = chunk
        while pending and not inflate.eof:
            yield inflate.decompress(pending, CHUNK_BYTES)
            pending = inflate.unconsumed_tail
        if inflate.eof:
            return
    yield inflate.flush()
