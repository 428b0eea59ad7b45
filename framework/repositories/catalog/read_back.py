"""Reading objects back from the store, to compare them with what SQL recorded."""

import hashlib
import logging
from collections.abc import Iterator

from sqlalchemy import update

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.catalog.checks import Row, in_use
from framework.repositories.models import LfsObject, Pack
from framework.storage.contract import BodyAltered, ObjectMissing
from framework.storage.current import store

log = logging.getLogger(__name__)


def object_fault(key: str, size_bytes: int, sha256: str) -> str | None:
    """What is wrong with the object of this key, which has to have this length and SHA-256 (hex); None: nothing is.

    Raises:
        StoreUnavailable, StoreRefused.
    """
    try:
        found = _read_back(key)
    except ObjectMissing:
        return f"{key} is missing in the object store."
    except BodyAltered:  # the store itself says that it is damaged
        found = None
    return None if found == (size_bytes, sha256) else f"{key} has another length or SHA-256 than the database recorded."


def _read_back(key: str) -> tuple[int, str]:
    digest, size = hashlib.sha256(), 0
    with store().stream(key) as chunks:
        for chunk in chunks:
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def check_pack(name: str) -> None:
    """Read this pack back out of its turn, for something seemed to be wrong with it.

    Raises:
        StoreUnavailable, StoreRefused: its turn will come.
    """
    with read_transaction() as session:
        row = session.get(Pack, name)
    if row:
        record_check(row, fault_of(row))


def record_check(row: Row, fault: str | None) -> None:
    """Note when it was looked at, and raise the alarm; one that is in use no longer may be missing."""
    table = type(row)
    still = table.name == row.name, in_use(table)
    with transaction() as session:
        noted = session.scalars(
            update(table).where(*still).values(checked_at=now(), fault=fault).returning(table.name)
        ).all()
    if fault and noted:
        log.critical("ALARM: repository %s: %s", row.repository_id, fault)


def fault_of(row: Row) -> str | None:
    """What is wrong with the objects of this row; None when nothing is.

    Raises:
        StoreUnavailable, StoreRefused.
    """
    sentences = (object_fault(*wanted) for wanted in _objects(row))
    return " ".join(sentence for sentence in sentences if sentence) or None


def _objects(row: Row) -> Iterator[tuple[str, int, str]]:
    """Its objects in the store: key, length in bytes and SHA-256 of each."""
    if isinstance(row, LfsObject):
        yield object_keys.lfs_key(row.repository_id, row.oid, row.name), row.size_bytes, row.oid
        return
    yield object_keys.pack_key(row.repository_id, row.name), row.pack_bytes, row.pack_sha256
    if row.idx_stored:
        yield object_keys.idx_key(row.repository_id, row.name), row.idx_bytes, row.idx_sha256
    for suffix, recorded in (row.side_files or {}).items():
        yield object_keys.side_key(row.repository_id, row.name, suffix), recorded["size_bytes"], recorded["sha256"]
