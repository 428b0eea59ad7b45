"""The objects of the packs that a version names, and of no others: in small ones by their indexes in memory."""

import os
from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from dulwich.object_store import DiskObjectStore
from dulwich.objects import ObjectID, RawObjectID, hex_to_sha
from dulwich.pack import Pack, PackData, PackFileDisappeared

from framework.repositories.cache.packs.small_index import SmallIndex, read_small_indexes


@dataclass(frozen=True)
class Place:
    """Where an object lies: in the pack of this name, from `start` to `end`, which is None for the pack's last one."""

    pack: str
    start: int
    end: int | None


class NamedPacks(DiskObjectStore):
    """The objects of these packs alone, as far as they are there: others on the disk may be of no version any more."""

    def __init__(self, path: str, names: Collection[str]) -> None:
        super().__init__(path)
        self._names = names
        self._opened: dict[str, Pack] = {}

    @property
    def large(self) -> list[str]:
        """The packs whose indexes are not in memory."""
        return [name for name in self._names if name not in self._small]

    def find_small(self, sha: str) -> Place | None:
        """Where the object lies in a small pack, whose bytes may be in the store only."""
        name = hex_to_sha(ObjectID(sha.encode()))
        for pack, index in self._small.items():
            if name in index.offsets:
                start = index.offsets[name]
                return Place(pack, start, index.next_offset(start))
        return None

    def get_midx(self) -> None:
        """No other index is believed than the packs' own."""

    def contains_packed(self, sha: ObjectID | RawObjectID) -> bool:
        """Whether a pack, on the disk, holds the object."""
        return self._find_whole(sha) is not None or super().contains_packed(sha)

    def get_raw(self, name: RawObjectID | ObjectID) -> tuple[int, bytes]:
        """The object's kind, by its number in packs, and its bytes."""
        pack = self._find_whole(name)
        try:
            return pack.get_raw(name) if pack else super().get_raw(name)
        except PackFileDisappeared as gone:  # the disk was emptied
            raise KeyError(name) from gone

    def close(self) -> None:
        """Close what was opened; the indexes in memory stay for others."""
        for pack in self._opened.values():
            pack.close()
        self._opened.clear()
        super().close()

    @cached_property
    def _listed(self) -> tuple[dict[str, SmallIndex], set[str]]:
        return read_small_indexes(str(self.pack_dir), self._names)

    @property
    def _small(self) -> dict[str, SmallIndex]:
        return self._listed[0]

    def _find_whole(self, sha: ObjectID | RawObjectID) -> Pack | None:
        name = bytes(sha) if len(sha) == self.object_format.oid_length else hex_to_sha(ObjectID(sha))
        small, whole = self._listed
        for pack, index in small.items():
            if name in index.offsets and pack in whole:
                return self._opened.get(pack) or self._open_small(pack, index)
        return None

    def _open_small(self, name: str, index: SmallIndex) -> Pack:
        file = f"{self.pack_dir}/pack-{name}.pack"
        pack = Pack.from_lazy_objects(lambda: PackData(file, object_format=self.object_format), lambda: index)
        self._opened[name] = pack
        return pack

    def _update_pack_cache(self) -> list[Pack]:
        """Open those that were not there before; of small ones those that came after the first look."""
        there = set(os.listdir(self.pack_dir))  # noqa: PTH208 - at each miss, so that it has to be quick
        small, present = self._listed
        known = {name for name in small if name in present}
        whole = [name for name in self._names if {f"pack-{name}.pack", f"pack-{name}.idx"} <= there]
        return [self._open(name) for name in whole if name not in known and name not in self._pack_cache]

    def _open(self, name: str) -> Pack:
        pack = Pack(f"{self.pack_dir}/pack-{name}", object_format=self.object_format)
        self._pack_cache[name] = pack
        return pack
