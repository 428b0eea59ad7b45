"""The packs that a push becomes: large blobs in a pack of their own, the rest as the history that pages read."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.gitcore.packs import WrittenPack, measure_pack
from framework.repositories import object_keys
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, NewPack
from framework.repositories.catalog.snapshot import read_large_blob_sizes
from framework.repositories.write.inventory import Inventory
from framework.repositories.write.pack_upload import leave_out_index
from framework.repositories.write.quarantine import Quarantine


@dataclass(frozen=True)
class PushedPack:
    """A pack as a version will name it, and its files."""

    new: NewPack
    written: WrittenPack


def split(quarantine: Quarantine, pack: Path, inventory: Inventory) -> list[PushedPack]:
    """The received pack as it is when no blob in it is large, else its objects in two; blobs known before stay out."""
    if not inventory.large:
        return [_measure_pushed(pack, HISTORY, {}, pack_sha256=quarantine.sha256_of(pack))]
    made = large_left_out(quarantine, inventory, [])
    history = quarantine.repack(inventory.small, "history")
    return [*made, _measure_pushed(history, HISTORY, {})] if history else made


def large_left_out(quarantine: Quarantine, inventory: Inventory, packs: Sequence[PushedPack]) -> list[PushedPack]:
    """A pack of the large blobs that are neither in these packs nor known to the project, if there are any.

    To be asked again whenever the project's packs were changed meanwhile: a purge drops blobs that were known.
    """
    packed = {sha for pack in packs for sha in pack.new.sizes}
    known = read_large_blob_sizes(quarantine.snapshot.repository_id, set(inventory.large) - packed)
    sizes = {sha: size for sha, size in inventory.large.items() if sha not in packed and sha not in known}
    names = inventory.small.with_name("large")
    names.write_text("".join(f"{sha}\n" for sha in sizes))
    blobs = quarantine.repack(names, "blobs", "--no-reuse-delta", "--window=0")
    return [_measure_pushed(blobs, BLOBS, sizes)] if blobs else []


def _measure_pushed(pack: Path, kind: str, sizes: dict[str, int], *, pack_sha256: str | None = None) -> PushedPack:
    measured = measure_pack(pack, pack_sha256=pack_sha256)
    written = leave_out_index(measured) if kind == HISTORY else measured
    return PushedPack(NewPack.of(object_keys.new_id(), kind, written, sizes), written)
