"""What SQL lost comes back from the log: every version, refs, packs and what the log tells of the project."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.database.session import reading, transaction
from framework.errors import Conflict
from framework.repositories.behind import known_hashes, unknown
from framework.repositories.blobsizes import read_blob_sizes
from framework.repositories.change import BLOBS, HOUSE, Change
from framework.repositories.commit import commit, nothing_to_add
from framework.repositories.entries import History, LogEntry, LogKey, Place, log_keys, read_history
from framework.repositories.models import LargeBlob, Repository
from framework.repositories.removal import remove_rows
from framework.repositories.replay import chain, record_versions, replay
from framework.storage.current import store

NO_VERSION: Place = (0, 0)

Adopt = Callable[[Session, str, Mapping[str, Any]], dict[str, Any]]
"""Brings the rows of the rooms above in line with what the log tells of a project, as far as they may be, in the
transaction that recovers its repository; gives back what is true now."""


class DatabaseNotEmpty(Conflict):
    """A rebuild fills an empty database; one that has projects is brought up to date by a resume."""

    def __init__(self) -> None:
        super().__init__(
            "The database has projects already, so nothing was changed. To add what the log knows beyond it, "
            "use `flask storage resume`."
        )


class StillInUse(Conflict):
    """Somebody wrote to a project while it was being recovered."""

    def __init__(self) -> None:
        super().__init__("Somebody is writing to the project. Stop the web processes and workers, then repeat this.")


@dataclass(frozen=True)
class Recovered:
    """What was done for one repository: how many versions came back, and what could not be read."""

    repository_id: str
    project: Mapping[str, Any]
    versions: int
    created: bool = False
    deleted: bool = False
    faults: tuple[str, ...] = ()


def resume(adopt: Adopt) -> Iterator[Recovered]:
    """Bring every repository up to what its log tells, one after the other, each in an epoch of its own afterwards.

    Nothing else may write meanwhile.

    Raises:
        StillInUse: something does.
    """
    seen: set[str] = set()
    for repository_id, listed in _stored_logs():
        seen.add(repository_id)
        if done := recover(repository_id, listed, adopt):
            yield done
    for repository_id in sorted(_repository_ids() - seen):
        if done := recover(repository_id, [], adopt):
            yield done


def rebuild(adopt: Adopt) -> Iterator[Recovered]:
    """The same for a database that knows no repository.

    Raises:
        DatabaseNotEmpty: it knows one.
    """
    if _repository_ids():
        raise DatabaseNotEmpty
    return resume(adopt)


def recover(repository_id: str, listed: Sequence[LogKey], adopt: Adopt) -> Recovered | None:
    """Bring one repository up to the newest whole entry among these, and start an epoch; None without any version."""
    before = _place(repository_id)
    lacking = unknown(repository_id, listed)
    history = read_history(lacking, known=known_hashes(repository_id))
    newest = _news(history, before)
    if newest is None and before in {None, NO_VERSION}:
        return _unreadable(repository_id, history) if history.faults else None
    if newest and newest.deleted:
        return _delete(repository_id, newest, adopt)
    repacked = newest is not None and _is_repacked(repository_id, newest)
    sizes = _sizes(newest, history, repacked=repacked) if newest else {}
    with transaction() as session:
        repository = _row(session, repository_id, before, history)
        record_versions(session, repository_id, history, newest)
        if repacked:  # what SQL knows may be large blobs that no pack holds any more
            session.execute(delete(LargeBlob).where(LargeBlob.repository_id == repository_id))
        for sha, size in sizes.items():
            session.merge(LargeBlob(repository_id=repository_id, sha=sha, size_bytes=size))
        if newest:
            replay(session, repository, newest)
            session.flush()
            repository.about = adopt(session, repository_id, newest.project)
        repository.epoch = max([repository.epoch, *(key.epoch for key in listed)]) + 1
        told = repository.about
    commit(
        Change(repository_id=repository_id, actor=HOUSE, kind="recovery"), admit=nothing_to_add, within=nothing_to_add
    )
    return Recovered(repository_id, told, versions=len(history.lines), created=before is None, faults=history.faults)


def _stored_logs() -> Iterator[tuple[str, list[LogKey]]]:
    """Every repository that the store has a log of, with its keys, oldest first."""
    for repository_id, found in groupby(store().list("repos/"), key=lambda entry: entry.key.split("/")[1]):
        if listed := log_keys(found):
            yield repository_id, listed


def _repository_ids() -> set[str]:
    with reading() as session:
        return set(session.scalars(select(Repository.id)))


def _place(repository_id: str) -> Place | None:
    """Where SQL is; None when it does not know the repository."""
    with reading() as session:
        row = session.get(Repository, repository_id)
        return (row.epoch, row.version) if row and row.version else (NO_VERSION if row else None)


def _news(history: History, before: Place | None) -> LogEntry | None:
    """The newest entry, when it tells more than SQL has."""
    newest = history.newest
    return newest if newest and newest.line.key.place > (before or NO_VERSION) else None


def _unreadable(repository_id: str, history: History) -> Recovered:
    return Recovered(repository_id, {}, versions=0, faults=history.faults)


def _delete(repository_id: str, newest: LogEntry, adopt: Adopt) -> Recovered:
    """A project that was deleted for good does not return; the collector takes what is left of it in the store."""
    with transaction() as session:
        adopt(session, repository_id, newest.project)
        remove_rows(session, repository_id)
    return Recovered(repository_id, newest.project, versions=0, deleted=True)


def _row(session: Session, repository_id: str, before: Place | None, history: History) -> Repository:
    row = session.get(Repository, repository_id, with_for_update=True)
    found = None if row is None else ((row.epoch, row.version) if row.version else NO_VERSION)
    if found != before:
        raise StillInUse
    if row is None:
        row = Repository(id=repository_id, epoch=0, version=0, about={}, created_at=history.lines[0].at)
        session.add(row)
        session.flush()
    return row


def _is_repacked(repository_id: str, newest: LogEntry) -> bool:
    """Whether packs that SQL knows were consolidated before the newest entry was written."""
    with reading() as session:
        row = session.get(Repository, repository_id)
        return row is None or row.pack_generation < newest.line.pack_generation


def _sizes(newest: LogEntry, history: History, *, repacked: bool) -> dict[str, int]:
    """The sizes of the large blobs that SQL does not know: as the entries tell, else read from the packs themselves."""
    led_here = chain(history, newest)
    told = {
        line.key.place: history.large_blobs.get(line.entry_hash, {})
        for line in history.lines
        if line.entry_hash in led_here
    }
    known = {} if repacked else known_hashes(newest.line.key.repository_id)
    sizes: dict[str, int] = {}
    for pack in newest.packs:
        place = pack.epoch, pack.version
        if pack.kind == BLOBS and place in told:
            sizes |= told[place]
        elif pack.kind == BLOBS and place not in known:
            sizes |= read_blob_sizes(newest.line.key.repository_id, pack.name)
    return sizes
