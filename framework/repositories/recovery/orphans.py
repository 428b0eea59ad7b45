"""A state compared with the store, where a lost entry may have added or retired packs and Git LFS objects."""

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from framework.files import sha256_of
from framework.gitcore.pack_index import MOST_PACK_BYTES, make_index
from framework.gitcore.packs import BLOB, OFS_DELTA, kind_of
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, LoggedPack
from framework.repositories.catalog.read_back import object_fault
from framework.repositories.journal.keys import Place
from framework.repositories.journal.state import LoggedLfs
from framework.repositories.journal.versions import FullVersion
from framework.repositories.recovery.blob_sizes import read_offsets
from framework.storage.contract import BodyAltered, ObjectMissing, StoredObject
from framework.storage.current import store

_PACK = re.compile(r"repos/[0-9a-f]{32}/packs/pack-([0-9a-f]{32})\.pack")
_LFS = re.compile(r"repos/[0-9a-f]{32}/lfs/([0-9a-f]{64})-([0-9a-f]{32})")


def add_orphans(version: FullVersion) -> FullVersion:
    """The version with what the store has and nothing names, so that a lost entry costs no file.

    Some of it may be of pushes that never became a version: nobody can reach that. What the store does not have is left
    out, since a lost consolidation may have retired it; each such pack is a fault, for it may be missing otherwise.
    """
    repository_id, place = version.line.key.repository_id, version.line.key.place
    state, known = version.state, version.retired | version.state.names
    listed = {entry.key: entry for entry in store().list(f"repos/{repository_id}/")}
    packs = [pack for pack in state.packs if _is_there(listed, repository_id, pack)]
    faults = [
        f"{object_keys.pack_key(repository_id, pack.name)} is missing, and an entry of the journal that may tell why."
        for pack in state.packs
        if pack not in packs
    ]
    lfs = [one for one in state.lfs if object_keys.lfs_key(repository_id, one.oid, one.name) in listed]
    packs += _find_packs(listed, repository_id, place, known)
    lfs += _find_lfs(listed.values(), place, known, {one.oid for one in lfs})
    sides = {pack.name: state.side_files[pack.name] for pack in packs if pack.name in state.side_files}
    made = replace(state, packs=tuple(packs), lfs=tuple(lfs), side_files=sides, large_blobs=None)
    return replace(version, state=made, faults=(*version.faults, *faults))


def note_unstored_indexes(version: FullVersion) -> FullVersion:
    """The version with each small pack that has no index in the store noted as such.

    A release that knows no such packs writes entries in which every index counts as stored.
    """
    repository_id, state = version.line.key.repository_id, version.state
    doubtful = {pack.name for pack in state.packs if pack.idx_stored and _may_lack_index(pack)}
    if not doubtful:
        return version
    listed = {entry.key for entry in store().list(f"repos/{repository_id}/packs/")}
    lacking = {name for name in doubtful if object_keys.idx_key(repository_id, name) not in listed}
    packs = [replace(pack, idx_stored=False) if pack.name in lacking else pack for pack in state.packs]
    return replace(version, state=replace(state, packs=tuple(packs)))


def _may_lack_index(pack: LoggedPack) -> bool:
    return pack.kind == HISTORY and pack.pack_bytes <= MOST_PACK_BYTES


def _is_there(listed: Container[str], repository_id: str, pack: LoggedPack) -> bool:
    has_idx = not pack.idx_stored or object_keys.idx_key(repository_id, pack.name) in listed
    return has_idx and object_keys.pack_key(repository_id, pack.name) in listed


def _find_packs(listed: Iterable[str], repository_id: str, place: Place, known: frozenset[str]) -> Iterator[LoggedPack]:
    for match in filter(None, map(_PACK.fullmatch, listed)):
        if match[1] not in known and (found := _measure(repository_id, match[1], place)):
            yield found


def _measure(repository_id: str, name: str, place: Place) -> LoggedPack | None:
    """What the journal would say of a pack, from its bytes; None where it or its index cannot be read or made."""
    with scratch("orphans") as folder:
        pack, idx = folder / "pack", folder / "idx"
        try:
            fetched_pack = store().fetch(object_keys.pack_key(repository_id, name), pack)
            idx_stored = _fetch_index(repository_id, name, idx)
            if not idx_stored:
                idx.write_bytes(make_index(pack))
            offsets = list(read_offsets(idx).values())
        except (ObjectMissing, BodyAltered, ValueError):
            return None
        epoch, version = place
        return LoggedPack(
            name=name,
            kind=_find_kind(pack, offsets) if idx_stored else HISTORY,  # a pack of large blobs has its index stored
            pack_bytes=fetched_pack.size_bytes,
            pack_sha256=fetched_pack.sha256,
            idx_bytes=idx.stat().st_size,
            idx_sha256=sha256_of(idx),
            idx_stored=idx_stored,
            object_count=len(offsets),
            epoch=epoch,
            version=version,
        )


def _fetch_index(repository_id: str, name: str, idx: Path) -> bool:
    """Whether the store has it: a small pack has none."""
    try:
        store().fetch(object_keys.idx_key(repository_id, name), idx)
    except ObjectMissing:
        return False
    return True


def _find_kind(pack: Path, offsets: Iterable[int]) -> str:
    """`blobs` where there are only blobs, and deltas of such: every other pack has a whole commit, tree or tag.

    The kind of an entry is in its first byte, however long its head is.
    """
    with pack.open("rb") as file:
        for offset in offsets:
            file.seek(offset)
            if kind_of(file.read(1)) not in {BLOB, OFS_DELTA}:
                return HISTORY
    return BLOBS


def _find_lfs(
    listed: Iterable[StoredObject], place: Place, known: frozenset[str], oids: set[str]
) -> Iterator[LoggedLfs]:
    """Those whose bytes are what their names promise; a client may not have sent all of them."""
    for stored in listed:
        match = _LFS.fullmatch(stored.key)
        if match is None or match[2] in known or match[1] in oids:
            continue
        if object_fault(stored.key, stored.size_bytes, match[1]) is None:
            oids.add(match[1])
            yield LoggedLfs(match[1], match[2], stored.size_bytes, *place)
