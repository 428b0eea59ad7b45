"""Resumable uploads: a file arrives in parts, over as many connections and processes as it takes; see DESIGN.md."""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func, select, update
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import NotFound, TooLarge
from framework.formatting import format_size
from framework.projects.members import quota
from framework.projects.members.limits import StoreFull
from framework.repositories import object_keys
from framework.uploads.models import ResumableUpload, UploadPart
from framework.uploads.refusals import too_large_sentence
from framework.uploads.tus.room import read_room, refuse_over_plan

MOST_UPLOADS = 20_000
USED_KEPT = timedelta(hours=1)
_ANNOUNCED = func.coalesce(func.sum(ResumableUpload.size_bytes), 0)
_ID = re.compile(r"[0-9a-f]{32}")
_CONFINED = "project:"
_OF_ACCOUNT = ResumableUpload.holder.is_(None) | ResumableUpload.holder.startswith(_CONFINED)
"""What an account has begun, by a token for one project or without such a limit."""


class UploadNotFound(NotFound):
    """There is no such upload, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such upload; it may have expired. Send the file again.")


class UploadExpired(UploadNotFound):
    """The upload was not finished or not used in time."""

    status = 410


class FileTooLarge(TooLarge):
    """The file would be over the limit for one file."""


class UploadsFull(TooLarge):
    """The account has so many bytes under way that there is no room for another upload."""

    def __init__(self, room_bytes: int, under_way_bytes: int) -> None:
        under_way, room = format_size(under_way_bytes), format_size(max(0, room_bytes))
        super().__init__(
            f"Your unfinished uploads take {under_way} of the {room} that is free. Finish or delete some, or free room:"
            f" {config.current().base_url}/settings/usage"
        )


class TooManyUploads(TooLarge):
    """The account has as many uploads under way as one may."""

    def __init__(self) -> None:
        super().__init__(f"You have {MOST_UPLOADS:,} unfinished uploads. Finish or delete some of them first.")


class StrangersFull(TooLarge):
    """A stranger's upload has no room: they are told neither whose it is nor how much others have under way."""

    def __init__(self) -> None:
        super().__init__("There is no room for this file here at the moment. Tell whoever gave you the link.")


@dataclass(frozen=True)
class Stranger:
    """Somebody without an account who may upload; `id` is the account that answers for what they store.

    `group` is what lets them, and all who are let by it share `room_bytes`; `secret` is what only their browser knows.
    """

    id: int
    group: str
    secret: str
    room_bytes: int

    @property
    def holder(self) -> str:
        """What their uploads are told by."""
        return f"{self.group}:{self.secret}"


Uploader = Account | Stranger


@dataclass(frozen=True)
class UploadAbout:
    """Where an upload is; sizes in bytes, `info` as the client sent it, and when it was begun."""

    id: str
    size_bytes: int
    offset_bytes: int
    info: str
    expires_at: datetime
    created_at: datetime

    @property
    def is_finished(self) -> bool:
        """Whether every byte has arrived."""
        return self.offset_bytes == self.size_bytes


@dataclass(frozen=True)
class StoredPart:
    """A part of an upload that lies in the store."""

    upload_id: str
    name: str
    start_bytes: int
    size_bytes: int
    sha256: str


def part_key(upload_id: str, name: str) -> str:
    """Where a part lies in the store; the name is random, so no key is ever used twice."""
    return f"uploads/{upload_id}/{name}"


def create_upload(uploader: Uploader, *, size_bytes: int, info: str, name: str) -> UploadAbout:
    """Begin an upload of this size; `name` is what the file is called in a refusal.

    Raises:
        FileTooLarge: it is over `MAX_FILE_BYTES`. What `refuse_over_plan` raises.
        UploadsFull: with what is under way already, there would be no room for it, wherever the account may write.
        TooManyUploads.
        StoreFull: the server has none.
        StrangersFull: the last three, for a stranger.
    """
    settings = config.current()
    if size_bytes > settings.max_file_bytes:
        raise FileTooLarge(too_large_sentence(name, size_bytes))
    with transaction() as session:
        session.execute(select(User.id).where(User.id == uploader.id).with_for_update(key_share=True))
        if isinstance(uploader, Account):
            refuse_over_plan(session, uploader, name, size_bytes)
        try:
            _refuse_excess(session, uploader, size_bytes)
        except (TooManyUploads, UploadsFull, StoreFull) as error:
            if isinstance(uploader, Stranger):
                raise StrangersFull from error
            raise
        row = ResumableUpload(
            id=object_keys.new_id(), account_id=uploader.id, size_bytes=size_bytes, info=info, offset_bytes=0
        )
        row.holder = _holder(uploader)
        row.expires_at = expiry()
        session.add(row)
    return _about(row)


def find_upload(uploader: Uploader, upload_id: str) -> UploadAbout:
    """The uploader's upload of this id.

    Raises:
        UploadNotFound, UploadExpired.
    """
    return find_uploads(uploader, [upload_id])[0]


def find_uploads(uploader: Uploader, upload_ids: Collection[str]) -> list[UploadAbout]:
    """The uploader's uploads of these ids, each once.

    Raises:
        UploadNotFound, UploadExpired: of one of them.
    """
    wanted = set(upload_ids)
    if not wanted:
        return []
    if not all(_ID.fullmatch(one) for one in wanted):
        raise UploadNotFound
    with read_transaction() as session:
        query = select(ResumableUpload).where(ResumableUpload.id.in_(wanted), *_mine(uploader))
        rows = session.scalars(query).all()
    if len(rows) < len(wanted):
        raise UploadNotFound
    if any(row.state != "open" or row.expires_at <= now() for row in rows):
        raise UploadExpired
    return [_about(row) for row in rows]


def end_upload(uploader: Uploader, upload_id: str) -> None:
    """Give an upload up: its parts are deleted.

    Raises:
        UploadNotFound, UploadExpired.
    """
    find_upload(uploader, upload_id)
    with transaction() as session:
        session.execute(update(ResumableUpload).where(ResumableUpload.id == upload_id).values(state="doomed"))


def mark_used(uploader: Uploader, upload_ids: Sequence[str]) -> None:
    """Note that these uploads have become files: they are kept an hour longer, for a request that is repeated."""
    if not upload_ids:
        return
    soon = now() + USED_KEPT
    with transaction() as session:
        session.execute(
            update(ResumableUpload)
            .where(
                *_mine(uploader),
                ResumableUpload.id.in_(upload_ids),
                ResumableUpload.expires_at > soon,
            )
            .values(expires_at=soon)
        )


def parts_of(upload_ids: Collection[str]) -> list[StoredPart]:
    """The parts of these uploads, those of each in their order."""
    if not upload_ids:
        return []
    query = select(UploadPart).where(UploadPart.upload_id.in_(upload_ids))
    with read_transaction() as session:
        rows = session.scalars(query.order_by(UploadPart.upload_id, UploadPart.start_bytes)).all()
    return [StoredPart(row.upload_id, row.name, row.start_bytes, row.size_bytes, row.sha256) for row in rows]


def _refuse_excess(session: Session, uploader: Uploader, size_bytes: int) -> None:
    count, under_way = _count_open(session, uploader)
    room = uploader.room_bytes if isinstance(uploader, Stranger) else read_room(session, uploader)
    if count >= MOST_UPLOADS:
        raise TooManyUploads
    if under_way + size_bytes > room:
        raise UploadsFull(room, under_way)
    quota.refuse_full_store(session, _all_under_way(session) + size_bytes)


def _all_under_way(session: Session) -> int:
    """The bytes that all uploads were announced with, until they are swept away; 0 where nobody limits them."""
    if config.current().store_max_bytes is None:
        return 0
    counted = (ResumableUpload.state == "open") | ~_OF_ACCOUNT
    return int(session.scalar(select(_ANNOUNCED).where(counted)) or 0)


def _holder(uploader: Uploader) -> str | None:
    """What the uploader's uploads are told by; None for an account that acts without a limit to one project."""
    if isinstance(uploader, Stranger):
        return uploader.holder
    return f"{_CONFINED}{uploader.confined_to}" if uploader.confined_to else None


def _mine(uploader: Uploader) -> tuple[ColumnElement[bool], ...]:
    """What tells somebody's uploads: an account's are no stranger's, though those are kept with it, too.

    A token for one project reaches what was begun by such a token, and nothing else of the account.
    """
    holder = _holder(uploader)
    is_held = ResumableUpload.holder == holder if holder else _OF_ACCOUNT
    return ResumableUpload.account_id == uploader.id, is_held


def _count_open(session: Session, uploader: Uploader) -> tuple[int, int]:
    """How many uploads the account has, or all strangers of a group, and how many bytes they were announced with.

    What a stranger gave up counts until it is swept away, or one link could fill the store again and again meanwhile.
    """
    held = ResumableUpload.holder
    if isinstance(uploader, Stranger):
        counted = [held.startswith(f"{uploader.group}:")]
    else:
        counted = [_OF_ACCOUNT, ResumableUpload.state == "open"]
    mine = select(func.count(), _ANNOUNCED).where(ResumableUpload.account_id == uploader.id, *counted)
    count, size_bytes = session.execute(mine.where(ResumableUpload.expires_at > now() + USED_KEPT)).one()
    return int(count), int(size_bytes)


def expiry() -> datetime:
    """Until when an upload is kept that gets bytes now."""
    return now() + timedelta(hours=config.current().staged_hours)


def _about(row: ResumableUpload) -> UploadAbout:
    return UploadAbout(row.id, row.size_bytes, row.offset_bytes, row.info, row.expires_at, row.created_at)
