"""Storage classes: what archived projects keep is moved to a cheaper one, where the settings name one.

A move is a copy of an object onto itself, so that keys and bytes stay; a crash in the middle is repeated the next time.
"""

import logging
from collections.abc import Sequence

from sqlalchemy import ColumnElement, select, update

from framework import config
from framework.database.session import read_transaction, transaction
from framework.errors import HoldfastError, NotFound
from framework.repositories import object_keys
from framework.repositories.catalog.checks import TABLES, Row, in_use
from framework.repositories.models import LfsObject, Pack, Repository
from framework.storage.current import store

SMALLEST_BYTES = 128 << 10
"""Cheap classes bill every object as if it had at least so many bytes."""
LARGEST_BYTES = 5 << 30
"""S3 copies no more in one request; what is larger stays."""
MOST_AT_ONCE = 10_000

log = logging.getLogger(__name__)


def demote_archived() -> int:
    """Move the packs and Git LFS objects of archived projects that nobody has used since; how many.

    Indexes and side files stay: they are small, and read at each hydration. What cannot be moved now waits for the next
    time, and keeps nothing else from it.
    """
    wanted = config.current().archive_storage_class
    if wanted is None or config.current().store_folder:
        return 0
    return sum(_demote(row, wanted) for table in TABLES for row in _candidates(table, wanted))


def _candidates(table: type[Row], wanted: str) -> Sequence[Row]:
    size = Pack.pack_bytes if table is Pack else LfsObject.size_bytes
    asleep = Repository.archived_at >= Repository.last_access_at
    elsewhere: ColumnElement[bool] = table.storage_class.is_distinct_from(wanted)
    query = select(table).join(Repository, Repository.id == table.repository_id)
    chosen = query.where(asleep, elsewhere, in_use(table), size >= SMALLEST_BYTES, size <= LARGEST_BYTES)
    with read_transaction() as session:
        return list(session.scalars(chosen.order_by(table.name).limit(MOST_AT_ONCE)))


def _demote(row: Row, wanted: str) -> bool:
    key, sha256 = _object(row)
    try:
        store().change_class(key, wanted, sha256=sha256)
    except NotFound:  # it was superseded and collected meanwhile, or the scrub will find that it is missing
        return False
    except HoldfastError as failure:
        log.warning("%s stays in its storage class: %s", key, failure)
        return False
    table = type(row)
    moved = update(table).where(table.name == row.name).values(storage_class=wanted)
    with transaction() as session:
        session.execute(moved.execution_options(synchronize_session=False))
    return True


def _object(row: Row) -> tuple[str, str]:
    """Key and SHA-256 (hex) of what is moved."""
    if isinstance(row, Pack):
        return object_keys.pack_key(row.repository_id, row.name), row.pack_sha256
    return object_keys.lfs_key(row.repository_id, row.oid, row.name), row.oid
