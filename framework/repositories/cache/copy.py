"""An opened local copy: objects by dulwich, blobs as streams in constant memory, large ones by range from the store."""

import itertools
import struct
import zlib
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from traceback import clear_frames

from dulwich.errors import ApplyDeltaError, ChecksumMismatch, FileFormatException, WrongObjectException
from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import ObjectID, Tree
from dulwich.pack import PackIndex, load_pack_index

from framework.errors import NotFound, Unavailable
from framework.files import read_range
from framework.gitcore import git
from framework.gitcore.commit_objects import StoredCommit, message_of, read_commit, target_of
from framework.gitcore.deltas.chains import SMALL_SHARE, Chain, DeltaUnsupported, find_chain
from framework.gitcore.deltas.layout import Layout
from framework.gitcore.deltas.recipes import DeltaDamaged
from framework.gitcore.pack_writer import blob_hash, object_hash
from framework.gitcore.packs import (
    BLOB,
    COMMIT,
    KIND_NAMES,
    LONGEST_HEAD_BYTES,
    OFS_DELTA,
    TAG,
    TREE,
    inflate_entry,
    parse_head,
)
from framework.repositories.cache import copies
from framework.repositories.cache.hydration import PackMissing, expect_pack, pack_file
from framework.repositories.cache.packs.named_packs import NamedPacks
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.pack_records import HISTORY
from framework.repositories.catalog.snapshot import Snapshot, read_large_blob_place
from framework.repositories.object_keys import pack_key
from framework.storage.current import store

MOST_ENTRIES = 20_000
"""In a pack of more, git finds its way to a delta's base faster than we do."""
CHEAP_CHAIN_BYTES = 256 << 10
"""Deltas of more together are applied faster by git, if it has the memory for the blob that they make."""

# What dulwich raises for wrong bytes, depending on where in a pack or index they are.
_DAMAGE = (
    zlib.error, struct.error, AssertionError, ValueError, IndexError, OverflowError, TypeError, EOFError, KeyError,
    ApplyDeltaError, ChecksumMismatch, FileFormatException, WrongObjectException,
)  # fmt: skip


class ObjectAbsent(NotFound):
    """The repository has no such object."""

    def __init__(self, sha: str) -> None:
        super().__init__(f"There is no object {sha[:40]} in this project.")


class ObjectAltered(Unavailable):
    """An object's bytes are not those that its name promises; the answer is cut off."""

    def __init__(self, sha: str) -> None:
        super().__init__("A file of this project is damaged in the local copy; try again in a minute.")
        self.sha = sha


@dataclass(frozen=True)
class Blob:
    """A blob's size in bytes and its content as a stream, which ends with an error unless it has the blob's name."""

    sha: str
    size_bytes: int
    chunks: Iterator[bytes]


@dataclass(frozen=True)
class Copy:
    """A repository at a snapshot, opened for one reader in one thread."""

    path: Path
    snapshot: Snapshot
    objects: NamedPacks

    def commit(self, sha: str) -> StoredCommit:
        """The commit that this object name, or the tag of this name, stands for."""
        name, (kind, raw) = sha, self.read_object(sha)
        while kind == TAG:
            name = target_of(raw)
            kind, raw = self.read_object(name)
        if kind != COMMIT:
            raise ObjectAbsent(sha)
        return read_commit(name, raw)

    def tag_message(self, sha: str) -> str:
        """What the annotated tag of this name says; empty for another object."""
        kind, raw = self.read_object(sha)
        return message_of(raw).decode(errors="replace") if kind == TAG else ""

    def tree(self, sha: str) -> Tree:
        """The tree of this name."""
        kind, raw = self.read_object(sha)
        if kind != TREE:
            raise ObjectAbsent(sha)
        with _report_damage(sha):
            return Tree.from_string(raw)

    def blob(self, sha: str) -> Blob:
        """The blob of this name as a stream; nothing larger than a chunk is held in memory."""
        if place := self.objects.find_small(sha):
            with _report_damage(sha):
                pack = pack_file(self.path, place.pack)
                if pack.exists():
                    return self._local_blob(pack, place.start, sha, by_git=False)
                return self._distant_blob(place.pack, place.start, sha)
        for name in self.objects.large:
            idx = pack_file(self.path, name, ".idx")
            with _report_damage(sha), closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
                offset, is_large = _offset(index, bytes.fromhex(sha)), len(index) > MOST_ENTRIES
                if offset is not None and idx.with_suffix(".pack").exists():
                    return self._local_blob(idx.with_suffix(".pack"), offset, sha, by_git=is_large)
                if offset is not None:
                    return self._distant_blob(name, offset, sha)
        raise ObjectAbsent(sha)

    def has(self, sha: str) -> bool:
        """Whether a pack of the version, on the local disk, holds the object of this name."""
        with _report_damage(sha):
            return ObjectID(sha.encode()) in self.objects

    def read_object(self, sha: str) -> tuple[int, bytes]:
        """An object's kind, by its number in packs, and its bytes; dulwich could not take all of them apart."""
        if not self.has(sha):
            raise ObjectAbsent(sha)
        with _report_damage(sha):
            kind, raw = self.objects.get_raw(ObjectID(sha.encode()))
            check = object_hash(KIND_NAMES[kind], len(raw))
        check.update(raw)
        if check.hexdigest() != sha:
            raise ObjectAltered(sha)
        return kind, raw

    @property
    def is_whole(self) -> bool:
        """Whether the bytes of every pack are on the local disk, those of large blobs too."""
        indexes = (self.path / "objects" / "pack").glob("*.idx")
        return all(idx.with_suffix(".pack").exists() for idx in indexes)

    def _local_blob(self, pack: Path, offset: int, sha: str, *, by_git: bool) -> Blob:
        with pack.open("rb") as file:
            file.seek(offset)
            head = parse_head(file.read(LONGEST_HEAD_BYTES))
        if head.kind == BLOB:
            return _whole_blob(sha, head.size_bytes, read_range(pack, offset + head.length))
        if head.kind != OFS_DELTA or by_git:
            return self._delta_blob(sha)
        try:
            layout = Layout.of(pack.with_suffix(".idx"), pack.stat().st_size)
            chain = find_chain(partial(read_range, pack), layout, offset)
        except DeltaUnsupported:
            return self._delta_blob(sha)
        if chain.delta_bytes > CHEAP_CHAIN_BYTES and chain.size_bytes <= git.RESOLVED_BLOB_BYTES:
            return self._delta_blob(sha)
        return _chained_blob(sha, chain)

    def _delta_blob(self, sha: str) -> Blob:
        """A blob kept as a delta: git resolves it, since it may be of any size."""
        size = int(git.run(self.path, "cat-file", "-s", "--end-of-options", sha))
        return Blob(sha, size, _check_blob(sha, size, git.cat_blob(self.path, sha)))

    def _distant_blob(self, pack: str, offset: int, sha: str) -> Blob:
        """A blob in a pack that is only in the store: one range request, from its entry to the next one's start.

        One that is a delta takes a request for itself with the deltas before it, and one for the blob at their end.
        """
        key = pack_key(self.snapshot.repository_id, pack)
        place = read_large_blob_place(self.snapshot.repository_id, pack, sha)
        if place is None:
            raise PackMissing(key)
        pack_bytes, blob_bytes = place
        layout, read = Layout.of(pack_file(self.path, pack, ".idx"), pack_bytes), partial(_stream_range, key)
        length = layout.end_of(offset) - offset
        if length >= blob_bytes * SMALL_SHARE:
            chunks = read(offset, length)
            first = next(chunks, b"")
            head = parse_head(first)
            if head.kind == BLOB:
                return _whole_blob(sha, head.size_bytes, itertools.chain([first[head.length :]], chunks))
            chunks.close()
        try:
            return _chained_blob(sha, find_chain(read, layout, offset))
        except DeltaUnsupported as error:  # a copy that has the pack has it resolved by git
            raise ObjectAltered(sha) from error


@contextmanager
def open_copy(repository_id: str, kind: str = HISTORY) -> Iterator[Copy]:
    """The local copy at SQL's newest version or later, brought there first when it is not.

    Raises:
        RepositoryMissing, StoreUnavailable, PackAltered, DatabaseBehind.
    """
    with copies.lease_copy(repository_id, kind) as (path, snapshot):
        objects = NamedPacks(str(path / "objects"), snapshot.packs)
        try:
            yield Copy(path, snapshot, objects)
        finally:
            objects.close()


@contextmanager
def _report_damage(sha: str) -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        clear_frames(error.__traceback__)  # they hold views of the mapped pack, which could not be closed
        raise ObjectAltered(sha) from error


def _whole_blob(sha: str, size_bytes: int, deflated: Iterator[bytes]) -> Blob:
    return Blob(sha, size_bytes, _check_blob(sha, size_bytes, inflate_entry(deflated)))


def _chained_blob(sha: str, chain: Chain) -> Blob:
    return Blob(sha, chain.size_bytes, _check_blob(sha, chain.size_bytes, _read_chain(chain)))


def _read_chain(chain: Chain) -> Iterator[bytes]:
    with scratch("chain") as folder:
        yield from chain.content(folder)


def _offset(index: PackIndex, name: bytes) -> int | None:
    try:
        return index.object_offset(name)  # type: ignore[arg-type]
    except KeyError:
        return None


def _stream_range(key: str, start: int, length: int) -> Generator[bytes, None, None]:
    with expect_pack(key), store().stream(key, start, length) as chunks:
        yield from chunks


def _check_blob(sha: str, size_bytes: int, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass the chunks on, the last one only when all together have the blob's name."""
    check, held = blob_hash(size_bytes), b""
    try:
        for chunk in chunks:
            check.update(chunk)
            if held:
                yield held
            held = chunk
    except (zlib.error, DeltaDamaged) as error:
        raise ObjectAltered(sha) from error
    if check.hexdigest() != sha:
        raise ObjectAltered(sha)
    yield held
