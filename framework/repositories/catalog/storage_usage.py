"""What is stored of one repository or of all: packs, objects and bytes by kind, versions, and when it was checked."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from framework.database.session import read_transaction
from framework.repositories.catalog.checks import TABLES, in_use
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.models import LfsObject, Pack, Repository, Version
from framework.storage.prices import STANDARD


@dataclass(frozen=True)
class Kind:
    """The packs of one kind together; sizes in bytes, of indexes those that are stored."""

    packs: int = 0
    objects: int = 0
    pack_bytes: int = 0
    idx_bytes: int = 0


@dataclass(frozen=True)
class StorageUsage:
    """What the store keeps; `superseded_bytes` are packs that the collector will delete, `fault` what is wrong.

    `classes` are the bytes in use by storage class. `checked_at` is when the pack or Git LFS object was read back, or
    sent, that waits longest; `restored_at` when a repository was last restored in full to see whether it can be.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    repositories: int = 0
    versions: int = 0
    lfs_objects: int = 0
    lfs_bytes: int = 0
    superseded_bytes: int = 0
    classes: Mapping[str, int] = field(default_factory=dict)
    checked_at: datetime | None = None
    restored_at: datetime | None = None
    fault: str | None = None

    @property
    def history(self) -> Kind:
        """Commits, folders and small files."""
        return self.kinds.get(HISTORY, Kind())

    @property
    def blobs(self) -> Kind:
        """Large files."""
        return self.kinds.get(BLOBS, Kind())

    @property
    def index_bytes(self) -> int:
        """The indexes of all packs that have theirs in the store."""
        return self.history.idx_bytes + self.blobs.idx_bytes

    @property
    def size_bytes(self) -> int:
        """All that is in use."""
        return self.history.pack_bytes + self.blobs.pack_bytes + self.index_bytes + self.lfs_bytes

    @property
    def packs(self) -> int:
        """The packs in use."""
        return self.history.packs + self.blobs.packs

    @property
    def objects(self) -> int:
        """The Git objects in them."""
        return self.history.objects + self.blobs.objects


def read_storage_usage(repository_id: str | None = None) -> StorageUsage:
    """What the store keeps of this repository, or of all; the store is not asked."""
    with read_transaction() as session:
        return _usage(session, repository_id)


def _usage(session: Session, repository_id: str | None) -> StorageUsage:
    packs, lfs_objects = _of(Pack.repository_id, repository_id), _of(LfsObject.repository_id, repository_id)
    gone = select(func.sum(Pack.pack_bytes + Pack.stored_idx_bytes)).where(packs, Pack.superseded_version.is_not(None))
    versions = select(func.count()).select_from(Version).where(_of(Version.repository_id, repository_id))
    counted = select(func.count(), func.max(Repository.restored_at)).where(_of(Repository.id, repository_id))
    large = select(func.count(), func.sum(LfsObject.size_bytes)).where(lfs_objects)
    count, restored = session.execute(counted).one()
    lfs_count, lfs_bytes = session.execute(large).one()
    kinds = _kinds(session, packs)
    return StorageUsage(
        lfs_objects=lfs_count,
        lfs_bytes=int(lfs_bytes or 0),
        kinds=kinds,
        repositories=count,
        versions=session.scalar(versions) or 0,
        superseded_bytes=int(session.scalar(gone) or 0),
        classes=_classes(session, repository_id, sum(kind.idx_bytes for kind in kinds.values())),
        checked_at=_oldest_check(session, repository_id),
        restored_at=restored,
        fault=_fault(session, repository_id),
    )


def _of(column: InstrumentedAttribute[str], repository_id: str | None) -> ColumnElement[bool]:
    return true() if repository_id is None else column == repository_id


def _kinds(session: Session, mine: ColumnElement[bool]) -> dict[str, Kind]:
    sums = func.sum(Pack.object_count), func.sum(Pack.pack_bytes), func.sum(Pack.stored_idx_bytes)
    query = select(Pack.kind, func.count(), *sums).group_by(Pack.kind)
    rows = session.execute(query.where(mine, Pack.superseded_version.is_(None)))
    return {kind: Kind(int(packs), int(objects), int(size), int(idx)) for kind, packs, objects, size, idx in rows}


def _classes(session: Session, repository_id: str | None, index_bytes: int) -> dict[str, int]:
    """Bytes by class; indexes are never moved."""
    found = Counter({STANDARD: index_bytes})
    for table, size in ((Pack, Pack.pack_bytes), (LfsObject, LfsObject.size_bytes)):
        query = select(table.storage_class, func.sum(size)).group_by(table.storage_class)
        for name, total in session.execute(query.where(_of(table.repository_id, repository_id), in_use(table))):
            found[name or STANDARD] += int(total)
    return dict(found)


def _oldest_check(session: Session, repository_id: str | None) -> datetime | None:
    found = [
        session.scalar(select(func.min(table.checked_at)).where(_of(table.repository_id, repository_id), in_use(table)))
        for table in TABLES
    ]
    return min((moment for moment in found if moment), default=None)


def _fault(session: Session, repository_id: str | None) -> str | None:
    """The first that there is, of a pack, a Git LFS object or the whole."""
    queries = [
        select(table.fault).where(_of(table.repository_id, repository_id), in_use(table), table.fault.is_not(None))
        for table in TABLES
    ]
    whole = select(Repository.fault).where(_of(Repository.id, repository_id), Repository.fault.is_not(None))
    return next((fault for query in [*queries, whole] if (fault := session.scalars(query).first())), None)
