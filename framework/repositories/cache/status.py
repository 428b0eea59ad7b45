"""Where a repository's bytes are: what the store keeps, and whether this machine has a copy."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from framework.database.session import read_transaction
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.marker import last_used, read_marker
from framework.repositories.catalog.snapshot import RepositoryMissing
from framework.repositories.models import LfsObject, Pack, Repository

HOT, COLD = "hot", "cold"


@dataclass(frozen=True)
class StorageStatus:
    """`hot` when this machine has a local copy, else `cold`; sizes in bytes."""

    state: str
    version: int
    packs: int
    stored_bytes: int
    cached_bytes: int
    last_access_at: datetime
    lfs_objects: int = 0


def is_cold(repository_id: str) -> bool:
    """Whether this machine has no local copy."""
    return not last_used(copy_path(repository_id))


def read_status(repository_id: str) -> StorageStatus:
    """Where a repository's bytes are; the store is not asked.

    Raises:
        RepositoryMissing: there is no such repository.
    """
    in_use = select(func.count()).where(Pack.repository_id == repository_id, Pack.superseded_version.is_(None))
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        if row is None:
            raise RepositoryMissing
        packs = session.scalar(in_use) or 0
        lfs = session.scalar(select(func.count()).where(LfsObject.repository_id == repository_id)) or 0
    copy = copy_path(repository_id)
    marker = read_marker(copy)
    used = datetime.fromtimestamp(last_used(copy), UTC)
    return StorageStatus(
        state=HOT if marker else COLD,
        version=row.version,
        packs=packs,
        stored_bytes=row.stored_bytes,
        cached_bytes=marker.size_bytes if marker else 0,
        last_access_at=max(row.last_access_at, used),
        lfs_objects=lfs,
    )
