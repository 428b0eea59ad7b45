"""Databases that were restored from a backup: where the journal knows versions that SQL lacks, nobody may write."""

import logging
import os
from collections.abc import Sequence

from sqlalchemy import and_, func, or_, select, update

from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Unavailable
from framework.lru import LRUCache
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.journal.keys import JournalKey, Place, Settled, list_entries
from framework.repositories.models import Repository, SettledEntry, Version
from framework.storage.current import ownership

log = logging.getLogger(__name__)

MOST_WRITTEN = 10_000
"""Repositories that a process knows to have written to; one that it forgets costs another look at the journal."""

_written: LRUCache[str, int] = LRUCache(MOST_WRITTEN)


class DatabaseBehind(Unavailable):
    """The local copy or the journal knows a version that SQL does not: the database was restored from a backup."""

    def __init__(self) -> None:
        super().__init__("This project is being recovered after a restore; try again later.")


def refuse_divergence(repository_id: str) -> None:
    """Compare the journal with SQL before this process's first write to a repository: one request, and none soon after.

    Raises:
        DatabaseBehind: the journal tells of versions that SQL does not know; the repository is read-only.
        NotOwner: it does because another database has taken the bucket over; nothing is recovered here.
    """
    if _written.get(repository_id, 0) == os.getpid():
        return
    if has_diverged(repository_id):
        note_diverged(repository_id)
        raise DatabaseBehind
    _note_written(repository_id)


def note_new(repository_id: str) -> None:
    """This process has just made the repository under a random name: nobody can have written a journal of it."""
    _note_written(repository_id)


def has_diverged(repository_id: str) -> bool:
    """Whether the journal has an entry from SQL's version on that SQL does not know.

    SQL is read once more after the listing: an entry is written after its commit, so a version that another process
    commits meanwhile is found there.
    """
    snapshot = read_snapshot(repository_id)
    listed = list_entries(repository_id, (snapshot.epoch, snapshot.version))
    return bool(find_unknown_entries(repository_id, listed))


def note_diverged(repository_id: str) -> None:
    """Have nobody write to a repository whose journal has gone on without SQL, and the operator told of it.

    Raises:
        NotOwner: another database has taken the bucket over and writes the journal; nothing is to be recovered here.
    """
    ownership().look()
    log.critical(
        "ALARM: the journal of %s knows versions that the database does not: run `flask storage resume`", repository_id
    )
    with transaction() as session:
        missing = Repository.id == repository_id, Repository.diverged_at.is_(None)
        session.execute(update(Repository).where(*missing).values(diverged_at=now()))


def count_diverged() -> int:
    """How many repositories nobody may write to before `flask storage resume`, as far as anybody has noticed."""
    with read_transaction() as session:
        diverged = select(func.count()).select_from(Repository).where(Repository.diverged_at.is_not(None))
        return session.scalar(diverged) or 0


def find_unknown_entries(repository_id: str, listed: Sequence[JournalKey]) -> list[JournalKey]:
    """The entries among these, oldest first, that SQL does not know and no recovery has dealt with."""
    if not listed:
        return []
    known = read_known_hashes(repository_id, listed[0].place)
    strange = [key for key in listed if not key.names(known.get(key.place, ""))]
    settled = read_settled_entries(repository_id) if strange else set()
    return [key for key in strange if key.settled not in settled]


def read_settled_entries(repository_id: str) -> set[Settled]:
    """The entries that belong to another line of history than SQL's."""
    query = select(SettledEntry.epoch, SettledEntry.version, SettledEntry.hash_start)
    with read_transaction() as session:
        rows = session.execute(query.where(SettledEntry.repository_id == repository_id)).all()
    return {((row.epoch, row.version), row.hash_start) for row in rows}


def read_known_hashes(repository_id: str, since: Place = (0, 0)) -> dict[Place, str]:
    """The hashes of the entries that SQL knows from this version on."""
    epoch, version = since
    later = or_(Version.epoch > epoch, and_(Version.epoch == epoch, Version.version >= version))
    query = select(Version.epoch, Version.version, Version.entry_hash)
    with read_transaction() as session:
        rows = session.execute(query.where(Version.repository_id == repository_id, later)).all()
    return {(row.epoch, row.version): row.entry_hash for row in rows}


def _note_written(repository_id: str) -> None:
    _written.put(repository_id, os.getpid())
