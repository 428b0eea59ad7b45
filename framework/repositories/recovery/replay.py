"""Writing into SQL what the journal told: version rows, refs and packs, within the caller's transaction."""

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.database.types import now
from framework.repositories.journal.reader import JournalLine
from framework.repositories.journal.versions import FullVersion
from framework.repositories.models import LfsObject, Pack, Ref, Repository, StagedLfs, StagedPush, Version


def record_versions(session: Session, lines: Sequence[JournalLine]) -> None:
    """A row for each of these versions."""
    for line in lines:
        session.merge(
            Version(
                repository_id=line.key.repository_id,
                epoch=line.key.epoch,
                version=line.key.version,
                push_id=line.push_id,
                actor=line.actor,
                created_at=line.at,
                pack_generation=line.pack_generation,
                previous_hash=line.previous,
                entry_hash=line.entry_hash,
                entry=None,
                confirmed_at=now(),
            )
        )
    session.flush()


def replay(session: Session, repository: Repository, newest: FullVersion) -> None:
    """Make the repository what this entry says: refs, packs, LFS objects, default branch and place in the journal."""
    line = newest.line
    _replay_refs(session, repository.id, newest.state.refs)
    _replay_packs(session, repository.id, newest)
    _replay_lfs(session, repository.id, newest)
    repository.epoch, repository.version = line.key.place
    repository.entry_hash = line.entry_hash
    repository.default_branch = newest.state.default_branch
    repository.pack_generation = max(repository.pack_generation or 0, line.pack_generation) + 1
    packs = sum(pack.stored_bytes for pack in newest.state.packs)
    repository.stored_bytes = packs + sum(one.size_bytes for one in newest.state.lfs)


def _replay_refs(session: Session, repository_id: str, refs: Mapping[str, str]) -> None:
    for row in session.scalars(select(Ref).where(Ref.repository_id == repository_id)).all():
        if row.name not in refs:
            session.delete(row)
    for name, sha in refs.items():
        session.merge(Ref(repository_id=repository_id, name=name, sha=sha))


def _replay_packs(session: Session, repository_id: str, newest: FullVersion) -> None:
    """Packs that the newest entry names are in use, whatever SQL believed of them or of pushes that brought them."""
    named = {pack.name: pack for pack in newest.state.packs}
    for row in session.scalars(select(Pack).where(Pack.repository_id == repository_id)).all():
        row.superseded_version = None if row.name in named else (row.superseded_version or newest.line.key.version)
    for pack in named.values():
        side_files = newest.state.side_files.get(pack.name)
        session.merge(
            Pack(repository_id=repository_id, superseded_version=None, side_files=side_files, **pack.__dict__)
        )
    for push in session.scalars(select(StagedPush).where(StagedPush.repository_id == repository_id)).all():
        push.give_up(named.keys())


def _replay_lfs(session: Session, repository_id: str, newest: FullVersion) -> None:
    """Objects that the newest entry names are no longer on their way, whatever SQL believed."""
    named = {one.name for one in newest.state.lfs}
    for found in session.scalars(select(LfsObject).where(LfsObject.repository_id == repository_id)).all():
        if found.name not in named:
            session.delete(found)
    session.flush()
    for row in session.scalars(select(StagedLfs).where(StagedLfs.repository_id == repository_id)).all():
        if row.name in named:
            session.delete(row)
    for one in newest.state.lfs:
        session.merge(LfsObject(repository_id=repository_id, **one.__dict__))
