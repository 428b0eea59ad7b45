"""Deleting the parts of uploads that were given up, used, or not finished in time, and parts of no upload at all."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import groupby

from sqlalchemy import delete, select, update

from framework import config
from framework.database.batches import in_batches
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.storage.contract import StoredObject
from framework.storage.current import store
from framework.uploads.models import ResumableUpload, UploadPart


def sweep() -> int:
    """Clean up after uploads that have ended; how many there were.

    Expired ones become *doomed* first, so that no request can use them any more; objects go before their rows. The
    store is listed before SQL is read: what was there at the listing belonged to a row already, or never will.
    """
    with transaction() as session:
        session.execute(
            update(ResumableUpload)
            .where(ResumableUpload.state == "open", ResumableUpload.expires_at <= now())
            .values(state="doomed")
        )
    listed = [(upload_id, list(found)) for upload_id, found in groupby(store().list("uploads/"), key=_upload_id)]
    states = _read_states([upload_id for upload_id, _objects in listed])
    for upload_id, objects in listed:
        _delete_objects(objects, states.get(upload_id))
    doomed = [upload_id for upload_id, state in states.items() if state == "doomed"]
    for some in in_batches(doomed):
        _delete_rows(some)
    return len(doomed)


def _read_states(upload_ids: Sequence[str]) -> dict[str, str]:
    """The states of these uploads, and of all that are doomed."""
    states = select(ResumableUpload.id, ResumableUpload.state)
    with read_transaction() as session:
        found = dict(session.execute(states.where(ResumableUpload.state == "doomed")).all())
        for some in in_batches(upload_ids):
            found |= dict(session.execute(states.where(ResumableUpload.id.in_(some))).all())
    return found


def _upload_id(entry: StoredObject) -> str:
    return entry.key.split("/")[1]


def _delete_objects(objects: Sequence[StoredObject], state: str | None) -> None:
    """All objects of a doomed upload; those of an unknown one when no request can be under way that brought them."""
    before = now() - timedelta(hours=config.current().staged_hours)
    for entry in objects:
        if state == "doomed" or (state is None and entry.modified_at < before):
            store().delete(entry.key)


def _delete_rows(upload_ids: Sequence[str]) -> None:
    with transaction() as session:
        session.execute(delete(UploadPart).where(UploadPart.upload_id.in_(upload_ids)))
        session.execute(delete(ResumableUpload).where(ResumableUpload.id.in_(upload_ids)))
