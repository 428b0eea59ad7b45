"""Databases that were restored from a backup: where the log knows versions that SQL lacks, nobody may write."""

import logging
import os
from collections.abc import Sequence

from sqlalchemy import and_, or_, select

from framework.database.session import reading
from framework.repositories.cache import DatabaseBehind
from framework.repositories.entries import LogKey, Place, list_log
from framework.repositories.models import Version
from framework.repositories.snapshot import read_snapshot

log = logging.getLogger(__name__)

_written: set[tuple[int, str]] = set()


def refuse_behind(repository_id: str) -> None:
    """Compare the log with SQL before this process's first write to a repository: one request, and none later.

    Raises:
        DatabaseBehind: the log tells of versions that SQL does not know; the repository is read-only.
    """
    mine = (os.getpid(), repository_id)
    if mine in _written:
        return
    if is_behind(repository_id):
        log.critical("the log of %s knows more than the database; run `flask storage resume`", repository_id)
        raise DatabaseBehind
    _written.add(mine)


def note_new(repository_id: str) -> None:
    """This process has just made the repository under a random name: nobody can have written a log of it."""
    _written.add((os.getpid(), repository_id))


def is_behind(repository_id: str) -> bool:
    """Whether the log has an entry from SQL's version on that SQL does not know.

    SQL is read once more after the listing: an entry is written after its commit, so a version that another process
    commits meanwhile is found there.
    """
    snapshot = read_snapshot(repository_id)
    listed = list_log(repository_id, (snapshot.epoch, snapshot.version))
    return bool(unknown(repository_id, listed))


def unknown(repository_id: str, listed: Sequence[LogKey]) -> list[LogKey]:
    """The entries among these, oldest first, that SQL does not know."""
    if not listed:
        return []
    known = known_hashes(repository_id, listed[0].place)
    return [key for key in listed if not key.names(known.get(key.place, ""))]


def known_hashes(repository_id: str, since: Place = (0, 0)) -> dict[Place, str]:
    """The hashes of the entries that SQL knows from this version on."""
    epoch, version = since
    later = or_(Version.epoch > epoch, and_(Version.epoch == epoch, Version.version >= version))
    query = select(Version.epoch, Version.version, Version.entry_hash)
    with reading() as session:
        rows = session.execute(query.where(Version.repository_id == repository_id, later)).all()
    return {(row.epoch, row.version): row.entry_hash for row in rows}
