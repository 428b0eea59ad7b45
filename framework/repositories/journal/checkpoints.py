"""Checkpoints: the complete state at one version, so that a rebuild need not read the journal from its beginning."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.journal.keys import FORMAT, CheckpointDamaged, CheckpointKey, read_document
from framework.repositories.journal.state import State, parse_state, read_state, state_document
from framework.repositories.models import LEAST_ENTRIES_BYTES, Repository
from framework.storage.current import store

URGENT_BYTES = 4 << 20
"""Entries of this size are not left to the hourly task: whoever reads the journal holds those since a checkpoint."""
MOST_AT_ONCE = 1000


def list_due() -> Sequence[str]:
    """The repositories with enough journal entries since their last checkpoint, most first."""
    since = Repository.uncheckpointed_bytes
    due = since >= LEAST_ENTRIES_BYTES, since >= Repository.checkpoint_bytes, Repository.diverged_at.is_(None)
    with read_transaction() as session:
        return session.scalars(select(Repository.id).where(*due).order_by(since.desc()).limit(MOST_AT_ONCE)).all()


def is_urgent(repository: Repository) -> bool:
    """Whether the next checkpoint should be written at once."""
    return (repository.uncheckpointed_bytes or 0) >= max(URGENT_BYTES, repository.checkpoint_bytes)


def write_checkpoint(repository_id: str, *, least_bytes: int = LEAST_ENTRIES_BYTES) -> bool:
    """Write a checkpoint of the newest version if one is due; whether it was written.

    One is due when the entries since the last one add up to its size, so that it at most doubles what a change costs,
    and to `least_bytes`. With 0 it always is.

    Raises:
        NotOwner, StoreUnavailable, StoreRefused: it may not be in the store; the one before it still serves.
    """
    due = _read_due_version(repository_id, least_bytes)
    if due is None:
        return False
    data = gzip.compress(json.dumps(due.document, sort_keys=True, ensure_ascii=False).encode(), mtime=0)
    checkpoint_hash = hashlib.sha256(data).hexdigest()
    store().permit_write()
    key = object_keys.checkpoint_key(repository_id, due.epoch, due.version, due.entry_hash, checkpoint_hash)
    store().put(key, data, sha256=checkpoint_hash)
    _record_checkpoint(repository_id, due, checkpoint_hash, len(data))
    return True


def read_checkpoint(key: CheckpointKey) -> State:
    """What the checkpoint tells, checked against its key.

    Raises:
        CheckpointDamaged: it is missing, altered, of another entry, or of a newer format.
    """
    _hash, document = read_document(key, gzip.decompress)
    if not key.entry.names(document["entry"]):
        raise CheckpointDamaged(key, "is of another version than its name says")
    return parse_state(document["state"])


@dataclass(frozen=True)
class _DueVersion:
    """A version as SQL had it: where it stands, the size of the entries that its checkpoint replaces, and that."""

    epoch: int
    version: int
    entry_hash: str
    uncheckpointed_bytes: int
    document: dict[str, object]


def _read_due_version(repository_id: str, least_bytes: int) -> _DueVersion | None:
    """The newest version if it is due, read in one transaction, so that all of it is of one version."""
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        if row is None or row.entry_hash is None or row.uncheckpointed_bytes is None or row.diverged_at is not None:
            return None
        if least_bytes and row.uncheckpointed_bytes < max(least_bytes, row.checkpoint_bytes):
            return None
        document = {
            "format": FORMAT,
            "repository": row.id,
            "epoch": row.epoch,
            "version": row.version,
            "entry": row.entry_hash,
            "previous": row.checkpoint_hash,
            "at": now().isoformat(),
            "state": state_document(read_state(session, row)),
        }
        return _DueVersion(row.epoch, row.version, row.entry_hash, row.uncheckpointed_bytes, document)


def _record_checkpoint(repository_id: str, due: _DueVersion, checkpoint_hash: str, size_bytes: int) -> None:
    """Count its size, and from then on only the entries that were written after it was read."""
    with transaction() as session:
        row = session.get(Repository, repository_id, with_for_update=True)
        if row is None or row.epoch != due.epoch or row.uncheckpointed_bytes is None:
            return
        if row.uncheckpointed_bytes < due.uncheckpointed_bytes:  # another process has written one meanwhile
            return
        row.checkpoint_hash, row.checkpoint_bytes = checkpoint_hash, size_bytes
        row.uncheckpointed_bytes -= due.uncheckpointed_bytes
