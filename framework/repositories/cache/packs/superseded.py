"""What lies among the packs of a local copy: how much it takes, and what is of no version, until nobody reads it."""

import os
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from framework.gitcore import side_files
from framework.repositories.cache import locks
from framework.repositories.cache.eviction import copy_path, lock_path
from framework.repositories.cache.marker import Marker, read_marker, write_marker


def tidy(repository_id: str) -> None:
    """Delete packs that are of no version any more from the local copy, unless somebody reads or changes it."""
    path = copy_path(repository_id)
    found = read_marker(path)
    if found and found.has_superseded_packs:
        with locks.try_lock_exclusive(lock_path(repository_id, "update")) as unchanged:
            if unchanged:
                drop_superseded(path)


def drop_superseded(path: Path) -> None:
    """The same by who may change the copy; where it is being read, the last reader to leave does it."""
    with locks.try_lock_exclusive(lock_path(path.stem, "lease")) as unread:
        found = read_marker(path)
        if unread and found and found.has_superseded_packs:
            _delete_superseded(path, found)


def _delete_superseded(path: Path, found: Marker) -> None:
    """Delete the packs that the copy's version does not name, and first side files that name such; nobody may read."""
    side_files_of = found.side_files_of if found.side_files_of in found.packs else None
    if side_files_of is None:
        side_files.remove(path)
    for file in list_superseded(path, found.packs):
        file.unlink()
    size = count_pack_bytes(path)
    write_marker(path, replace(found, side_files_of=side_files_of, has_superseded_packs=False, size_bytes=size))


def list_superseded(path: Path, packs: Collection[str]) -> list[Path]:
    """Files of other packs than these, indexes before packs."""
    folder = path / "objects" / "pack"
    named = {f"pack-{name}{suffix}" for name in packs for suffix in (".pack", ".idx")}
    others = {name for name in os.listdir(folder) if name.startswith("pack-")} - named  # noqa: PTH208
    return [folder / name for name in sorted(others)]


def count_pack_bytes(path: Path) -> int:
    """What the packs of the copy and their indexes take."""
    return sum(file.stat().st_size for file in (path / "objects" / "pack").iterdir())
