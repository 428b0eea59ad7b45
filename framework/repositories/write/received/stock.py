"""What a scanned pack holds, as lists of the objects that somebody still has to look at."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from framework.gitcore.deltas.recipes import DeltaDamaged
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.packs import BLOB, KIND_NAMES, TREE
from framework.repositories.write.inventory import Inventory, Limits
from framework.repositories.write.received.held_objects import HeldObjects, hold_objects
from framework.repositories.write.received.pack_names import PackNames
from framework.repositories.write.received.pack_stream import PackUnreadable
from framework.repositories.write.received.scan import PackScan, Scanned


@dataclass(frozen=True)
class ReceivedPack:
    """A pack that git has taken and the scan has understood: what it saw, the objects' names, and those in memory."""

    scanned: Scanned
    names: PackNames
    held: HeldObjects


def match_scan(scan: PackScan, pack: Path) -> ReceivedPack | None:
    """What the scan saw, when git's index of the pack has the same objects at the same places; else None."""
    try:
        scanned = scan.complete(pack)
        names = PackNames(pack.with_suffix(".idx"), scanned.offsets)
        if scanned.waiting:
            scan.resolve(names.numbers())
        return ReceivedPack(scanned, names, hold_objects(scanned, names))
    except (PackUnreadable, DeltaDamaged):
        return None


def list_unclear(found: Inventory, scanned: Scanned, names: PackNames, limits: Limits) -> None:
    """Fill the inventory from the scan: cleared objects are in none of the lists that have objects read again."""
    found.inflated_bytes = sum(scanned.sizes)
    for number, size in _over_limit(scanned, limits):
        found.oversized.append((names[number].hex(), KIND_NAMES[scanned.kinds[number]].decode(), size))
    with ExitStack() as files:
        write = {path: _writer(files, path) for path in (found.trees, found.brief, found.unsearched)}
        for number, (kind, size) in enumerate(zip(scanned.kinds, scanned.sizes, strict=True)):
            is_large = kind == BLOB and size >= limits.large_blob_bytes
            if is_large:
                found.large[names[number].hex()] = size
            if scanned.cleared[number]:
                continue
            name = names[number].hex()
            if is_large:
                found.unsearched_large[name] = size
                continue
            write[found.unsearched](name)
            if kind == TREE:
                write[found.trees](name)
            elif kind == BLOB and size in lfs_pointer.SIZES:
                write[found.brief](name)
    _list_small(found, names)


def _over_limit(scanned: Scanned, limits: Limits) -> Iterator[tuple[int, int]]:
    """Number and size of each object that is larger than one of its kind may be."""
    least = min(limits.blob_bytes, limits.other_bytes)
    for number, size in enumerate(scanned.sizes):
        if size > least and size > (limits.blob_bytes if scanned.kinds[number] == BLOB else limits.other_bytes):
            yield number, size


def _list_small(found: Inventory, names: PackNames) -> None:
    if not found.large:
        found.small.touch()
        return
    with found.small.open("w") as small:
        for number in range(len(names)):
            if (name := names[number].hex()) not in found.large:
                small.write(f"{name}\n")


def _writer(files: ExitStack, path: Path) -> Callable[[str], None]:
    file = files.enter_context(path.open("w"))
    return lambda name: (file.write(f"{name}\n"), None)[1]
