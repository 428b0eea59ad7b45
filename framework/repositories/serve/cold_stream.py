"""Passing on: a neatly packed project that is not here goes to who clones it while it comes from the store.

What a clone of everything gets is one pack: the bodies of the two stored ones in a row (`bundle`). Ranges arrive in
parallel in files, from which they are sent in order. Damaged bytes are found by the client, which refuses a pack whose
SHA-1 is not its trailer. When it has all, and nobody waits, the files are checked by SHA-256 and become the local copy.
"""

import logging
import shutil
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from framework import config
from framework.errors import HoldfastError, NotFound, Unavailable
from framework.files import sha256_of
from framework.gitcore.packs import TRAILER_BYTES, WrittenPack
from framework.repositories import object_keys
from framework.repositories.cache import copies, eviction, ranges
from framework.repositories.cache.hydration import PackAltered, expect_pack, index_pack
from framework.repositories.cache.marker import FULL, read_marker
from framework.repositories.cache.threads import Threads
from framework.repositories.catalog import read_back
from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot_and_packs
from framework.repositories.serve import arrivals, bundle
from framework.repositories.serve.arrivals import Arrivals
from framework.repositories.serve.bundle import PACK_HEADER, Ends

log = logging.getLogger(__name__)

_keeping = Threads("keeping", lambda: 1)


@dataclass(frozen=True)
class ColdPack:
    """Everything that the refs of a version reach, and nothing else, as one pack that the store holds in two."""

    repository_id: str
    packs: Sequence[StoredPack]
    ends: Ends

    @contextmanager
    def receive(self) -> Iterator[Iterator[bytes]]:
        """The pack (gitformat-pack(5)) as it arrives; after the block, which takes all of it, it is kept beside.

        Whoever clones at the same time in this process gets the same arrival.

        Raises:
            PackMissing, StoreUnavailable, StoreRefused: when a chunk is asked for; nothing is kept.
            OSError: the disk is full; nothing is kept.
        """
        names = tuple(pack.name for pack in self.packs)
        with arrivals.share(names, self._bring) as shared:
            yield self._chunks(shared)
            if keep := arrivals.keep_once(names, shared, self._keep):
                _keeping.submit(keep)

    def _bring(self, name: str, file: Path) -> Iterator[bytes]:
        key = object_keys.pack_key(self.repository_id, name)
        size_bytes = next(pack.pack_bytes for pack in self.packs if pack.name == name)
        with expect_pack(key):
            yield from ranges.stream(key, file, size_bytes)

    def _chunks(self, shared: Arrivals) -> Iterator[bytes]:
        yield self.ends.header
        for pack in self.packs:
            yield from _body(pack, shared.packs[pack.name].read())
        yield self.ends.trailer

    def _keep(self, folder: Path) -> None:
        """Who cloned has everything by now, whatever becomes of the copy; a damaged pack is looked at once more."""
        try:
            written = {pack.name: index_pack(self.repository_id, pack, folder) for pack in self.packs}
            for pack in self.packs:
                self._check(pack, written[pack.name])
            copies.take_in(self.repository_id, written)
        except (HoldfastError, OSError, SQLAlchemyError) as failure:
            log.warning("what was passed on of %s is not kept: %s", self.repository_id, failure)

    def _check(self, pack: StoredPack, written: WrittenPack) -> None:
        if sha256_of(written.pack) != pack.pack_sha256:
            read_back.check_pack(pack.name)
            raise PackAltered(object_keys.pack_key(self.repository_id, pack.name))


def _body(pack: StoredPack, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The entries of one stored pack, without what is before and behind them."""
    start, end = PACK_HEADER.size, pack.pack_bytes - TRAILER_BYTES
    at = 0
    for chunk in chunks:
        if inner := chunk[max(0, start - at) : max(0, end - at)]:
            yield inner
        at += len(chunk)


def find_cold_pack(repository_id: str, wanted: Collection[str]) -> ColdPack | None:
    """The project as one pack for who has nothing and wants what these object names reach.

    None when the copy is here, when they are not what all refs point to, when something was pushed or moved since the
    consolidation, when a pack is known to be damaged (hydrating tells so), or when this disk has no room.

    Raises:
        RepositoryMissing.
    """
    snapshot, packs = read_snapshot_and_packs(repository_id)
    if set(wanted) != set(snapshot.refs.values()) or _is_here(snapshot):
        return None
    first = bundle.first_of(packs)
    if first is None or len({(pack.epoch, pack.version) for pack in packs}) > 1 or any(pack.fault for pack in packs):
        return None
    try:
        ends = bundle.read_ends(repository_id, first)
    except (NotFound, Unavailable) as error:
        log.warning("a clone of %s waits for all of it: %s", repository_id, error)
        return None
    if ends.refs != snapshot.refs or not _has_room(repository_id, packs):
        return None
    return ColdPack(repository_id, bundle.in_order(packs), ends)


def _is_here(snapshot: Snapshot) -> bool:
    found = read_marker(eviction.copy_path(snapshot.repository_id))
    return found is not None and found.serves(snapshot, FULL)


def _has_room(repository_id: str, packs: Sequence[StoredPack]) -> bool:
    """Make room for the packs, as hydrating would."""
    needed, folder = sum(pack.size_bytes for pack in packs), config.current().data
    if (free := shutil.disk_usage(folder).free) < needed:
        eviction.free(needed - free, keep=repository_id)
    return shutil.disk_usage(folder).free >= needed
