"""Git LFS objects as data: those that a version names, and the rows that own those on their way there."""

from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, delete, func, select, update
from sqlalchemy.orm import Session

from framework import config
from framework.database.batches import in_batches
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now
from framework.errors import Conflict
from framework.repositories import object_keys
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.models import (
    DOOMED,
    OFFERED,
    RECEIVED,
    RETIRED,
    STAGED,
    LfsObject,
    Repository,
    StagedLfs,
)
from framework.storage.current import store

ChooseOids = Callable[[Set[str]], Set[str]]


class LfsExpired(Conflict):
    """Received objects were cleaned up before a version named them."""

    def __init__(self) -> None:
        super().__init__("Its Git LFS objects waited too long and were cleaned up; send them again.")


def read_named(repository_id: str, oids: Iterable[str]) -> dict[str, StoredLfs]:
    """Those of these objects that versions of the repository name, by their SHA-256."""
    with read_transaction() as session:
        return _find_named(session, repository_id, oids)


def refuse_unnamed(repository_id: str, oids: Iterable[str]) -> None:
    """To be asked at each attempt at a version whose files need these objects: a purge may have dropped some.

    Raises:
        LfsExpired: a version names one of them no longer.
    """
    wanted = set(oids)
    if wanted - read_named(repository_id, wanted).keys():
        raise LfsExpired


def names_any(repository_id: str) -> bool:
    """Whether a version of the repository names an object at all."""
    with read_transaction() as session:
        return (
            session.scalar(select(LfsObject.oid).where(LfsObject.repository_id == repository_id).limit(1)) is not None
        )


def read_all_named(repository_id: str, *, until: int) -> list[StoredLfs]:
    """Every object that versions of the repository name, up to this one."""
    with read_transaction() as session:
        theirs = select(LfsObject).where(LfsObject.repository_id == repository_id, LfsObject.version <= until)
        rows = session.scalars(theirs.order_by(LfsObject.oid))
        return [StoredLfs(row.oid, row.name, row.size_bytes) for row in rows]


def read_received(repository_id: str, oids: Iterable[str]) -> dict[str, StoredLfs]:
    """Those of these objects that wait, hashed, for a version to name them."""
    with read_transaction() as session:
        return _find_staged(session, repository_id, oids, RECEIVED)


def read_own(repository_id: str, oids: Iterable[str], uploader_id: int) -> dict[str, StoredLfs]:
    """Those of them that this account has sent."""
    with read_transaction() as session:
        return _find_staged(session, repository_id, oids, RECEIVED, StagedLfs.uploader_id == uploader_id)


def read_offered(repository_id: str, oids: Iterable[str]) -> dict[str, StoredLfs]:
    """Those of these objects that clients were asked to send, and still may."""
    with read_transaction() as session:
        return _find_staged(session, repository_id, oids, OFFERED)


def offer(
    session: Session, repository_id: str, sizes: Mapping[str, int], *, choose: ChooseOids | None = None
) -> dict[str, StoredLfs]:
    """Own a key for each of these objects, for a client to send it to; who asks twice is given the same key.

    Only for those that `choose` names, which is told which were offered before.
    """
    before = _find_staged(session, repository_id, sizes, OFFERED)
    wanted = choose(before.keys()) if choose else sizes.keys()
    offered = {oid: one for oid, one in before.items() if oid in wanted and one.size_bytes == sizes[oid]}
    _renew(session, [one.name for one in offered.values()])
    for oid in wanted - offered.keys():
        offered[oid] = _own(session, repository_id, StoredLfs(oid, object_keys.new_id(), sizes[oid]), OFFERED)
    return offered


def stage(repository_id: str, sizes: Mapping[str, int], uploader_id: int | None = None) -> dict[str, StoredLfs]:
    """Own a key for each of these objects, for us to write it to."""
    with transaction() as session:
        return {
            oid: _own(session, repository_id, StoredLfs(oid, object_keys.new_id(), size), STAGED, uploader_id)
            for oid, size in sizes.items()
        }


def receive(objects: Iterable[StoredLfs]) -> None:
    """These objects lie in the store under their names, hashed: a version may name them.

    Raises:
        LfsExpired: one of them was cleaned up meanwhile.
    """
    wanted = sorted(one.name for one in objects)
    with transaction() as session:
        found = [session.get(StagedLfs, name, with_for_update=True) for name in wanted]
        if any(row is None or row.state == DOOMED for row in found):
            raise LfsExpired
        for names in in_batches(wanted):
            chosen = update(StagedLfs).where(StagedLfs.name.in_(names))
            session.execute(chosen.values(state=RECEIVED, expires_at=_expiry()))


def renew(objects: Iterable[StoredLfs]) -> None:
    """Put off the expiry of objects that are in use; those that were cleaned up meanwhile stay so."""
    with transaction() as session:
        _renew(session, [one.name for one in objects])


def take(session: Session, repository_id: str, objects: Sequence[StoredLfs]) -> tuple[StoredLfs, ...]:
    """Take received objects into a version, in the commit point's transaction; without those that one names by now.

    The rows are locked: a commit and the clean-up exclude each other.

    Raises:
        LfsExpired: the clean-up came first.
    """
    named = _find_named(session, repository_id, [one.oid for one in objects])
    lacking = tuple(one for one in objects if one.oid not in named)
    for names in in_batches(sorted(one.name for one in lacking)):
        waiting = select(StagedLfs).where(StagedLfs.name.in_(names), StagedLfs.state == RECEIVED)
        rows = session.scalars(waiting.order_by(StagedLfs.name).with_for_update()).all()
        if len(rows) < len(names):
            raise LfsExpired
        session.execute(delete(StagedLfs).where(StagedLfs.name.in_(names)))
    return lacking


def retire(session: Session, repository: Repository, oids: Iterable[str]) -> list[str]:
    """Have the repository name these objects no longer, in the commit point's transaction; their names.

    Whoever is reading one may end: the row keeps the collector away for as long as a request lasts.
    """
    until = from_now(timedelta(hours=config.current().longest_request_hours))
    theirs = select(LfsObject).where(LfsObject.repository_id == repository.id)
    names = list[str]()
    for some in in_batches(sorted(oids)):
        for row in session.scalars(theirs.where(LfsObject.oid.in_(some))).all():
            gone = StoredLfs(row.oid, row.name, row.size_bytes)
            session.delete(row)
            session.add(StagedLfs(repository_id=repository.id, state=RETIRED, expires_at=until, **gone.__dict__))
            repository.stored_bytes -= gone.size_bytes
            names.append(gone.name)
    session.flush()
    return names


def count_pending_bytes(session: Session, repository_ids: Select[str]) -> int:
    """What the objects that no version of these repositories names yet take or will take."""
    waiting = StagedLfs.repository_id.in_(repository_ids) & StagedLfs.state.not_in((DOOMED, RETIRED))
    return int(session.scalar(select(func.coalesce(func.sum(StagedLfs.size_bytes), 0)).where(waiting)) or 0)


def abandon(objects: Iterable[StoredLfs]) -> None:
    """Give up objects that no version will name: they are deleted, then their rows."""
    given_up = sorted(one.name for one in objects)
    with transaction() as session:
        for names in in_batches(given_up):
            session.execute(update(StagedLfs).where(StagedLfs.name.in_(names)).values(state=DOOMED))
    for names in in_batches(given_up):
        delete_doomed(StagedLfs.name.in_(names))


def delete_doomed(which: ColumnElement[bool]) -> int:
    """Delete the objects of these rows that are given up from the store, then the rows; how many.

    Raises:
        StoreUnavailable, StoreRefused.
    """
    with read_transaction() as session:
        doomed = session.scalars(select(StagedLfs).where(StagedLfs.state == DOOMED, which)).all()
    for row in doomed:
        store().delete(object_keys.lfs_key(row.repository_id, row.oid, row.name))
    for names in in_batches([row.name for row in doomed]):
        with transaction() as session:
            session.execute(delete(StagedLfs).where(StagedLfs.name.in_(names), StagedLfs.state == DOOMED))
    return len(doomed)


def _own(session: Session, repository_id: str, one: StoredLfs, state: str, uploader_id: int | None = None) -> StoredLfs:
    owned = {"repository_id": repository_id, "state": state, "expires_at": _expiry(), "uploader_id": uploader_id}
    session.add(StagedLfs(**owned, **one.__dict__))
    return one


def _renew(session: Session, names: Sequence[str]) -> None:
    for some in in_batches(names):
        mine = StagedLfs.name.in_(some) & (StagedLfs.state != DOOMED)
        session.execute(update(StagedLfs).where(mine).values(expires_at=_expiry()))


def _expiry() -> ColumnElement[datetime]:
    return from_now(timedelta(hours=config.current().staged_hours))


def _find_named(session: Session, repository_id: str, oids: Iterable[str]) -> dict[str, StoredLfs]:
    theirs = select(LfsObject).where(LfsObject.repository_id == repository_id)
    found = [row for some in in_batches(oids) for row in session.scalars(theirs.where(LfsObject.oid.in_(some)))]
    return {row.oid: StoredLfs(row.oid, row.name, row.size_bytes) for row in found}


def _find_staged(
    session: Session, repository_id: str, oids: Iterable[str], state: str, *which: ColumnElement[bool]
) -> dict[str, StoredLfs]:
    theirs = select(StagedLfs).where(
        StagedLfs.repository_id == repository_id, StagedLfs.state == state, StagedLfs.expires_at > from_now(), *which
    )
    found = [row for some in in_batches(oids) for row in session.scalars(theirs.where(StagedLfs.oid.in_(some)))]
    return {row.oid: StoredLfs(row.oid, row.name, row.size_bytes) for row in found}
