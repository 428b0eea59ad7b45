"""Large blobs in a pack: the versions of a file side by side, the newest whole and the others as deltas of newer ones.

Opening a file's newest version is one range of the store, and an older one its deltas', which lie together, and the
whole one's. Git could make such a pack, with several versions of a file in memory.
"""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from framework.files import read_range, split_chunks
from framework.gitcore import git
from framework.gitcore.deltas.chains import (
    LEAST_DELTA_BYTES,
    MOST_CHAIN_BYTES,
    DeltaUnsupported,
    find_chain,
)
from framework.gitcore.deltas.encoder import make_delta
from framework.gitcore.deltas.layout import Layout, read_index
from framework.gitcore.deltas.recipes import apply_delta
from framework.gitcore.pack_objects import DEADLINE_SECONDS
from framework.gitcore.pack_writer import PackWriter, blob_hash
from framework.gitcore.packs import BLOB, LONGEST_HEAD_BYTES, OFS_DELTA, EntryHead, parse_head
from framework.repositories.cache.scratch import scratch

log = logging.getLogger(__name__)

DEPTH = 50
"""How many deltas may have to be applied to each other, as with `git gc`."""
WORTHWHILE = 0.5
"""A delta is kept if it has less than this share of the bytes that it makes."""
LEVEL = 6
"""Of deflating what is kept for long; uploads are deflated at 1."""


@dataclass(frozen=True)
class PackFile:
    """A pack on the local disk with large blobs; `neat` if a consolidation made it, so that its entries can be kept."""

    path: Path
    neat: bool

    @cached_property
    def index(self) -> Mapping[str, int]:
        """Where the entry of each object begins, by its name in hex."""
        return read_index(self.path.with_suffix(".idx"))

    @cached_property
    def names(self) -> Mapping[int, str]:
        """The reverse of `index`."""
        return {offset: name for name, offset in self.index.items()}

    @cached_property
    def layout(self) -> Layout:
        """Where its entries are."""
        return Layout.of(self.path.with_suffix(".idx"), self.path.stat().st_size)

    def read(self, start: int, length: int) -> Generator[bytes, None, None]:
        """Its bytes from an offset on."""
        return read_range(self.path, start, length)

    def head(self, sha: str) -> EntryHead:
        """What the object's entry says of itself."""
        return parse_head(b"".join(self.read(self.index[sha], LONGEST_HEAD_BYTES)))

    def base_of(self, sha: str) -> str | None:
        """The object that this one is a delta of; None for one that is whole."""
        head = self.head(sha)
        return self.names[self.index[sha] - head.distance] if head.kind == OFS_DELTA else None

    def deflated(self, sha: str) -> Iterator[bytes]:
        """The entry's bytes behind its head."""
        start, skipped = self.index[sha], self.head(sha).length
        end = self.layout.end_of(start)
        return self.read(start + skipped, end - start - skipped)

    def content(self, sha: str) -> Iterator[bytes]:
        """The object's bytes.

        Raises:
            DeltaUnsupported: git has to resolve it.
        """
        with scratch("chain") as folder:
            yield from find_chain(self.read, self.layout, self.index[sha]).content(folder)


def pack_large_files(
    repository: Path, packs: Sequence[PackFile], sizes: Mapping[str, int], target: Path
) -> Path | None:
    """A pack of these blobs, sizes in bytes by name in hex; None where there is none. `packs` have most of them."""
    if not sizes:
        return None
    whole = _list_newest(repository, sizes)
    with PackWriter(target) as writer, _Contents(target.parent) as contents:
        packing = _Packing(repository, packs, sizes, writer, contents)
        for family in _list_families(repository, sizes):
            packing.add_family(family, whole)
        writer.finish()
    return target


def _list_newest(repository: Path, sizes: Mapping[str, int]) -> set[str]:
    """Those that the newest tree of a branch or tag has."""
    arguments = ("rev-list", "--objects", "--no-walk=unsorted", "--all")
    with git.start(repository, *arguments, deadline_seconds=DEADLINE_SECONDS) as process:
        assert process.stdout
        return {name for line in process.stdout if (name := line[:40].decode()) in sizes}


def _list_families(repository: Path, sizes: Mapping[str, int]) -> Iterator[list[str]]:
    """The blobs that followed each other at one path, newest first, each once; then those that are at none."""
    families: dict[bytes, list[str]] = {}
    seen: set[str] = set()
    for path, names in _list_changes(repository):
        for name in names:
            if name in sizes and name not in seen:
                seen.add(name)
                families.setdefault(path, []).append(name)
    yield from families.values()
    yield from ([name] for name in sizes if name not in seen)


def _list_changes(repository: Path) -> Iterator[tuple[bytes, tuple[str, str]]]:
    """Each change of a file, newest first: its path, and the names of the new and the old blob."""
    arguments = ("log", "--all", "-m", "--raw", "-z", "--no-abbrev", "--no-renames", "--format=")
    with git.start(repository, *arguments, deadline_seconds=DEADLINE_SECONDS) as process:
        assert process.stdout
        fields = split_chunks(process.stdout)
        for meta in fields:
            if meta.lstrip(b"\n").startswith(b":"):
                _old_mode, _new_mode, old, new, _status = meta.lstrip(b"\n")[1:].decode().split()
                yield next(fields), (new, old)


@dataclass
class _Contents:
    """The blobs that were put on the disk last: each is compared with the one before and the one after it."""

    folder: Path
    _files: dict[str, Path] = field(default_factory=dict)

    def __enter__(self) -> "_Contents":
        return self

    def __exit__(self, *_error: object) -> None:
        for file in self._files.values():
            file.unlink(missing_ok=True)

    def put(self, sha: str, content: Iterator[bytes]) -> Path:
        """The file of this blob; beside it only the one before is kept."""
        if sha not in self._files:
            for old in list(self._files)[:-1]:
                self._files.pop(old).unlink()
            self._files[sha] = self.folder / f"content-{sha}"
            with self._files[sha].open("wb") as file:
                for chunk in content:
                    file.write(chunk)
        return self._files[sha]


@dataclass(frozen=True)
class _Cost:
    """What a reader of a version has to apply: how many deltas, and their bytes as `find_chain` counts them."""

    depth: int
    delta_bytes: int

    @property
    def left_bytes(self) -> int:
        """How large one more may be."""
        return MOST_CHAIN_BYTES - self.delta_bytes - LEAST_DELTA_BYTES

    def add(self, delta_bytes: int) -> "_Cost":
        """With one more delta on top."""
        return _Cost(self.depth + 1, self.delta_bytes + delta_bytes + LEAST_DELTA_BYTES)


@dataclass
class _Packing:
    repository: Path
    packs: Sequence[PackFile]
    sizes: Mapping[str, int]
    writer: PackWriter
    contents: _Contents

    def add_family(self, family: Sequence[str], whole: set[str]) -> None:
        """Add each version as a delta of the newer one before it, or whole where that is asked for or saves nothing."""
        chains = dict[str, _Cost]()
        for number, sha in enumerate(family):
            base = self._find_base(family[:number], chains) if number and sha not in whole else None
            delta_bytes = self._add_delta(sha, base, chains[base].left_bytes) if base else None
            if base and delta_bytes is not None:
                chains[sha] = chains[base].add(delta_bytes)
            else:
                chains[sha] = _Cost(0, 0)
                self._add_whole(sha)

    def _find_base(self, newer: Sequence[str], chains: Mapping[str, "_Cost"]) -> str:
        """The nearest of the newer ones that may have another delta on top; at the limit one halfway down."""
        if chains[newer[-1]].depth < DEPTH:
            return newer[-1]
        return next(sha for sha in reversed(newer) if chains[sha].depth <= DEPTH // 2)

    def _add_delta(self, sha: str, base: str, most_bytes: int) -> int | None:
        """How many bytes the delta has; None where it is not worth it, or has more than so many."""
        pack = self._pack_of(sha)
        if pack and pack.neat:
            head, former = pack.head(sha), pack.base_of(sha)
            if former == base and head.size_bytes <= most_bytes:
                self.writer.add_entry(sha, head, pack.deflated(sha), base)
                return head.size_bytes
            if former is None and base in pack.index:
                return None  # a former consolidation has tried
        old, new = self.contents.put(base, self._content(base)), self.contents.put(sha, self._content(sha))
        target = self.contents.folder / "delta"
        size = _write_limited(target, make_delta(old, new), min(most_bytes, int(self.sizes[sha] * WORTHWHILE)))
        if size is not None and not self._makes(target, old, sha):
            log.critical("a delta that was made of %s does not make it again; the blob stays whole", sha)
            size = None
        if size is not None:
            self.writer.add_delta(sha, base, read_range(target, 0), size)
        target.unlink()
        return size

    def _makes(self, delta: Path, base: Path, sha: str) -> bool:
        """Whether the delta makes the blob of this name: what it replaces is deleted one day."""
        check = blob_hash(self.sizes[sha])
        for chunk in apply_delta(delta.read_bytes(), base):
            check.update(chunk)
        return check.hexdigest() == sha

    def _add_whole(self, sha: str) -> None:
        pack = self._pack_of(sha)
        if pack and pack.neat and (head := pack.head(sha)).kind == BLOB:
            self.writer.add_entry(sha, head, pack.deflated(sha))
            return
        with self.contents.put(sha, self._content(sha)).open("rb") as source:
            self.writer.add_blob(sha, source, self.sizes[sha], level=LEVEL)

    def _pack_of(self, sha: str) -> PackFile | None:
        return next((pack for pack in self.packs if sha in pack.index), None)

    def _content(self, sha: str) -> Iterator[bytes]:
        if pack := self._pack_of(sha):
            with suppress(DeltaUnsupported):
                yield from pack.content(sha)
                return
        yield from git.cat_blob(self.repository, sha)


def _write_limited(path: Path, chunks: Iterator[bytes], most_bytes: int) -> int | None:
    """Write the file; how long it is, None if it would be longer than that."""
    size = 0
    with path.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > most_bytes:
                return None
            file.write(chunk)
    return size
