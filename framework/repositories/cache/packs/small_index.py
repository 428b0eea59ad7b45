"""Indexes of small packs, read once for all requests of the process: what a page asks of many packs it finds in memory.

An index never changes, and a damaged one is mended by another file in its place, which has another inode.
"""

import hashlib
import os
import struct
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import ObjectID, RawObjectID, hex_to_sha
from dulwich.pack import PackIndex

from framework.lru import LRUCache

MOST_BYTES = 8 << 10
"""An index of this size names 250 objects, which take some 40 KB in memory."""
MOST_INDEXES = 1000

_MAGIC = b"\xfftOc\0\0\0\2"
_FAN_OUT = slice(len(_MAGIC), len(_MAGIC) + 1024)
_SHA_BYTES = 20
_known: LRUCache[str, "tuple[int, SmallIndex | None]"] = LRUCache(MOST_INDEXES)


class SmallIndex(PackIndex):
    """Where each object of a small pack begins, by its binary name; for all threads."""

    def __init__(self, offsets: Mapping[bytes, int], pack_checksum: bytes) -> None:
        self.offsets, self._pack_checksum = offsets, pack_checksum
        self.object_format = DEFAULT_OBJECT_FORMAT

    def __len__(self) -> int:
        """How many objects there are."""
        return len(self.offsets)

    def get_pack_checksum(self) -> bytes:
        """The pack's trailing SHA-1."""
        return self._pack_checksum

    def object_offset(self, sha: ObjectID | RawObjectID) -> int:
        """Where the object begins in the pack; KeyError where it is not there."""
        return self.offsets[bytes(sha) if len(sha) == _SHA_BYTES else hex_to_sha(ObjectID(sha))]

    def next_offset(self, offset: int) -> int | None:
        """Where the entry behind the one at `offset` begins; None behind the last."""
        return min((other for other in self.offsets.values() if other > offset), default=None)

    def _itersha(self) -> Iterator[bytes]:
        return iter(self.offsets)


def read_small_indexes(folder: str, names: Iterable[str]) -> tuple[dict[str, SmallIndex], set[str]]:
    """The small indexes of these packs that lie in the folder, by name, and the packs whose bytes lie there, too."""
    with os.scandir(folder) as listed:
        inodes = {entry.name: entry.inode() for entry in listed}
    found: dict[str, SmallIndex] = {}
    for name in names:
        inode = inodes.get(f"pack-{name}.idx")
        if inode is not None and (index := _recall(folder, name, inode)):
            found[name] = index
    return found, {name for name in names if f"pack-{name}.pack" in inodes}


def _recall(folder: str, name: str, inode: int) -> SmallIndex | None:
    known, index = _known.get(name, (-1, None))
    if known != inode:
        index = _read(Path(folder) / f"pack-{name}.idx")
        _known.put(name, (inode, index))
    return index


def _read(file: Path) -> SmallIndex | None:
    """None where dulwich has to read it: it is large, damaged, or not of version 2 (gitformat-pack(5))."""
    with file.open("rb") as opened:
        data = opened.read(MOST_BYTES + 1)
    body, trailer = data[:-_SHA_BYTES], data[-_SHA_BYTES:]
    is_whole = data.startswith(_MAGIC) and hashlib.sha1(body, usedforsecurity=False).digest() == trailer
    if len(data) > MOST_BYTES or not is_whole:
        return None
    count = struct.unpack(">256L", data[_FAN_OUT])[-1]
    names, offsets = _FAN_OUT.stop, _FAN_OUT.stop + (_SHA_BYTES + 4) * count
    places = struct.unpack(f">{count}L", data[offsets : offsets + 4 * count])
    if any(place >> 31 for place in places):  # in a pack of 2 GiB, whose places are in another table
        return None
    shas = (data[start : start + _SHA_BYTES] for start in range(names, names + _SHA_BYTES * count, _SHA_BYTES))
    return SmallIndex(dict(zip(shas, places, strict=True)), body[-_SHA_BYTES:])
