"""Old journal entries, deleted once two later checkpoints replace them."""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import and_, or_, update

from framework import config
from framework.database.session import transaction
from framework.database.types import now
from framework.repositories.journal.checkpoints import read_checkpoint
from framework.repositories.journal.divergence import read_known_hashes
from framework.repositories.journal.keys import CheckpointDamaged, Journal, Place, journal_keys, oldest_needed
from framework.repositories.models import Version
from framework.storage.contract import StoredObject


def list_expired(repository_id: str, journal: Journal, listed: Sequence[StoredObject]) -> list[StoredObject]:
    """The entries and checkpoints of a repository that may be deleted, among all of its objects, in their order.

    The versions stay in SQL, their content in Git. Entries go up to one whose version has a checkpoint, so that the
    rest begins with a complete state, and only if the last two checkpoints can be read.
    """
    places = {key.key: key.place for key in journal.entries}
    places |= {checkpoint.key: checkpoint.entry.place for checkpoint in journal.checkpoints}
    before = now() - timedelta(days=config.current().log_retention_days)
    if not journal.checkpoints or not any(entry.modified_at <= before for entry in listed if entry.key in places):
        return []
    needed = oldest_needed(journal, read_known_hashes(repository_id, journal.checkpoints[0].entry.place))
    young = min((places[one.key] for one in listed if one.key in places and one.modified_at > before), default=needed)
    ends = (checkpoint.entry.place for checkpoint in journal.checkpoints)
    since = max((end for end in ends if end <= min(needed, young)), default=None)
    old = [entry for entry in listed if since and entry.key in places and places[entry.key] < since]
    return old if old and _are_whole(journal, needed) else []


def note_dropped(repository_id: str, expired: Sequence[StoredObject]) -> None:
    """Note in SQL which versions have no journal entry from now on, before these objects are deleted."""
    places = [key.place for key in journal_keys(expired)]
    if not places:
        return
    epoch, version = max(places)
    until = or_(Version.epoch < epoch, and_(Version.epoch == epoch, Version.version <= version))
    theirs = Version.repository_id == repository_id, until, Version.dropped_at.is_(None)
    with transaction() as session:
        session.execute(update(Version).where(*theirs).values(dropped_at=now()))


def _are_whole(journal: Journal, since: Place) -> bool:
    try:
        for checkpoint in journal.checkpoints:
            if checkpoint.entry.place >= since:
                read_checkpoint(checkpoint)
    except CheckpointDamaged:
        return False
    return True
