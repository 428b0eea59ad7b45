"""What folds have made of the packs that a consolidation read, while it was at work: it replaces that, too."""

from collections.abc import Iterable
from dataclasses import dataclass

from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.small_packs import list_small
from framework.repositories.maintenance.repacking import PackWorkspace
from framework.repositories.write.refusals import PacksChanged


@dataclass(frozen=True)
class Replaced:
    """The packs of a version, by name, that hold nothing but what was read, and those that hold more beside it."""

    whole: frozenset[str]
    mixed: frozenset[str]


def find_replaced(read: PackWorkspace, newest: PackWorkspace) -> Replaced:
    """The packs that were read, as they are in the newest version: in use still, or folded since.

    The indexes tell, so that only what has lost nothing counts as a fold.

    Raises:
        PacksChanged: something that was read was consolidated or purged since.
    """
    before, after = _names(read.packs), _names(newest.packs)
    if before <= after:
        return Replaced(frozenset(before), frozenset())
    gone = [pack for pack in read.packs if pack.name not in after]
    added = [pack for pack in newest.packs if pack.name not in before]
    if any(pack.side_files for pack in added) or not _names(gone) <= _names(list_small(read.packs)):
        raise PacksChanged
    folded = {name for pack in gone for name in read.object_names(pack)}
    within = {pack.name: set(newest.object_names(pack)) for pack in added}
    if not folded <= set().union(*within.values()):
        raise PacksChanged
    whole = {name for name, objects in within.items() if objects <= folded}
    mixed = {name for name, objects in within.items() if objects & folded} - whole
    return Replaced(frozenset(before & after | whole), frozenset(mixed))


def _names(packs: Iterable[StoredPack]) -> set[str]:
    return {pack.name for pack in packs}
