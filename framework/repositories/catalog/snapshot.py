"""What SQL says a repository is at one moment: frozen values, read in one transaction."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from sqlalchemy import Connection, bindparam, null, select

from framework.database.batches import in_batches
from framework.database.session import read_rows, read_transaction
from framework.database.types import Id32
from framework.errors import NotFound
from framework.gitcore.ref_names import HEADS, TAGS
from framework.repositories.catalog.known_refs import recall_refs, remember_refs
from framework.repositories.catalog.pack_records import STORED_PACK_COLUMNS, StoredPack
from framework.repositories.models import LargeBlob, Pack, Ref, Repository


class RepositoryMissing(NotFound):
    """SQL knows no repository of this id."""

    def __init__(self) -> None:
        super().__init__("This project has no repository.")


@dataclass(frozen=True)
class Snapshot:
    """One repository's newest version; refs by full name, object names in hex, packs by name."""

    repository_id: str
    epoch: int
    version: int
    entry_hash: str | None
    pack_generation: int
    default_branch: str
    refs: Mapping[str, str]
    packs: frozenset[str]

    @cached_property
    def branches(self) -> Mapping[str, str]:
        """The branches by their short names."""
        return self._refs_below(HEADS)

    @cached_property
    def tags(self) -> Mapping[str, str]:
        """The tags by their short names, each with the tag object or commit that it points to."""
        return self._refs_below(TAGS)

    def find_branch(self, name: str) -> str | None:
        """The commit of the branch of this short name; None where there is none. Cheaper than all `branches`."""
        return self.refs.get(HEADS + name)

    def _refs_below(self, prefix: str) -> dict[str, str]:
        return {name.removeprefix(prefix): sha for name, sha in self.refs.items() if name.startswith(prefix)}


def read_snapshot(repository_id: str) -> Snapshot:
    """The newest version that SQL has.

    Raises:
        RepositoryMissing: there is no such repository.
    """
    with read_rows() as connection:
        return _snapshot(connection, repository_id)


def read_snapshot_and_packs(repository_id: str) -> tuple[Snapshot, tuple[StoredPack, ...]]:
    """The newest version that SQL has, and the packs that it consists of."""
    with read_rows() as connection:
        packs = _packs(connection, repository_id)
        return _snapshot(connection, repository_id, frozenset(pack.name for pack in packs)), packs


def read_packs(repository_id: str) -> tuple[StoredPack, ...]:
    """The packs that the newest version consists of; none where there is no repository."""
    with read_rows() as connection:
        return _packs(connection, repository_id)


def read_consolidated_packs(repository_id: str) -> tuple[StoredPack, ...]:
    """Those of the newest version's packs that came with side files, or beside such; none before a consolidation."""
    consolidations = select(Pack.version).where(*_IN_USE, Pack.side_files.is_not(null()))
    with read_rows() as connection:
        rows = connection.execute(_PACKS.where(Pack.version.in_(consolidations)), {"repository_id": repository_id})
        return tuple(StoredPack.of(row) for row in rows)


def read_large_blob_sizes(repository_id: str, shas: set[str]) -> dict[str, int]:
    """The sizes in bytes of those of these blobs that lie in packs of kind `blobs`."""
    if not shas:
        return {}
    theirs = select(LargeBlob.sha, LargeBlob.size_bytes).where(LargeBlob.repository_id == repository_id)
    found: dict[str, int] = {}
    with read_transaction() as session:
        for some in in_batches(shas):
            found |= dict(session.execute(theirs.where(LargeBlob.sha.in_(some))).all())
    return found


def read_large_blob_place(repository_id: str, pack: str, sha: str) -> tuple[int, int] | None:
    """How many bytes the pack of this name has, and the blob that lies in it; 0 for a blob that nobody measured.

    None when the pack is gone: a consolidation has taken its place, and the collector has deleted it.
    """
    with read_transaction() as session:
        row, blob = session.get(Pack, pack), session.get(LargeBlob, (repository_id, sha))
        return (row.pack_bytes, blob.size_bytes if blob else 0) if row else None


_OF_ONE = bindparam("repository_id", type_=Id32)
_IN_USE = (Pack.repository_id == _OF_ONE, Pack.superseded_version.is_(None))
_PACKS = select(*STORED_PACK_COLUMNS).where(*_IN_USE)
_PACK_NAMES = select(Pack.name).where(*_IN_USE)
_REFS = select(Ref.name, Ref.sha).where(Ref.repository_id == _OF_ONE)
_PLACE = select(
    Repository.epoch,
    Repository.version,
    Repository.entry_hash,
    Repository.pack_generation,
    Repository.default_branch,
).where(Repository.id == _OF_ONE)


def _packs(connection: Connection, repository_id: str) -> tuple[StoredPack, ...]:
    rows = connection.execute(_PACKS, {"repository_id": repository_id})
    return tuple(StoredPack.of(row) for row in rows)


def _snapshot(connection: Connection, repository_id: str, packs: frozenset[str] | None = None) -> Snapshot:
    """With the names of its packs, where they are not known yet."""
    mine = {"repository_id": repository_id}
    row = connection.execute(_PLACE, mine).one_or_none()
    if row is None:
        raise RepositoryMissing
    epoch, version, entry_hash, pack_generation, default_branch = row
    place = None if entry_hash is None else (epoch, version, entry_hash)
    return Snapshot(
        repository_id=repository_id,
        epoch=epoch,
        version=version,
        entry_hash=entry_hash,
        pack_generation=pack_generation,
        default_branch=default_branch,
        refs=_refs(connection, repository_id, place) if place else {},
        packs=frozenset(connection.execute(_PACK_NAMES, mine).scalars()) if packs is None else packs,
    )


def _refs(connection: Connection, repository_id: str, version: tuple[int, int, str]) -> Mapping[str, str]:
    """From memory if this process has read or made this version, otherwise from SQL in the caller's transaction."""
    known = recall_refs(repository_id, version)
    if known is not None:
        return known
    refs = connection.execute(_REFS, {"repository_id": repository_id})
    return remember_refs(repository_id, version, dict(refs.all()))
