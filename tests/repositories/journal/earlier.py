"""Journals as earlier releases wrote them."""

import hashlib
import json

from sqlalchemy import select

from framework.database.session import transaction
from framework.database.types import now
from framework.repositories.journal.keys import JournalKey
from framework.repositories.journal.state import read_state, state_document
from framework.repositories.maintenance.indexes import write_indexes
from framework.repositories.models import Repository, Version
from framework.storage.current import store
from tests import moments
from tests.repositories.conftest import Bench


def rewrite_newest_entry(bench: Bench, *, indexes_stored: bool = True) -> JournalKey:
    """Have the newest version's entry tell everything, in format 1, and SQL be as a migration leaves it.

    The release stored each index; after a rollback it takes those for stored that are not.
    """
    if indexes_stored:
        write_indexes(bench.repository_id)
    with transaction() as session:
        repository = session.get_one(Repository, bench.repository_id)
        here = Version.repository_id == bench.repository_id
        version = session.scalars(select(Version).where(here).order_by(Version.epoch, Version.version)).all()[-1]
        before = JournalKey(bench.repository_id, version.epoch, version.version, version.entry_hash[:16])
        document = state_document(read_state(session, repository)) | {
            "format": 1,
            "repository": repository.id,
            "epoch": version.epoch,
            "version": version.version,
            "previous": version.previous_hash,
            "pack_generation": version.pack_generation,
            "push": version.push_id,
            "actor": version.actor,
            "at": now().isoformat(),
            "ref_updates": [],
            "large_blobs": {},
        }
        document.pop("unstored_indexes", None)
        data = json.dumps(document, sort_keys=True, separators=(",", ":")).encode()
        version.entry_hash = repository.entry_hash = hashlib.sha256(data).hexdigest()
        repository.uncheckpointed_bytes, repository.checkpoint_bytes, repository.checkpoint_hash = None, 0, None
        key = JournalKey(bench.repository_id, version.epoch, version.version, version.entry_hash[:16])
    store().delete(before.key)
    store().put(key.key, data, sha256=hashlib.sha256(data).hexdigest())
    moments.start_anew()
    return key
