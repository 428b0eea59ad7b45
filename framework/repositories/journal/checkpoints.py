"""Checkpoints: all that a version left, so that a rebuild need not read the journal from its beginning."""

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.repositories import object_keys
from framework.repositories.journal.keys import CheckpointDamaged, CheckpointKey
from framework.repositories.journal.state import State, parse_state, read_state, state_document
from framework.repositories.journal.writer import FORMAT
from framework.repositories.models import LEAST_ENTRIES_BYTES, Repository
from framework.storage.contract import ObjectMissing
from framework.storage.current import store


def list_due(limit: int = 1000) -> Sequence[str]:
    """Repositories that have journal entries enough for another checkpoint."""
    due = Repository.entries_bytes >= LEAST_ENTRIES_BYTES, Repository.entries_bytes >= Repository.checkpoint_bytes
    with read_transaction() as session:
        return session.scalars(select(Repository.id).where(*due).limit(limit)).all()


def write_checkpoint(repository_id: str, *, least_bytes: int | None = None, anew: bool = False) -> bool:
    """Write one of the newest version, if it is due; whether it was written.

    It is when the entries since the one before have become as large as that, so that each version pays for its own
    change and as much again, however large the repository is; and when they have become `least_bytes`, which is
    `LEAST_ENTRIES_BYTES` if it is not given. With `anew` it always is, as where entries since the one before are lost.

    Raises:
        NotOwner, StoreUnavailable: it is not known to be in the store; the one before it and the entries since are.
    """
    taken = _take(repository_id, 0 if anew else least_bytes or LEAST_ENTRIES_BYTES)
    if taken is None:
        return False
    data = gzip.compress(json.dumps(taken.document, sort_keys=True, ensure_ascii=False).encode(), mtime=0)
    checkpoint_hash = hashlib.sha256(data).hexdigest()
    store().permit_write()
    key = object_keys.checkpoint_key(repository_id, taken.epoch, taken.version, taken.entry_hash, checkpoint_hash)
    store().put(key, data, sha256=checkpoint_hash)
    _note(repository_id, taken, checkpoint_hash, len(data))
    return True


def read_checkpoint(key: CheckpointKey) -> State:
    """What the checkpoint tells, checked against its key.

    Raises:
        CheckpointDamaged: it is missing, altered, or of a newer format.
    """
    try:
        data = store().read(key.key)
    except ObjectMissing as error:
        raise CheckpointDamaged(key, "is missing in the object store") from error
    if not key.names(hashlib.sha256(data).hexdigest()):
        raise CheckpointDamaged(key, "is damaged: its bytes are not those that its name promises")
    document = json.loads(gzip.decompress(data))
    if document["format"] > FORMAT:
        raise CheckpointDamaged(key, f"has the format {document['format']}, which a newer release wrote; update first")
    return parse_state(document["state"])


@dataclass(frozen=True)
class _Taken:
    """A version as SQL had it: where it stands, the bytes of entries that it makes up for, and its checkpoint."""

    epoch: int
    version: int
    entry_hash: str
    entries_bytes: int
    document: dict[str, object]


def _take(repository_id: str, least_bytes: int) -> _Taken | None:
    """The newest version if it is due, read in one transaction, so that all of it is of one version."""
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        if row is None or row.entry_hash is None or row.entries_bytes is None or row.diverged_at is not None:
            return None
        if least_bytes and row.entries_bytes < max(least_bytes, row.checkpoint_bytes):
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
        return _Taken(row.epoch, row.version, row.entry_hash, row.entries_bytes, document)


def _note(repository_id: str, taken: _Taken, checkpoint_hash: str, size_bytes: int) -> None:
    """The next entry names it; those that were written meanwhile come after it."""
    with transaction() as session:
        row = session.get(Repository, repository_id, with_for_update=True)
        if row is None or row.epoch != taken.epoch or (row.entries_bytes or 0) < taken.entries_bytes:
            return
        row.checkpoint_hash, row.checkpoint_bytes = checkpoint_hash, size_bytes
        row.entries_bytes = (row.entries_bytes or 0) - taken.entries_bytes
