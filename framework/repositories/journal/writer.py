"""The journal: one object for each version, written after the commit point from the bytes that SQL holds."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, case, inspect, select, update
from sqlalchemy.orm import Session

from framework.database.session import read_rows, read_transaction, transaction
from framework.database.types import from_now, later, now
from framework.errors import Unavailable
from framework.repositories import object_keys
from framework.repositories.catalog.changes import Change
from framework.repositories.catalog.pack_records import PackRecord
from framework.repositories.journal.keys import FORMAT
from framework.repositories.journal.state import Facts, describe_packs, read_state, state_document
from framework.repositories.models import Repository, Version
from framework.storage.current import store

ALWAYS_RECORDED = ("name", "owner", "deleted_at")
"""Facts that every entry has, as far as there are any: whose project it is, and whether it is to come back."""
CONFIRMED_BY_ITS_MAKER = timedelta(seconds=30)
TRIED_EVERY = timedelta(minutes=1)


class NotConfirmed(Unavailable):
    """SQL has the version, and its journal entry is not in the store yet; a worker writes it, repeating is safe."""

    def __init__(self) -> None:
        super().__init__("Your change is stored, but not yet confirmed. Look again in a minute; repeating it is safe.")


def make_entry(
    session: Session, repository: Repository, change: Change, facts: Facts, retired_lfs: Sequence[str]
) -> bytes:
    """The canonical journal entry of the version that this transaction makes: JSON, UTF-8, keys sorted.

    It has what the version changes, with `facts` of the project and the names of LFS objects that it retires, so that
    its size grows with the change alone. Where the entries so far cannot reproduce what SQL has, after a recovery and
    after the upgrade from format 1, it contains the complete state, too. The repository counts its bytes.
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
        "ref_updates": [vars(update) for update in change.updates],
        **describe_packs([PackRecord.values_of(pack) for pack in change.packs]),
        "retired_packs": sorted(change.repacking.retired) if change.repacking else [],
        "side_files": {pack.name: pack.recorded_side_files for pack in change.packs if pack.side_files},
        "large_blobs": {sha: size for pack in change.packs for sha, size in pack.sizes.items()},
        "forgotten_blobs": sorted(change.repacking.forgotten) if change.repacking else [],
        "lfs": [asdict(one) for one in change.lfs],
        "retired_lfs": sorted(retired_lfs),
        "project": _read_always_recorded(session, repository) | dict(facts.values),
        "project_removed": list(facts.removed),
    }
    document |= {name: value for name, value in changed.items() if value}
    needs_state = repository.uncheckpointed_bytes is None and repository.entry_hash is not None
    if needs_state:
        document["state"] = state_document(read_state(session, repository))
    entry = json.dumps(document, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode()
    if needs_state:
        repository.uncheckpointed_bytes, repository.checkpoint_bytes = 0, len(entry)
    else:
        repository.uncheckpointed_bytes = (repository.uncheckpointed_bytes or 0) + len(entry)
    return entry


def _read_always_recorded(session: Session, repository: Repository) -> dict[str, Any]:
    """Taken out of the facts by the database, which holds a fact for each member beside them, unless they are here."""
    if "about" not in inspect(repository).unloaded:
        return {name: repository.about[name] for name in ALWAYS_RECORDED if repository.about.get(name) is not None}
    row = session.execute(_ALWAYS_RECORDED, {"repository_id": repository.id}).one()
    found = zip(ALWAYS_RECORDED, row, strict=True)
    return {name: value for name, value in found if value is not None}


_ALWAYS_RECORDED = select(*(Repository.about[name] for name in ALWAYS_RECORDED)).where(
    Repository.id == bindparam("repository_id")
)


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


def needs_confirmation_at(last_run: ColumnElement[datetime]) -> Sequence[ColumnElement[datetime]]:
    """When entries are to be written that their makers have not, in SQL; NULL while the store has all of them."""
    left = and_(Version.confirmed_at.is_(None), Version.created_at < from_now(-CONFIRMED_BY_ITS_MAKER))
    return [case((select(Version.push_id).where(left).exists(), later(last_run, TRIED_EVERY)))]


def list_unconfirmed_repositories() -> Sequence[str]:
    """The repositories that have a version whose journal entry is not in the store yet."""
    with read_transaction() as session:
        return session.scalars(select(Version.repository_id).where(Version.confirmed_at.is_(None)).distinct()).all()


class _Unconfirmed(NamedTuple):
    """A version, and the bytes of its entry, which are None once some process has confirmed it."""

    repository_id: str
    epoch: int
    version: int
    entry_hash: str
    entry: bytes | None


def _list_unconfirmed(repository_id: str) -> list[_Unconfirmed]:
    with read_rows() as connection:
        return [_Unconfirmed(*row) for row in connection.execute(_UNCONFIRMED, {"repository_id": repository_id})]


def _write(version: _Unconfirmed) -> None:
    if version.entry is None:
        return
    key = object_keys.journal_key(version.repository_id, version.epoch, version.version, version.entry_hash)
    store().put(key, version.entry, sha256=version.entry_hash)
    place = {"of_repository": version.repository_id, "of_epoch": version.epoch, "of_version": version.version}
    with transaction() as session:
        session.connection().execute(_CONFIRM, {**place, "moment": now()})


_UNCONFIRMED = (
    select(*(getattr(Version, name) for name in _Unconfirmed._fields))
    .where(Version.repository_id == bindparam("repository_id"), Version.confirmed_at.is_(None))
    .order_by(Version.epoch, Version.version)
)
_CONFIRM = (
    update(Version.__table__)
    .where(
        Version.repository_id == bindparam("of_repository"),
        Version.epoch == bindparam("of_epoch"),
        Version.version == bindparam("of_version"),
    )
    .values(entry=None, confirmed_at=bindparam("moment"))
)
