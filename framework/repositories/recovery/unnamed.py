"""Packs and Git LFS objects that no readable entry names: one that is lost may have brought them."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Blob
from dulwich.pack import load_pack_index

from framework.repositories import object_keys
from framework.repositories.cache.copy import LONGEST_ENTRY_HEADER_BYTES, entry_header
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.pack_records import BLOBS, HISTORY, LoggedPack
from framework.repositories.journal.keys import Place
from framework.repositories.journal.state import LoggedLfs
from framework.repositories.journal.versions import FullVersion
from framework.storage.contract import ObjectMissing
from framework.storage.current import store

_PACK = re.compile(r"repos/[0-9a-f]{32}/packs/pack-([0-9a-f]{32})\.pack")
_LFS = re.compile(r"repos/[0-9a-f]{32}/lfs/([0-9a-f]{64})-([0-9a-f]{32})")


def add_unnamed(version: FullVersion) -> FullVersion:
    """The version with what lies in the store beside what it names, so that a lost entry costs no file.

    Some of it may be of pushes that never became a version: the next consolidation drops what nobody can reach.
    """
    repository_id, place = version.line.key.repository_id, version.line.key.place
    state = version.state
    packs = tuple(_find_packs(repository_id, place, {*version.retired, *(pack.name for pack in state.packs)}))
    lfs = tuple(_find_lfs(repository_id, place, {*version.retired, *(one.oid for one in state.lfs)}))
    return replace(version, state=replace(state, packs=(*state.packs, *packs), lfs=(*state.lfs, *lfs)))


def _find_packs(repository_id: str, place: Place, known: set[str]) -> Iterator[LoggedPack]:
    for stored in store().list(f"repos/{repository_id}/packs/"):
        match = _PACK.fullmatch(stored.key)
        if match and match[1] not in known and (found := _measure(repository_id, match[1], place)):
            yield found


def _measure(repository_id: str, name: str, place: Place) -> LoggedPack | None:
    """What the journal says of a pack, from its bytes; None for one that was never sent as a whole."""
    with scratch("unnamed") as folder:
        pack, idx = folder / "pack", folder / "idx"
        try:
            fetched_pack = store().fetch(object_keys.pack_key(repository_id, name), pack)
            fetched_idx = store().fetch(object_keys.idx_key(repository_id, name), idx)
        except ObjectMissing:
            return None
        with closing(load_pack_index(str(idx), DEFAULT_OBJECT_FORMAT)) as index:
            offsets = [offset for _name, offset, _crc in index.iterentries()]
        epoch, version = place
        return LoggedPack(
            name=name,
            kind=_find_kind(pack, offsets),
            pack_bytes=fetched_pack.size_bytes,
            pack_sha256=fetched_pack.sha256,
            idx_bytes=fetched_idx.size_bytes,
            idx_sha256=fetched_idx.sha256,
            object_count=len(offsets),
            epoch=epoch,
            version=version,
        )


def _find_kind(pack: Path, offsets: Iterable[int]) -> str:
    """`blobs` where there is nothing else in it: every other pack has a commit, a tree or a tag."""
    with pack.open("rb") as file:
        for offset in offsets:
            file.seek(offset)
            if entry_header(file.read(LONGEST_ENTRY_HEADER_BYTES))[0] != Blob.type_num:
                return HISTORY
    return BLOBS


def _find_lfs(repository_id: str, place: Place, known: set[str]) -> Iterator[LoggedLfs]:
    for stored in store().list(f"repos/{repository_id}/lfs/"):
        match = _LFS.fullmatch(stored.key)
        if match and match[1] not in known and _is_whole(stored.key, match[1]):
            known.add(match[1])
            yield LoggedLfs(match[1], match[2], stored.size_bytes, *place)


def _is_whole(key: str, oid: str) -> bool:
    """Whether the object's bytes are those that its name promises; a client may not have sent all of them."""
    found = hashlib.sha256()
    with store().stream(key) as chunks:
        for chunk in chunks:
            found.update(chunk)
    return found.hexdigest() == oid
