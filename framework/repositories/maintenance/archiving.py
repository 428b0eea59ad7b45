"""Archiving: a project is packed neatly in the store, and no machine keeps a copy; the next visit fetches it again."""

from dataclasses import dataclass

from framework.celery.jobs import Work
from framework.repositories.cache import eviction, usage
from framework.repositories.cache.archived import note_archived
from framework.repositories.maintenance.consolidation import UNCHANGED, RepackRequest, consolidate


@dataclass(frozen=True)
class Archived:
    """What came of it in a sentence, and whether the copy on this machine is gone; it stays while somebody reads it."""

    sentence: str
    dropped: bool


def archive(repository_id: str, work: Work) -> Archived:
    """Consolidate, and have the copies dropped: here at once, elsewhere at each process's next sweep.

    Raises:
        What `consolidate` raises: the project stays as it is.
    """
    with usage.suppress_usage():
        done = consolidate(RepackRequest(repository_id), work)
    note_archived(repository_id)
    sentence = done.sentence if done else UNCHANGED
    work.say(sentence)
    return Archived(sentence, eviction.evict(repository_id))
