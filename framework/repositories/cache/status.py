"""Where a repository's bytes are: in the store, perhaps in a copy here, which may know more than a restored SQL."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import func, select

from framework.database.session import read_transaction
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.marker import Marker, last_used, names_entry, read_marker
from framework.repositories.catalog.snapshot import RepositoryMissing, Snapshot, read_snapshot
from framework.repositories.journal.divergence import DatabaseBehind
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


def refuse_contradiction(found: Marker, snapshot: Snapshot) -> None:
    """Notice a database that was restored from a backup by a copy that knows more.

    Raises:
        DatabaseBehind.
    """
    if found.contradicts(snapshot):
        raise DatabaseBehind


def refuse_outdated(snapshot: Snapshot) -> None:
    """The same where no copy is opened; SQL is read once more before it is believed.

    Raises:
        DatabaseBehind.
    """
    found = read_marker(copy_path(snapshot.repository_id))
    if found and found.contradicts(snapshot):
        refuse_contradiction(found, read_snapshot(snapshot.repository_id))


def refuse_outdated_page(repository_id: str, entry_hash: str | None) -> None:
    """The same for a page that was rendered before, of the version with this hash, which SQL has told just now.

    SQL is asked again only where the copy here is of another version.

    Raises:
        DatabaseBehind.
    """
    copy = copy_path(repository_id)
    if not names_entry(copy, entry_hash) and read_marker(copy):
        refuse_outdated(read_snapshot(repository_id))
