"""Folding: the small packs that came since the last consolidation become one, with their entries as they lie.

It is a version that changes packs only, as a consolidation is. Every object of those packs stays, reached or not, so
that nothing is walked and nothing but those packs is read: not the rest of the project, and no local copy is made.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy.orm import Session

from framework import config
from framework.errors import Unavailable
from framework.files import sha256_of
from framework.gitcore.pack_objects import object_names, pack_objects
from framework.repositories import object_keys
from framework.repositories.cache import copies
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.hydration import download, lay_out, pack_file
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.changes import SYSTEM_ACTOR, Change, Committed, Repacking
from framework.repositories.catalog.pack_records import BLOBS, NewPack, StoredPack
from framework.repositories.catalog.small_packs import choose_packs
from framework.repositories.catalog.snapshot import (
    Snapshot,
    read_large_blob_sizes,
    read_snapshot,
    read_snapshot_and_packs,
)
from framework.repositories.disk_room import raise_no_room, refuse_without_room
from framework.repositories.maintenance.fold_hold import is_held
from framework.repositories.maintenance.publishing import abandon_on_failure, publish, store_packs
from framework.repositories.maintenance.repacking import name_pack
from framework.repositories.write.refusals import PacksChanged
from framework.repositories.write.splitting import PushedPack


def fold(repository_id: str) -> int:
    """Fold small packs if the project has more than `FOLD_PACKS`; how many went out of use, 0 if others were faster.

    Raises:
        RepositoryMissing, StoreUnavailable, PackAltered, PackMissing, NoRoom: the project stays as it is. What `commit`
            raises.
    """
    snapshot, packs = read_snapshot_and_packs(repository_id)
    chosen = choose_packs(packs, config.current().fold_packs)
    if not chosen:
        return 0
    needed = refuse_without_room(repository_id, [pack for some in chosen for pack in some])
    with raise_no_room(needed), scratch("fold") as folder, suppress(PacksChanged):
        made = [_fold_kind(repository_id, some, folder) for some in chosen]
        retired = frozenset(pack.name for some in chosen for pack in some)
        _store(snapshot, made, retired)
        with suppress(Unavailable):  # it is stored; what hinders the local copy is left to the next reader
            copies.install(repository_id, {pack.new.name: pack.written for pack in made})
        return len(retired)
    return 0


def _fold_kind(repository_id: str, packs: Sequence[StoredPack], folder: Path) -> PushedPack:
    """One pack of the objects of these, which are of one kind; an object that several have comes once."""
    kind = packs[0].kind
    path = folder / f"{kind}.git"
    lay_out(path)
    (path / "HEAD").write_text("ref: refs/heads/main\n")
    newest_first = sorted(packs, key=lambda pack: (pack.epoch, pack.version), reverse=True)
    objects: dict[str, None] = {}
    for pack in newest_first:
        _bring(repository_id, pack, path / "objects" / "pack")
        objects |= dict.fromkeys(object_names(pack_file(path, pack.name, ".idx")))
    names = path / "names"
    names.write_text("".join(f"{name}\n" for name in objects))
    folded = pack_objects(path, names, path / "folded", "--window=0")  # entries are copied, no deltas are sought
    assert folded
    name = object_keys.new_id()
    written = name_pack(path, name, folded)
    return PushedPack(NewPack.of(name, kind, written, _sizes(repository_id, kind, objects)), written)


def _sizes(repository_id: str, kind: str, objects: Mapping[str, None]) -> dict[str, int]:
    return read_large_blob_sizes(repository_id, set(objects)) if kind == BLOBS else {}


def _bring(repository_id: str, pack: StoredPack, folder: Path) -> None:
    """The pack and its index: links to the local copy's where that has them as SQL recorded, else from the store."""
    files = {".pack": pack.pack_sha256, ".idx": pack.idx_sha256}
    if not all(_link(repository_id, pack.name, suffix, folder, sha256) for suffix, sha256 in files.items()):
        for suffix in files:
            (folder / f"pack-{pack.name}{suffix}").unlink(missing_ok=True)
        download(repository_id, pack, folder)


def _link(repository_id: str, name: str, suffix: str, folder: Path, sha256: str) -> bool:
    """Link a file of the local copy, which may be damaged or vanish at any moment; whether it is the one recorded."""
    source = pack_file(copy_path(repository_id), name, suffix)
    try:
        (folder / source.name).hardlink_to(source)
    except FileNotFoundError:
        return False
    return sha256_of(folder / source.name) == sha256


def _store(snapshot: Snapshot, made: Sequence[PushedPack], retired: frozenset[str]) -> None:
    """Make these packs a version, in the place of those retired.

    Raises:
        PacksChanged: one of those is out of use already, or the project is being purged, and nothing is stored.
    """
    push_id = object_keys.new_id()

    def make_change(seen: Snapshot) -> Change:
        return Change(
            repository_id=seen.repository_id,
            actor=SYSTEM_ACTOR,
            push_id=push_id,
            packs=tuple(pack.new for pack in made),
            pack_generation=seen.pack_generation,
            kind="fold",
            repacking=Repacking((seen.epoch, seen.version), retired),
        )

    def check_again(seen: Snapshot) -> Snapshot:
        newest = read_snapshot(seen.repository_id)
        if not retired <= newest.packs:
            raise PacksChanged
        return newest

    def stand_back(session: Session, _committed: Committed) -> None:
        if is_held(session, snapshot.repository_id):
            raise PacksChanged

    with abandon_on_failure(push_id):
        store_packs(snapshot.repository_id, push_id, made)
        publish(snapshot, make_change, check_again, in_transaction=stand_back)
