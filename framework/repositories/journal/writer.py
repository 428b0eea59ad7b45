"""The journal: one object for each version, written after the commit point from the bytes that SQL holds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Unavailable
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change
from framework.repositories.catalog.pack_records import LoggedPack
from framework.repositories.models import LfsObject, Pack, Ref, Repository, SettledEntry, Version
from framework.storage.current import store

FORMAT = 1


class NotConfirmed(Unavailable):
    """SQL has the version, and its journal entry is not in the store yet; a worker writes it, repeating is safe."""

    def __init__(self) -> None:
        super().__init__("Your change is stored, but not yet confirmed. Look again in a minute; repeating it is safe.")


def entry_bytes(session: Session, repository: Repository, change: Change) -> bytes:
    """The canonical journal entry of the repository as this transaction leaves it: JSON, UTF-8, keys sorted."""
    refs = session.execute(select(Ref.name, Ref.sha).where(Ref.repository_id == repository.id))
    in_use = Pack.repository_id == repository.id, Pack.superseded_version.is_(None)
    packs = session.scalars(select(Pack).where(*in_use).order_by(Pack.name)).all()
    lfs = session.scalars(select(LfsObject).where(LfsObject.repository_id == repository.id).order_by(LfsObject.oid))
    document = {
        "format": FORMAT,
        "repository": repository.id,
        "epoch": repository.epoch,
        "version": repository.version,
        "previous": repository.entry_hash,
        "pack_generation": repository.pack_generation,
        "push": change.push_id,
        "actor": change.actor,
        "at": now().isoformat(),
        "default_branch": repository.default_branch,
        "refs": dict(refs.all()),
        "ref_updates": [asdict(update) for update in change.updates],
        "packs": [LoggedPack.values_of(pack) for pack in packs],
        "side_files": {pack.name: pack.side_files for pack in packs if pack.side_files},
        "large_blobs": {sha: size for pack in change.packs for sha, size in pack.sizes.items()},
        "lfs": [_lfs_line(one) for one in lfs],
        "project": repository.about,
    }
    if settled := _list_settled(session, repository.id):  # a rebuild has only the journal to know them from
        document["settled"] = settled
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def entry_hash(entry: bytes) -> str:
    """The hash that the next entry and the key name: SHA-256 of the entry's bytes, in hex."""
    return hashlib.sha256(entry).hexdigest()


def confirm(repository_id: str) -> None:
    """Write the entries that the store lacks, oldest first, and clear their bytes in SQL.

    Any process may do it, twice too: the key names the content. Permission is asked for again when they are written,
    since an entry that came after the bucket's next owner had read the journal would be acknowledged and never found.

    Raises:
        NotConfirmed: the store does not take an entry, or another deployment has taken the bucket over meanwhile.
    """
    try:
        for version in _list_unconfirmed(repository_id):
            _write(version)
        store().permit_write()
    except Unavailable as error:
        raise NotConfirmed from error


def list_unconfirmed_repositories() -> Sequence[str]:
    """The repositories that have a version whose journal entry is not in the store yet."""
    with read_transaction() as session:
        return session.scalars(select(Version.repository_id).where(Version.confirmed_at.is_(None)).distinct()).all()


def _list_unconfirmed(repository_id: str) -> Sequence[Version]:
    with read_transaction() as session:
        return session.scalars(
            select(Version)
            .where(Version.repository_id == repository_id, Version.confirmed_at.is_(None))
            .order_by(Version.epoch, Version.version)
        ).all()


def _write(version: Version) -> None:
    if version.entry is None:  # another process has confirmed it since it was read
        return
    key = object_keys.journal_key(version.repository_id, version.epoch, version.version, version.entry_hash)
    store().put(key, version.entry, sha256=version.entry_hash)
    with transaction() as session:
        session.execute(
            update(Version)
            .where(
                Version.repository_id == version.repository_id,
                Version.epoch == version.epoch,
                Version.version == version.version,
            )
            .values(entry=None, confirmed_at=now())
        )


def _list_settled(session: Session, repository_id: str) -> list[list[object]]:
    query = select(SettledEntry.epoch, SettledEntry.version, SettledEntry.hash_start)
    rows = session.execute(query.where(SettledEntry.repository_id == repository_id)).all()
    return sorted([list(row) for row in rows])


def _lfs_line(one: LfsObject) -> dict[str, object]:
    return {name: getattr(one, name) for name in ("oid", "name", "size_bytes", "epoch", "version")}
