"""Staged rows: who owns packs that lie in the store, or soon will, and that no version names yet."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, insert, select, update

from framework import config
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now, now
from framework.repositories import object_keys
from framework.repositories.journal.divergence import has_diverged
from framework.repositories.models import DOOMED, STAGED, StagedPush
from framework.repositories.write.refusals import StagingExpired
from framework.storage.current import store


def stage(repository_id: str, push_id: str, pack_names: Sequence[str], *, again: bool = False) -> None:
    """Own these names (as in `StagedPush`) before the first byte is sent; `again` adds to a push that sent some before.

    Raises:
        StagingExpired: what it sent before was cleaned up meanwhile.
    """
    with transaction() as session:
        if again:
            row = session.get(StagedPush, push_id)
            if row is None or row.state != STAGED:
                raise StagingExpired
            row.pack_names, row.expires_at = sorted({*row.pack_names, *pack_names}), _expiry()
            return
        names = sorted(set(pack_names))
        made = {"id": push_id, "repository_id": repository_id, "state": STAGED, "pack_names": names}
        session.connection().execute(insert(StagedPush).values(**made, created_at=now(), expires_at=_expiry()))


def renew(push_id: str) -> None:
    """Put off the expiry of a push that is still being sent; one that was cleaned up meanwhile stays so."""
    mine = (StagedPush.id == push_id, StagedPush.state == STAGED)
    with transaction() as session:
        session.execute(update(StagedPush).where(*mine).values(expires_at=_expiry()))


def abandon(push_id: str) -> None:
    """Give up a push that was refused: its objects are deleted, then its row; a committed push has none and is kept."""
    with transaction() as session:
        row = session.get(StagedPush, push_id, with_for_update=True)
        if row is None:
            return
        row.state = DOOMED
    _delete(push_id)


def sweep() -> int:
    """Clean up expired and half cleaned pushes; how many.

    A push that an old database believes unfinished may have become a version since: where the journal knows more than
    SQL, everything stays as it is.
    """
    with transaction() as session:
        session.execute(
            update(StagedPush)
            .where(StagedPush.state == STAGED, StagedPush.expires_at < from_now())
            .values(state=DOOMED)
        )
    with read_transaction() as session:
        doomed = session.scalars(select(StagedPush).where(StagedPush.state == DOOMED)).all()
    behind = {repository_id for repository_id in {row.repository_id for row in doomed} if has_diverged(repository_id)}
    known = [row.id for row in doomed if row.repository_id not in behind]
    for push_id in known:
        _delete(push_id)
    return len(known)


def _expiry() -> ColumnElement[datetime]:
    return from_now(timedelta(hours=config.current().staged_hours))


def _keys(repository_id: str, name: str) -> list[str]:
    pack, _, suffix = name.partition(".")
    if suffix:
        return [object_keys.side_key(repository_id, pack, suffix)]
    return [object_keys.pack_key(repository_id, pack), object_keys.idx_key(repository_id, pack)]


def _delete(push_id: str) -> None:
    with read_transaction() as session:
        row = session.get(StagedPush, push_id)
    if row is None:
        return
    for name in row.pack_names:
        for key in _keys(row.repository_id, name):
            store().delete(key)
    with transaction() as session:
        if again := session.get(StagedPush, push_id):
            session.delete(again)
