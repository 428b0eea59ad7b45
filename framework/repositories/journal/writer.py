"""The journal: one object for each version, written after the commit point from the bytes that SQL holds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Unavailable
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change, Repacking
from framework.repositories.catalog.pack_records import PackRecord
from framework.repositories.journal.state import Facts, read_state, state_document
from framework.repositories.models import Repository, Version
from framework.storage.current import store

IDENTITY = ("name", "owner")
"""The facts of a project that every entry tells."""
FORMAT = 2
"""Entries of format 1 told everything: all refs, packs and LFS objects of the version, and all facts."""


class NotConfirmed(Unavailable):
    """SQL has the version, and its journal entry is not in the store yet; a worker writes it, repeating is safe."""

    def __init__(self) -> None:
        super().__init__("Your change is stored, but not yet confirmed. Look again in a minute; repeating it is safe.")


def entry_bytes(session: Session, repository: Repository, change: Change, facts: Facts) -> bytes:
    """The canonical journal entry of the version that this transaction makes: JSON, UTF-8, keys sorted.

    It tells what the version changes, with `facts` of the project, so that its size grows with the change alone. The
    entry after a recovery, and the first that this release writes, tell everything beside that.
    """
    document: dict[str, Any] = {
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
    }
    changed = {
        "checkpoint": repository.checkpoint_hash,
        "ref_updates": [asdict(update) for update in change.updates],
        "packs": [PackRecord.values_of(pack) for pack in change.packs],
        "side_files": {pack.name: pack.recorded_side_files for pack in change.packs if pack.side_files},
        "large_blobs": {sha: size for pack in change.packs for sha, size in pack.sizes.items()},
        "lfs": [asdict(one) for one in change.lfs],
        "project": _identity(repository) | dict(facts.told),
        "project_removed": list(facts.removed),
        **(_retirements(change.repacking) if change.repacking else {}),
    }
    document |= {name: value for name, value in changed.items() if value}
    if _tells_everything(repository):
        document["state"] = state_document(read_state(session, repository))
    return json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()


def _identity(repository: Repository) -> dict[str, Any]:
    """What every entry tells of the project: whose it is, for a rebuild that can read no other."""
    return {name: repository.about[name] for name in IDENTITY if name in repository.about}


def _retirements(repacking: Repacking) -> dict[str, list[str]]:
    return {
        "retired_packs": sorted(repacking.retired),
        "forgotten_blobs": sorted(repacking.forgotten),
        "retired_lfs": sorted(repacking.forgotten_lfs),
    }


def _tells_everything(repository: Repository) -> bool:
    """Whether the entries before this one, if there are any, do not lead to what SQL has."""
    return repository.entries_bytes is None and repository.entry_hash is not None


def count_entry(repository: Repository, entry: bytes) -> None:
    """Note how much a rebuild would read after the newest text of everything, which may be this entry."""
    if _tells_everything(repository):
        repository.entries_bytes, repository.checkpoint_bytes = 0, len(entry)
    else:
        repository.entries_bytes = (repository.entries_bytes or 0) + len(entry)


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
