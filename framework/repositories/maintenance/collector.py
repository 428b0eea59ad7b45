"""The collector: deletes what no version and no push names, and never what the journal names, however old SQL is."""

import logging
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from framework import config
from framework.database.batches import in_batches
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now, now
from framework.repositories.catalog.lfs_objects import delete_doomed
from framework.repositories.journal.divergence import find_unknown_entries, has_diverged, note_diverged
from framework.repositories.journal.keys import EntryDamaged, Journal, Place, list_repositories, pick_journal
from framework.repositories.journal.reader import read_entry
from framework.repositories.journal.versions import FullVersion, read_version
from framework.repositories.maintenance.journal_retention import list_expired, note_dropped
from framework.repositories.models import DOOMED, RETIRED, LfsObject, Pack, Repository, StagedLfs, StagedPush, Version
from framework.storage.contract import StoredObject
from framework.storage.current import store

log = logging.getLogger(__name__)

_NAMED = re.compile(
    r"repos/[0-9a-f]{32}/(?:packs/pack-(?P<pack>[0-9a-f]{32})\.[a-z]+|lfs/[0-9a-f]{64}-(?P<lfs>[0-9a-f]{32}))"
)

UNKNOWN = "the database does not know this project, and the journal does not say that it was deleted"
BEHIND = "the journal knows more than the database; use `flask storage resume`"
UNREADABLE = "its journal cannot be read back to a complete state; use `flask storage verify`"


@dataclass(frozen=True)
class Collected:
    """What was deleted of one repository, and why it was left alone if it was."""

    repository_id: str
    objects: int = 0
    size_bytes: int = 0
    left_because: str | None = None


@dataclass(frozen=True)
class _Known:
    """What SQL says, read after the listing: names in use or on their way, and packs superseded long enough ago.

    Packs and LFS objects have random names, so that one set holds both.
    """

    place: Place
    in_use: set[str] = field(default_factory=set)
    superseded: dict[str, int] = field(default_factory=dict)


def collect(older_than_hours: float | None = None) -> Iterator[Collected]:
    """Delete what nothing names and is older than this (`STAGED_HOURS`), repository by repository.

    The store is listed first and SQL read afterwards: what was there at the listing has been staged or committed
    before.
    """
    hours = config.current().staged_hours if older_than_hours is None else older_than_hours
    before = now() - timedelta(hours=hours)
    for repository_id, listed in list_repositories():
        yield _collect_one(repository_id, listed, before)


def sweep_lfs() -> int:
    """Clean up objects that were never sent whole or never named; how many.

    As with pushes, everything stays where the journal knows more than SQL: a version may have named them since. What a
    purge has retired is the collector's, who asks the journal whether it is still named.
    """
    over = StagedLfs.expires_at < from_now()
    with transaction() as session:
        session.execute(delete(StagedLfs).where(StagedLfs.state == RETIRED, over))
        session.execute(update(StagedLfs).where(StagedLfs.state != DOOMED, over).values(state=DOOMED))
    with read_transaction() as session:
        concerned = session.scalars(select(StagedLfs.repository_id).where(StagedLfs.state == DOOMED).distinct()).all()
    known = [repository_id for repository_id in concerned if not has_diverged(repository_id)]
    return sum(delete_doomed(StagedLfs.repository_id == repository_id) for repository_id in known)


def _collect_one(repository_id: str, listed: Sequence[StoredObject], before: datetime) -> Collected:
    journal = pick_journal(listed)
    known = _read_known(repository_id)
    if known is None:
        return _collect_deleted(repository_id, listed, journal, before)
    strange = find_unknown_entries(repository_id, journal.entries)
    if any(key.place > known.place for key in strange):
        note_diverged(repository_id)
    if strange:  # the packs of versions that SQL does not know look like orphans
        log.critical("ALARM: nothing of %s is collected: %s", repository_id, BEHIND)
        return Collected(repository_id, left_because=BEHIND)
    orphans = [entry for entry in listed if _is_orphan(entry, known, before)]
    retired = [entry for entry in listed if _name(entry) in known.superseded]
    expired = list_expired(repository_id, journal, listed)
    if not orphans and not retired and not expired:
        return Collected(repository_id)
    try:
        newest = read_version(journal, journal.entries[-1]) if journal.entries else None
    except EntryDamaged:
        newest = None
    if (newest is None or newest.gap) and (journal.entries or known.place[1]):
        return Collected(repository_id, left_because=UNREADABLE)
    note_dropped(repository_id, expired)
    return _delete(repository_id, [*_drop_named([*orphans, *retired], known, newest), *expired])


def _read_known(repository_id: str) -> _Known | None:
    packs = select(Pack.name, Pack.superseded_version).where(Pack.repository_id == repository_id)
    staged = select(StagedPush.pack_names).where(StagedPush.repository_id == repository_id)
    lfs = select(LfsObject.name).where(LfsObject.repository_id == repository_id)
    staged_lfs = select(StagedLfs.name).where(StagedLfs.repository_id == repository_id)
    with read_transaction() as session:
        row = session.get(Repository, repository_id)
        if row is None:
            return None
        superseded_by = dict(session.execute(packs).all())
        on_their_way = {name for names in session.scalars(staged) for name in names}
        large_files = {*session.scalars(lfs), *session.scalars(staged_lfs)}
        oldest_in_use = _oldest_in_use(session, repository_id)
    retired = {
        name: version
        for name, version in superseded_by.items()
        if version is not None and version < oldest_in_use and name not in on_their_way
    }
    in_use = on_their_way | large_files | superseded_by.keys() - retired.keys()
    return _Known((row.epoch, row.version), in_use, retired)


def _oldest_in_use(session: Session, repository_id: str) -> int:
    """The first version that is not confirmed for so long that every request which began before it has ended."""
    long_ago = now() - timedelta(hours=config.current().longest_request_hours)
    query = select(func.max(Version.version)).where(
        Version.repository_id == repository_id, Version.confirmed_at < long_ago
    )
    return (session.scalar(query) or 0) + 1


def _is_orphan(entry: StoredObject, known: _Known, before: datetime) -> bool:
    name = _name(entry)
    nobodys = name is not None and name not in known.in_use and name not in known.superseded
    return nobodys and entry.modified_at <= before


def _name(entry: StoredObject) -> str | None:
    match = _NAMED.fullmatch(entry.key)
    return (match["pack"] or match["lfs"]) if match else None


def _drop_named(found: Sequence[StoredObject], known: _Known, newest: FullVersion | None) -> list[StoredObject]:
    """Without what the newest version names, and without packs superseded by a version that the journal lacks yet."""
    named = newest.state.names if newest else set()
    confirmed = newest.line.key.version if newest else 0
    return [
        entry
        for entry in found
        if (name := _name(entry)) not in named and known.superseded.get(name or "", 0) <= confirmed
    ]


def _delete(repository_id: str, entries: Sequence[StoredObject]) -> Collected:
    """Objects first, their rows afterwards: a row whose objects are gone already is deleted the next time."""
    for entry in entries:
        store().delete(entry.key)
    packs = {match["pack"] for entry in entries if (match := _NAMED.fullmatch(entry.key)) and match["pack"]}
    for names in in_batches(sorted(packs)):
        with transaction() as session:
            session.execute(delete(Pack).where(Pack.name.in_(names), Pack.superseded_version.is_not(None)))
    return Collected(repository_id, len(entries), sum(entry.size_bytes for entry in entries))


def _collect_deleted(
    repository_id: str, listed: Sequence[StoredObject], journal: Journal, before: datetime
) -> Collected:
    """The whole prefix of a project that its owner deleted for good; the entry that says so goes last."""
    try:
        newest = read_entry(journal.entries[-1]) if journal.entries else None
    except EntryDamaged:
        return Collected(repository_id, left_because=UNREADABLE)
    if newest is None or not newest.deletes:
        return Collected(repository_id, left_because=UNKNOWN)
    if newest.line.at > before:
        return Collected(repository_id)
    last = newest.line.key.key
    return _delete(repository_id, sorted(listed, key=lambda entry: entry.key == last))
