"""Packs written as a stream: a file of any size in constant memory (format: gitformat-pack(5), version 2)."""

import hashlib
import itertools
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from dulwich.objects import ShaFile
from dulwich.pack import write_pack_index_v2

from framework.files import read_chunks
from framework.gitcore.pack_bytes.deflating import deflate
from framework.gitcore.pack_bytes.hashing import Hashes, HashesBeside
from framework.gitcore.packs import BLOB, KIND_NAMES, OFS_DELTA, EntryHead, Sink, WrittenPack, measure_pack

HEADER_BYTES = 12
"""What a pack begins with, before its first entry."""


@dataclass(frozen=True)
class _Entry:
    name: bytes
    offset: int
    crc32: int


@dataclass
class PackWriter:
    """Writes one pack to `path`; objects that it already holds are not written again.

    Who says how many there will be has the pack hashed while it is written, and not read again at the end: by a thread
    of its own, unless who writes `beside` others is one already. Then `copy` is given all of the pack, too.
    """

    path: Path
    expected_count: int = 0
    beside: bool = False
    copy: Sink | None = None
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _position: int = HEADER_BYTES

    def __enter__(self) -> Self:
        self._file = open(self.path, "x+b")  # noqa: PTH123
        self._hashes = self._begin_hashes()
        self._put(_header(self.expected_count))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._hashes:
            self._hashes.close()

    def _begin_hashes(self) -> Hashes | None:
        if not self.expected_count:
            return None
        return Hashes() if self.beside else HashesBeside()

    def add(self, item: ShaFile) -> str:
        """Add a commit or a tree; its name in hex."""
        return self.add_object(item.type_num, item.as_raw_string())

    def add_object(self, kind: int, raw: bytes) -> str:
        """Add an object of this kind as Git has it, byte for byte; its name in hex."""
        check = object_hash(KIND_NAMES[kind], len(raw))
        check.update(raw)
        sha = check.hexdigest()
        if sha not in self._entries:
            self._write(sha, kind, len(raw), iter([zlib.compress(raw, 1)]))
        return sha

    @property
    def object_count(self) -> int:
        """How many objects the pack holds so far."""
        return len(self._entries)

    @property
    def size_bytes(self) -> int:
        """How long the pack is so far."""
        return self._position

    def add_blob(self, sha: str, source: BinaryIO, size_bytes: int, *, level: int = 1) -> None:
        """Add the blob of this name from a stream of exactly `size_bytes`, deflated at this level if that saves much.

        Raises:
            ValueError: the stream is not the blob that the name says.
        """
        self.add_chunks(sha, read_chunks(source), size_bytes, level=level)

    def add_chunks(self, sha: str, chunks: Iterator[bytes], size_bytes: int, *, level: int = 1) -> None:
        """The same from chunks; level 0 keeps them as they are.

        Raises:
            ValueError: they are not the blob that the name says.
        """
        if sha in self._entries:
            return
        check = blob_hash(size_bytes)
        self._write(sha, BLOB, size_bytes, deflate(_hash_chunks(chunks, check), level))
        if check.hexdigest() != sha:
            raise ValueError(f"blob {sha} was altered while it was packed")

    def add_new_blob(self, chunks: Iterator[bytes | memoryview], size_bytes: int, name: Callable[[], bytes]) -> str:
        """Add a blob of `size_bytes` that the pack does not hold, and whose name is known after its last chunk.

        A chunk is used until the next one is asked for. The blob's name in hex.
        """
        start, crc32 = self._put_entry(BLOB, size_bytes, deflate(chunks, 1))
        sha = name()
        self._entries[sha.hex()] = _Entry(sha, start, crc32)
        return sha.hex()

    def add_delta(self, sha: str, base_sha: str, delta: Iterable[bytes], delta_bytes: int) -> None:
        """Add the object of this name as a delta of `delta_bytes` against one that the pack holds already.

        That the delta makes the object is the caller's to know.
        """
        if sha in self._entries:
            return
        compress = zlib.compressobj(9)
        back = _offset_bytes(self._position - self._entries[base_sha].offset)
        deflated = itertools.chain([back], map(compress.compress, delta), map(compress.flush, [zlib.Z_FINISH]))
        self._write(sha, OFS_DELTA, delta_bytes, deflated)

    def add_entry(self, sha: str, head: EntryHead, deflated: Iterable[bytes], base_sha: str | None = None) -> None:
        """Add an object as it lies in another pack: the head of its entry there, and the deflated bytes behind it."""
        if sha not in self._entries:
            back = [_offset_bytes(self._position - self._entries[base_sha].offset)] if base_sha else []
            self._write(sha, head.kind, head.size_bytes, itertools.chain(back, deflated))

    def finish(self) -> WrittenPack:
        """Write count, trailer and index."""
        if self._hashes and len(self._entries) == self.expected_count:
            sha1, sha256 = self._hashes.finish()
        else:
            sha1, sha256 = self._hash_again()
        trailer = sha1.digest()
        self._write_through(trailer)
        sha256.update(trailer)
        self._file.flush()
        idx = self.path.with_suffix(".idx")
        with idx.open("xb") as file:
            ordered = sorted((entry.name, entry.offset, entry.crc32) for entry in self._entries.values())
            write_pack_index_v2(file, ordered, trailer)
        return replace(measure_pack(self.path, pack_sha256=sha256.hexdigest()), copy=self.copy)

    def _hash_again(self) -> "tuple[hashlib._Hash, hashlib._Hash]":
        """Correct the count, and read back all that is behind it."""
        self.copy = None  # which has the wrong count
        header = _header(len(self._entries))
        sha1, sha256 = hashlib.sha1(header, usedforsecurity=False), hashlib.sha256(header)
        self._file.seek(0)
        self._file.write(header)
        for chunk in read_chunks(self._file):
            sha1.update(chunk)
            sha256.update(chunk)
        return sha1, sha256

    def _write_through(self, data: bytes | memoryview) -> None:
        self._file.write(data)
        if self.copy:
            self.copy.write(data)

    def _put(self, data: bytes | memoryview) -> None:
        self._write_through(data)
        if self._hashes:
            self._hashes.update(data)

    def _write(self, sha: str, kind: int, size_bytes: int, deflated: Iterator[bytes | memoryview]) -> None:
        self._entries[sha] = _Entry(bytes.fromhex(sha), *self._put_entry(kind, size_bytes, deflated))

    def _put_entry(self, kind: int, size_bytes: int, deflated: Iterator[bytes | memoryview]) -> tuple[int, int]:
        """Where the entry begins, and its CRC-32."""
        start, crc = self._position, 0
        for chunk in _with_header(kind, size_bytes, deflated):
            crc = zlib.crc32(chunk, crc)
            self._put(chunk)
            self._position += len(chunk)
        return start, crc


def _header(object_count: int) -> bytes:
    return struct.pack(">4sLL", b"PACK", 2, object_count)


def _offset_bytes(distance: int) -> bytes:
    """How far back the base of a delta begins, as gitformat-pack(5) has it."""
    made = [distance & 0x7F]
    while distance := distance >> 7:
        distance -= 1
        made.append(distance & 0x7F | 0x80)
    return bytes(reversed(made))


def blob_hash(size_bytes: int) -> "hashlib._Hash":
    """A SHA-1 that has read the header of a blob of this size; feed it the content to get the blob's name."""
    return object_hash(b"blob", size_bytes)


def object_hash(kind: bytes, size_bytes: int) -> "hashlib._Hash":
    """The same for an object of any kind: blob, tree, commit or tag."""
    return hashlib.sha1(b"%s %d\0" % (kind, size_bytes), usedforsecurity=False)


def blob_name(source: BinaryIO, size_bytes: int) -> str:
    """The name in hex of the blob that the stream holds; it is read to its end."""
    check = blob_hash(size_bytes)
    for _ in _hash_chunks(read_chunks(source), check):
        pass
    return check.hexdigest()


def file_blob_name(path: Path, size_bytes: int) -> str:
    """The same for a file of this size."""
    with path.open("rb") as source:
        return blob_name(source, size_bytes)


def _hash_chunks(chunks: Iterable[bytes], check: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        check.update(chunk)
        yield chunk


def _with_header(kind: int, size_bytes: int, deflated: Iterator[bytes | memoryview]) -> Iterator[bytes | memoryview]:
    """An entry: type and size as a variable-length number, then the deflated content."""
    head, rest = bytearray(), size_bytes >> 4
    byte = (kind << 4) | (size_bytes & 0x0F)
    while rest:
        head.append(byte | 0x80)
        byte, rest = rest & 0x7F, rest >> 7
    head.append(byte)
    yield bytes(head)
    yield from deflated
