"""Old entries of the journal: dropped when two checkpoints tell all that they led to, and nobody may want to look."""

from collections.abc import Sequence
from datetime import timedelta

from framework import config
from framework.database.types import now
from framework.repositories.journal.checkpoints import read_checkpoint
from framework.repositories.journal.divergence import read_known_hashes
from framework.repositories.journal.keys import CheckpointDamaged, Journal, Place, kept_since
from framework.storage.contract import StoredObject


def list_droppable(repository_id: str, journal: Journal, listed: Sequence[StoredObject]) -> list[StoredObject]:
    """What may go of a repository's journal among all of its objects, oldest first.

    The versions stay in SQL, their content in Git. Nothing goes unless the last two checkpoints can be read, and no
    entry from the earlier one on.
    """
    before = now() - timedelta(days=config.current().log_retention_days)
    names = {key.key: key.place for key in journal.entries}
    names |= {checkpoint.key: checkpoint.entry.place for checkpoint in journal.checkpoints}
    old = [entry for entry in listed if entry.key in names and entry.modified_at <= before]
    if not old or not journal.checkpoints:
        return []
    since = kept_since(journal, read_known_hashes(repository_id, journal.checkpoints[0].entry.place))
    droppable = [entry for entry in old if names[entry.key] < since]
    return droppable if droppable and _are_whole(journal, since) else []


def _are_whole(journal: Journal, since: Place) -> bool:
    try:
        for checkpoint in journal.checkpoints:
            if checkpoint.entry.place >= since:
                read_checkpoint(checkpoint)
    except CheckpointDamaged:
        return False
    return True
