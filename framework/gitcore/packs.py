"""Packs on the local disk: what is recorded of a finished one, and one hashed while it arrives."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from os import SEEK_END
from pathlib import Path
from typing import Any

from framework.files import sha256_of
from framework.gitcore.side_files import MadeFile

TRAILER_BYTES = 20
"""The SHA-1 of all that is before it."""


@dataclass(frozen=True, kw_only=True)
class MeasuredPack:
    """What a pack and its index measure: sizes in bytes, hashes in hex."""

    pack_bytes: int
    pack_sha256: str
    idx_bytes: int
    idx_sha256: str
    object_count: int

    @classmethod
    def values_of(cls, source: object) -> dict[str, Any]:
        """The values that the source has under this class's names: keyword arguments for another such value."""
        return {one.name: getattr(source, one.name) for one in fields(cls)}


@dataclass(frozen=True)
class WrittenPack(MeasuredPack):
    """A finished pack and its index on the local disk, with its side files by suffix."""

    pack: Path
    idx: Path
    side_files: Mapping[str, MadeFile] = field(default_factory=dict)


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
