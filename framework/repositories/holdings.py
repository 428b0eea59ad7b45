"""What is stored of one repository or of all: packs, objects and bytes by kind, versions, and when it was checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from framework.database.session import reading
from framework.repositories.change import BLOBS, HISTORY
from framework.repositories.models import LfsObject, Pack, Repository, Version


@dataclass(frozen=True)
class Kind:
    """The packs of one kind together; sizes in bytes."""

    packs: int = 0
    objects: int = 0
    pack_bytes: int = 0
    idx_bytes: int = 0


@dataclass(frozen=True)
class Holdings:
    """What the store keeps; `superseded_bytes` are packs that the collector will delete, `fault` what is wrong.

    `checked_at` is when the pack was read back, or sent, that waits longest; `restored_at` when a repository was last
    restored in full to see whether it can be.
    """

    kinds: Mapping[str, Kind] = field(default_factory=dict)
    repositories: int = 0
    versions: int = 0
    lfs_objects: int = 0
    lfs_bytes: int = 0
    superseded_bytes: int = 0
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
        """The indexes of all packs."""
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


def read_holdings(repository_id: str | None = None) -> Holdings:
    """What the store keeps of this repository, or of all; the store is not asked."""
    with reading() as session:
        return _holdings(session, repository_id)


def _holdings(session: Session, repository_id: str | None) -> Holdings:
    mine: ColumnElement[bool] = true() if repository_id is None else Pack.repository_id == repository_id
    its: ColumnElement[bool] = true() if repository_id is None else Repository.id == repository_id
    versions: ColumnElement[bool] = true() if repository_id is None else Version.repository_id == repository_id
    large: ColumnElement[bool] = true() if repository_id is None else LfsObject.repository_id == repository_id
    in_use = Pack.superseded_version.is_(None)
    gone = select(func.sum(Pack.pack_bytes + Pack.idx_bytes)).where(mine, Pack.superseded_version.is_not(None))
    faults = select(Pack.fault).where(mine, in_use, Pack.fault.is_not(None))
    failures = select(Repository.fault).where(its, Repository.fault.is_not(None))
    count, restored = session.execute(select(func.count(), func.max(Repository.restored_at)).where(its)).one()
    lfs_objects, lfs_bytes = session.execute(select(func.count(), func.sum(LfsObject.size_bytes)).where(large)).one()
    return Holdings(
        lfs_objects=lfs_objects,
        lfs_bytes=int(lfs_bytes or 0),
        kinds=_kinds(session, mine),
        repositories=count,
        versions=session.scalar(select(func.count()).select_from(Version).where(versions)) or 0,
        superseded_bytes=int(session.scalar(gone) or 0),
        checked_at=session.scalar(select(func.min(Pack.checked_at)).where(mine, in_use)),
        restored_at=restored,
        fault=session.scalars(faults).first() or session.scalars(failures).first(),
    )


def _kinds(session: Session, mine: ColumnElement[bool]) -> dict[str, Kind]:
    sums = func.sum(Pack.object_count), func.sum(Pack.pack_bytes), func.sum(Pack.idx_bytes)
    query = select(Pack.kind, func.count(), *sums).group_by(Pack.kind)
    rows = session.execute(query.where(mine, Pack.superseded_version.is_(None)))
    return {kind: Kind(int(packs), int(objects), int(size), int(idx)) for kind, packs, objects, size, idx in rows}
