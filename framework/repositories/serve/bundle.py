"""Bundles of consolidated projects: one pack, put together from the bodies of two while it is sent.

The entries of a pack name each other by distance, so that they may be copied as they are (gitformat-pack(5)); what
comes before and behind them is made at the consolidation and kept as a side file (gitformat-bundle(5), version 2).
"""

import hashlib
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.errors import NotFound
from framework.files import read_chunks
from framework.gitcore.packs import TRAILER_BYTES, WrittenPack
from framework.gitcore.side_files import BUNDLE
from framework.repositories import object_keys
from framework.repositories.catalog.pack_records import HISTORY, StoredPack
from framework.repositories.catalog.snapshot import read_consolidated_packs
from framework.storage.current import store

SIGNATURE = b"# v2 git bundle\n"
PACK_HEADER = struct.Struct(">4sLL")
WORTHWHILE_BYTES = 50_000_000


class BundleAbsent(NotFound):
    """The project was not consolidated yet, or held commits that no branch or tag leads to."""

    def __init__(self) -> None:
        super().__init__("This project has no bundle yet; clone it without one.")


@dataclass(frozen=True)
class Part:
    """A stretch of an object in the store: from the offset `start`, `size_bytes` long."""

    key: str
    start: int
    size_bytes: int


@dataclass(frozen=True)
class Ends:
    """What a bundle has before and behind the entries: refs by full name, pack header, trailing SHA-1 of the pack."""

    refs: Mapping[str, str]
    header: bytes
    trailer: bytes


@dataclass(frozen=True)
class Bundle:
    """A bundle as stretches of stored objects; `version` names the consolidation that it is of."""

    version: str
    parts: tuple[Part, ...]

    @property
    def size_bytes(self) -> int:
        """The length of the whole."""
        return sum(part.size_bytes for part in self.parts)

    def chunks(self, start: int, length: int) -> Iterator[bytes]:
        """`length` bytes of the bundle from the offset `start`, in constant memory: one request for each part.

        Raises:
            ObjectMissing, BodyAltered, StoreUnavailable.
        """
        for part in self.parts:
            skipped = min(start, part.size_bytes)
            taken = min(length, part.size_bytes - skipped)
            if taken:
                with store().stream(part.key, part.start + skipped, taken) as chunks:
                    yield from chunks
            start, length = start - skipped, length - taken


def write_ends(target: Path, refs: Mapping[str, str], head: str | None, packs: Sequence[WrittenPack]) -> None:
    """Write what a bundle of these packs has before their entries, and behind these its trailing SHA-1."""
    named = [f"{head} HEAD"] if head else []
    named += [f"{sha} {name}" for name, sha in sorted(refs.items())]
    header = PACK_HEADER.pack(b"PACK", 2, sum(pack.object_count for pack in packs))
    check = hashlib.sha1(header, usedforsecurity=False)
    for chunk in _bodies(packs):
        check.update(chunk)
    lines = "".join(f"{line}\n" for line in named).encode()
    target.write_bytes(SIGNATURE + lines + b"\n" + header + check.digest())


def read_ends(repository_id: str, pack: StoredPack) -> Ends:
    """What `write_ends` wrote for the consolidation that this pack, its first one, is of.

    Raises:
        BundleAbsent: it is not what was recorded. What the store raises.
    """
    data = store().read(object_keys.side_key(repository_id, pack.name, BUNDLE))
    if hashlib.sha256(data).hexdigest() != pack.side_files[BUNDLE].sha256:
        raise BundleAbsent
    lines, tail = data[len(SIGNATURE) :], PACK_HEADER.size + TRAILER_BYTES
    named = (line.split(" ", 1) for line in lines[:-tail].decode().split("\n") if line)
    refs = {name: sha for sha, name in named if name != "HEAD"}
    return Ends(refs, data[-tail:-TRAILER_BYTES], data[-TRAILER_BYTES:])


def first_of(packs: Iterable[StoredPack]) -> StoredPack | None:
    """The one of these packs that a bundle's ends lie beside."""
    return next((pack for pack in packs if BUNDLE in pack.side_files), None)


def read_bundle(repository_id: str) -> Bundle:
    """The bundle of the project's newest consolidation; the store is not asked.

    Raises:
        BundleAbsent: there was none, or nothing to put into one.
    """
    packs = read_consolidated_packs(repository_id)
    first = first_of(packs)
    if first is None:
        raise BundleAbsent
    ends = first.side_files[BUNDLE].size_bytes - TRAILER_BYTES
    key = object_keys.side_key(repository_id, first.name, BUNDLE)
    together = [pack for pack in packs if (pack.epoch, pack.version) == (first.epoch, first.version)]
    bodies = [_body(repository_id, pack) for pack in in_order(together)]
    return Bundle(first.name, (Part(key, 0, ends), *bodies, Part(key, ends, TRAILER_BYTES)))


def choose_bundle(repository_id: str) -> Bundle | None:
    """The project's bundle when it is large enough to be worth a request of its own; else None."""
    try:
        found = read_bundle(repository_id)
    except BundleAbsent:
        return None
    return found if found.size_bytes >= WORTHWHILE_BYTES else None


def in_order(packs: Iterable[StoredPack]) -> list[StoredPack]:
    """As their entries follow each other."""
    return sorted(packs, key=lambda pack: pack.kind != HISTORY)


def _body(repository_id: str, pack: StoredPack) -> Part:
    size = pack.pack_bytes - PACK_HEADER.size - TRAILER_BYTES
    return Part(object_keys.pack_key(repository_id, pack.name), PACK_HEADER.size, size)


def _bodies(packs: Sequence[WrittenPack]) -> Iterator[bytes]:
    for pack in packs:
        with pack.pack.open("rb") as file:
            file.seek(PACK_HEADER.size)
            yield from read_chunks(file, pack.pack_bytes - PACK_HEADER.size - TRAILER_BYTES)
