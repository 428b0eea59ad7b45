"""Packs written as a stream: a file of any size in constant memory (format: gitformat-pack(5), version 2)."""

import hashlib
import itertools
import struct
import zlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from dulwich.objects import ShaFile
from dulwich.pack import write_pack_index_v2

from framework.files import read_chunks
from framework.gitcore.packs import BLOB, KIND_NAMES, OFS_DELTA, EntryHead, WrittenPack, measure_pack
from framework.observability.pool import Pool

PROBE_BYTES = 1 << 20
WORTHWHILE_SAVING = 0.05

_HEADER_BYTES = 12
_WAITING_PIECES = 8
_STORED_HEADER, _LAST_BLOCK = b"\x78\x01", b"\1\0\0\xff\xff"
_STORED_BYTES = 0xFFFF
"""The longest block; its length is followed by the complement."""


@dataclass(frozen=True)
class _Entry:
    name: bytes
    offset: int
    crc32: int


@dataclass
class PackWriter:
    """Writes one pack to `path`; objects that it already holds are not written again.

    Who says how many there will be has the pack hashed by a thread while it is written, and not read again at the end.
    """

    path: Path
    expected_count: int = 0
    _entries: dict[str, _Entry] = field(default_factory=dict)
    _position: int = _HEADER_BYTES

    def __enter__(self) -> Self:
        self._file = open(self.path, "x+b")  # noqa: PTH123
        self._hashes = _Hashes() if self.expected_count else None
        self._put(_header(self.expected_count))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        if self._hashes:
            self._hashes.close()

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
        self._write(sha, BLOB, size_bytes, _deflate(_hash_chunks(chunks, check), level))
        if check.hexdigest() != sha:
            raise ValueError(f"blob {sha} was altered while it was packed")

    def add_new_blob(self, chunks: Iterator[bytes], size_bytes: int) -> str:
        """Add a blob of `size_bytes` that the pack does not hold, and that nobody has named yet; its name in hex."""
        check = blob_hash(size_bytes)
        start, crc32 = self._put_entry(BLOB, size_bytes, _deflate(_hash_chunks(chunks, check), 1))
        self._entries[check.hexdigest()] = _Entry(check.digest(), start, crc32)
        return check.hexdigest()

    def add_delta(self, sha: str, base_sha: str, delta: Iterable[bytes], delta_bytes: int) -> None:
        """Add the object of this name as a delta of `delta_bytes` against one that the pack holds already.

        That the delta makes the object is the caller's to know.
        """
        if sha in self._entries:
            return
        deflate = zlib.compressobj(9)
        back = _offset_bytes(self._position - self._entries[base_sha].offset)
        deflated = itertools.chain([back], map(deflate.compress, delta), map(deflate.flush, [zlib.Z_FINISH]))
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
        self._file.write(trailer)
        sha256.update(trailer)
        self._file.flush()
        idx = self.path.with_suffix(".idx")
        with idx.open("xb") as file:
            ordered = sorted((entry.name, entry.offset, entry.crc32) for entry in self._entries.values())
            write_pack_index_v2(file, ordered, trailer)
        return measure_pack(self.path, pack_sha256=sha256.hexdigest())

    def _hash_again(self) -> "tuple[hashlib._Hash, hashlib._Hash]":
        """Correct the count, and read back all that is behind it."""
        header = _header(len(self._entries))
        sha1, sha256 = hashlib.sha1(header, usedforsecurity=False), hashlib.sha256(header)
        self._file.seek(0)
        self._file.write(header)
        for chunk in read_chunks(self._file):
            sha1.update(chunk)
            sha256.update(chunk)
        return sha1, sha256

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        if self._hashes:
            self._hashes.update(data)

    def _write(self, sha: str, kind: int, size_bytes: int, deflated: Iterator[bytes]) -> None:
        self._entries[sha] = _Entry(bytes.fromhex(sha), *self._put_entry(kind, size_bytes, deflated))

    def _put_entry(self, kind: int, size_bytes: int, deflated: Iterator[bytes]) -> tuple[int, int]:
        """Where the entry begins, and its CRC-32."""
        start, crc = self._position, 0
        for chunk in _with_header(kind, size_bytes, deflated):
            crc = zlib.crc32(chunk, crc)
            self._put(chunk)
            self._position += len(chunk)
        return start, crc


class _Hashes:
    """SHA-1 and SHA-256 of what a pack consists of, by a thread of their own."""

    def __init__(self) -> None:
        self._pool = Pool(1)
        self._running: deque[Future[None]] = deque()
        self._sha1, self._sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()

    def update(self, data: bytes) -> None:
        """Hash this next; only a few pieces are waiting."""
        while len(self._running) >= _WAITING_PIECES:
            self._running.popleft().result()
        self._running.append(self._pool.submit(self._update, data))

    def finish(self) -> "tuple[hashlib._Hash, hashlib._Hash]":
        """The hashes of all of it."""
        while self._running:
            self._running.popleft().result()
        return self._sha1, self._sha256

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)

    def _update(self, data: bytes) -> None:
        self._sha1.update(data)
        self._sha256.update(data)


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


def _hash_chunks(chunks: Iterator[bytes], check: "hashlib._Hash") -> Iterator[bytes]:
    for chunk in chunks:
        check.update(chunk)
        yield chunk


def _with_header(kind: int, size_bytes: int, deflated: Iterator[bytes]) -> Iterator[bytes]:
    """An entry: type and size as a variable-length number, then the deflated content."""
    head, rest = bytearray(), size_bytes >> 4
    byte = (kind << 4) | (size_bytes & 0x0F)
    while rest:
        head.append(byte | 0x80)
        byte, rest = rest & 0x7F, rest >> 7
    head.append(byte)
    yield bytes(head)
    yield from deflated


def _deflate(chunks: Iterator[bytes], level: int) -> Iterator[bytes]:
    """Deflate, or store what would not shrink: a probe of the first MiB decides."""
    probe = bytearray()
    for chunk in chunks:
        probe += chunk
        if len(probe) >= PROBE_BYTES:
            break
    saves = not probe or len(zlib.compress(probe, 1)) < len(probe) * (1 - WORTHWHILE_SAVING)
    whole = itertools.chain([bytes(probe)], chunks)
    del probe
    if not saves or not level:
        yield from _store(whole)
        return
    deflate = zlib.compressobj(level)
    yield from map(deflate.compress, whole)
    yield deflate.flush()


def _store(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """A zlib stream of blocks that are not compressed (RFC 1950; RFC 1951, 3.2.4), three times as fast as zlib's."""
    yield _STORED_HEADER
    check = zlib.adler32(b"")
    for chunk in chunks:
        check = zlib.adler32(chunk, check)
        yield b"".join(_stored_blocks(memoryview(chunk)))
    yield _LAST_BLOCK + check.to_bytes(4)


def _stored_blocks(data: memoryview) -> Iterator[bytes | memoryview]:
    for start in range(0, len(data), _STORED_BYTES):
        block = data[start : start + _STORED_BYTES]
        yield struct.pack("<BHH", 0, len(block), len(block) ^ _STORED_BYTES)
        yield block
