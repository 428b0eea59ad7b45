"""Private links to the packs of the newest version: they outlive whatever happens to the local copy."""

from collections.abc import Sequence
from pathlib import Path

from framework.repositories.cache import copies
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.snapshot import Snapshot, StoredPack, read_snapshot_and_packs


def link_packs(repository_id: str, folder: Path) -> tuple[Snapshot, Sequence[StoredPack]]:
    """Hard links in this folder to every pack of the newest version, and that version.

    Raises:
        What `cache.open_copy` raises.
    """
    for _look in range(copies.MOST_LOOKS):
        with copies.lease_copy(repository_id, FULL) as (path, snapshot):
            newest, packs = read_snapshot_and_packs(repository_id)
            if newest != snapshot:
                continue
            for pack in packs:
                for suffix in (".pack", ".idx"):
                    name = f"pack-{pack.name}{suffix}"
                    (folder / name).hardlink_to(path / "objects" / "pack" / name)
            return snapshot, packs
    raise copies.CopyContended
