"""Which packs are folded into one: small ones that came since the last consolidation, each byte only a few times."""

from collections.abc import Sequence

from framework.repositories.catalog.pack_records import BLOBS, HISTORY, StoredPack

SMALL_PACK_BYTES = 32 << 20
"""Of this size a pack costs a reader more to receive than to ask for, so that it is left to the next consolidation."""
MOST_OBJECTS = 20_000
"""One of more objects is left to it as well: the names of those that are folded are in memory."""
FACTOR = 2


def choose_packs(packs: Sequence[StoredPack], most: int) -> list[list[StoredPack]]:
    """The packs to fold, those of each kind by themselves; none where the project has `most` small ones or fewer."""
    small = list_small(packs)
    if len(small) <= most:
        return []
    chosen = [_choose_of_kind([pack for pack in small if pack.kind == kind], most) for kind in (HISTORY, BLOBS)]
    return [found for found in chosen if found]


def list_small(packs: Sequence[StoredPack]) -> list[StoredPack]:
    """The small ones that no consolidation made, and in which no check has found a fault; by size."""
    consolidated = {(pack.epoch, pack.version) for pack in packs if pack.side_files}
    found = [
        pack for pack in packs if (pack.epoch, pack.version) not in consolidated and _is_small(pack) and not pack.fault
    ]
    return sorted(found, key=lambda pack: (pack.pack_bytes, pack.name))


def _is_small(pack: StoredPack) -> bool:
    return pack.pack_bytes <= SMALL_PACK_BYTES and pack.object_count <= MOST_OBJECTS


def find_consolidated_version(packs: Sequence[StoredPack]) -> int:
    """The version of the project's last consolidation; 0 where there was none."""
    return max((pack.version for pack in packs if pack.side_files), default=0)


def _choose_of_kind(packs: list[StoredPack], most: int) -> list[StoredPack]:
    """As many of the smallest as leave each pack `FACTOR` times as large as all smaller ones together.

    Where packs of so many sizes are left that they are too many all the same, more of the smallest.
    """
    count = count_geometric([pack.pack_bytes for pack in packs])
    left = max(1, (most - 1) // 2)
    count = max(count, len(packs) - left + 1)
    return packs[:count] if count > 1 else []


def count_geometric(sizes: Sequence[int]) -> int:
    """How many of the first of these ascending sizes are to become one, for a geometric progression.

    Whatever is folded ends in a pack of one and a half times its size at least, and so each byte is folded a number of
    times that is logarithmic in the size of the whole.
    """
    count, smaller = 0, 0
    for position, size in enumerate(sizes):
        if size < FACTOR * smaller:
            count = position + 1
        smaller += size
    return count
