"""Indexes of small packs, which the store need not have, written into it for releases that look for them there."""

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select

from framework.database.session import read_transaction, transaction
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.repositories.cache.hydration import download
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.checks import in_use
from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.snapshot import read_snapshot_and_packs
from framework.repositories.models import Pack, Repository
from framework.storage.current import store

PARALLEL_WRITES = 5


def list_lacking() -> Sequence[str]:
    """The repositories with a pack in use whose index is not stored."""
    lacking = select(Pack.repository_id).where(Pack.idx_stored.is_(False), in_use(Pack))
    with read_transaction() as session:
        return session.scalars(lacking.distinct().order_by(Pack.repository_id)).all()


def write_indexes(repository_id: str) -> int:
    """Store each index that the packs of the newest version lack, as it was recorded; how many.

    Repeating is safe: after a crash between the two an index is stored again, with the same bytes. One whose pack was
    superseded and deleted meanwhile is an orphan, which the collector deletes.

    Raises:
        RepositoryMissing, StoreUnavailable, StoreRefused, PackAltered, PackMissing, NotOwner: others are written.
    """
    _snapshot, packs = read_snapshot_and_packs(repository_id)
    lacking = [pack for pack in packs if not pack.idx_stored]
    with Pool(PARALLEL_WRITES) as pool:
        return sum(pool.map(partial(_write_index, repository_id), lacking))


def _write_index(repository_id: str, pack: StoredPack) -> bool:
    with scratch("indexes") as folder:
        made = download(repository_id, pack, folder)
        store().put(object_keys.idx_key(repository_id, pack.name), made.idx, sha256=pack.idx_sha256)
    with transaction() as session:
        repository = session.get(Repository, repository_id, with_for_update=True)
        row = session.get(Pack, pack.name)
        if repository is None or row is None or row.idx_stored:
            return False
        row.idx_stored = True
        if row.superseded_version is None:
            repository.stored_bytes += row.idx_bytes
        return True
