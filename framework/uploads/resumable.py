"""Resumable uploads: a file arrives in parts, over as many connections and processes as it takes.

A part is an object in the store first and a row afterwards; the row's transaction moves the offset. A crash in between
leaves an object that no row names, and costs the part. Of two requests at once the newer one wins, since the older may
be one that the client has given up and the server still waits for.
The sweep takes what has expired: *open → doomed*, DELETE, rows; and objects that belong to no upload.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.account import Account
from framework.accounts.models import User
from framework.database.session import reading, transaction
from framework.database.types import now
from framework.errors import Conflict, HoldfastError, Invalid, NotFound, TooLarge
from framework.repositories import keys
from framework.repositories.scratch import scratch
from framework.storage.current import store
from framework.uploads.body import Body
from framework.uploads.limits import too_large_sentence
from framework.uploads.models import ResumableUpload, UploadPart

PART_BYTES = 8 << 20
MOST_UPLOADS = 20_000
USED_KEPT = timedelta(hours=1)
GIB = 1 << 30


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
    """The account has as much under way as it may."""

    def __init__(self, quota_bytes: int) -> None:
        super().__init__(
            f"Your uploads that are under way may hold {quota_bytes / GIB:g} GiB in {MOST_UPLOADS:,} files together."
            " Finish or end some of them first."
        )


class OffsetMoved(Conflict):
    """The bytes do not go on where the upload is: another request was faster, or the client is mistaken."""

    def __init__(self, offset_bytes: int) -> None:
        super().__init__(f"The upload is at offset {offset_bytes:,}; ask for its offset and go on from there.")


class UploadTooLong(TooLarge):
    """More bytes came than the upload was announced with."""

    def __init__(self, size_bytes: int) -> None:
        super().__init__(f"This upload was announced with {size_bytes:,} bytes, and more came. Begin a new one.")


class ChecksumMismatch(Invalid):
    """The bytes are not those that the client sent (status as in tus 1.0's checksum extension)."""

    status = 460

    def __init__(self) -> None:
        super().__init__("The bytes were damaged on their way, so they were not kept; send them again.")


@dataclass(frozen=True)
class UploadAbout:
    """Where an upload is; sizes in bytes, `info` as the client sent it."""

    id: str
    size_bytes: int
    offset_bytes: int
    info: str
    expires_at: datetime

    @property
    def is_finished(self) -> bool:
        """Whether every byte has arrived."""
        return self.offset_bytes == self.size_bytes


@dataclass(frozen=True)
class Checksum:
    """What the client says that its bytes hash to: an algorithm of hashlib, and the digest."""

    algorithm: str
    digest: bytes


@dataclass(frozen=True)
class StoredPart:
    """A part that lies in the store."""

    name: str
    start_bytes: int
    size_bytes: int
    sha256: str


def part_key(upload_id: str, name: str) -> str:
    """Where a part lies in the store; the name is random, so no key is ever used twice."""
    return f"uploads/{upload_id}/{name}"


def create_upload(account: Account, *, size_bytes: int, info: str, name: str) -> UploadAbout:
    """Begin an upload of this size; `name` is what the file is called in a refusal.

    Raises:
        FileTooLarge: it is over `MAX_FILE_BYTES`.
        UploadsFull: with what is under way already, the account would be over the quota.
    """
    settings = config.current()
    if size_bytes > settings.max_file_bytes:
        raise FileTooLarge(too_large_sentence(name, size_bytes))
    with transaction() as session:
        session.execute(select(User.id).where(User.id == account.id).with_for_update())
        count, under_way = _under_way(session, account.id)
        if under_way + size_bytes > settings.quota_bytes or count >= MOST_UPLOADS:
            raise UploadsFull(settings.quota_bytes)
        row = ResumableUpload(id=keys.new_id(), account_id=account.id, size_bytes=size_bytes, info=info, offset_bytes=0)
        row.expires_at = _expiry()
        session.add(row)
    return _about(row)


def find_upload(account: Account, upload_id: str) -> UploadAbout:
    """The account's upload of this id.

    Raises:
        UploadNotFound, UploadExpired.
    """
    with reading() as session:
        row = session.get(ResumableUpload, upload_id)
    if row is None or row.account_id != account.id:
        raise UploadNotFound
    if row.state != "open" or row.expires_at <= now():
        raise UploadExpired
    return _about(row)


def append(upload: UploadAbout, body: Body, *, offset_bytes: int, checksum: Checksum | None = None) -> int:
    """Take the bytes of one request; the upload's new offset. What came before a connection broke is kept.

    With a checksum, the request's bytes are kept all together or not at all.

    Raises:
        OffsetMoved, UploadTooLong, UploadExpired, ChecksumMismatch, StoreUnavailable: the parts stored before stay.
    """
    if body.announced_bytes > upload.size_bytes - offset_bytes:
        body.drain()
        raise UploadTooLong(upload.size_bytes)
    writer = _Writer(upload.id, _take(upload.id, offset_bytes))
    with scratch("tus") as folder:
        parts = _stored_parts(upload, body, offset_bytes, folder)
        if checksum:
            stored = list(parts)
            _record_checked(writer, stored, body, checksum)
            offset_bytes += sum(part.size_bytes for part in stored)
        else:
            for part in parts:
                writer.record([part])
                offset_bytes += part.size_bytes
    if body.has_more():
        raise UploadTooLong(upload.size_bytes)
    return offset_bytes


def end_upload(account: Account, upload_id: str) -> None:
    """Give an upload up: its parts are deleted.

    Raises:
        UploadNotFound, UploadExpired.
    """
    find_upload(account, upload_id)
    with transaction() as session:
        session.execute(update(ResumableUpload).where(ResumableUpload.id == upload_id).values(state="doomed"))


def mark_used(account: Account, upload_ids: Sequence[str]) -> None:
    """Note that these uploads have become files: they are kept an hour longer, for a request that is repeated."""
    soon = now() + USED_KEPT
    with transaction() as session:
        session.execute(
            update(ResumableUpload)
            .where(
                ResumableUpload.account_id == account.id,
                ResumableUpload.id.in_(upload_ids),
                ResumableUpload.expires_at > soon,
            )
            .values(expires_at=soon)
        )


def parts_of(upload_id: str) -> list[StoredPart]:
    """The parts of an upload in their order."""
    query = select(UploadPart).where(UploadPart.upload_id == upload_id).order_by(UploadPart.start_bytes)
    with reading() as session:
        rows = session.scalars(query).all()
    return [StoredPart(row.name, row.start_bytes, row.size_bytes, row.sha256) for row in rows]


def _under_way(session: Session, account_id: int) -> tuple[int, int]:
    """How many uploads the account has, and how many bytes they were announced with."""
    total = select(func.count(), func.coalesce(func.sum(ResumableUpload.size_bytes), 0))
    mine = total.where(ResumableUpload.account_id == account_id, ResumableUpload.state == "open")
    count, size_bytes = session.execute(mine.where(ResumableUpload.expires_at > now() + USED_KEPT)).one()
    return int(count), int(size_bytes)


def _expiry() -> datetime:
    return now() + timedelta(hours=config.current().staged_hours)


def _about(row: ResumableUpload) -> UploadAbout:
    return UploadAbout(row.id, row.size_bytes, row.offset_bytes, row.info, row.expires_at)


def _stored_parts(upload: UploadAbout, body: Body, start: int, folder: Path) -> Iterator[StoredPart]:
    """Cut the body into parts, and store each as soon as it is there."""
    while start < upload.size_bytes:
        file = folder / keys.new_id()
        size, sha256 = body.spool(file, min(PART_BYTES, upload.size_bytes - start))
        if not size:
            return
        part = StoredPart(file.name, start, size, sha256)
        store().put(part_key(upload.id, part.name), file, sha256=sha256)
        file.unlink()
        yield part
        start += size


def _record_checked(writer: "_Writer", parts: Sequence[StoredPart], body: Body, checksum: Checksum) -> None:
    if not body.is_whole or body.digest(checksum.algorithm) != checksum.digest:
        writer.discard(parts)
        raise ChecksumMismatch
    writer.record(parts)


def _take(upload_id: str, offset_bytes: int) -> str:
    """Become the request that writes to the upload; its name.

    Raises:
        OffsetMoved: the upload is elsewhere.
    """
    with transaction() as session:
        row = _at(session, upload_id, offset_bytes)
        row.writer = keys.new_id()
        return row.writer


def _at(session: Session, upload_id: str, offset_bytes: int) -> ResumableUpload:
    row = session.get(ResumableUpload, upload_id, with_for_update=True)
    if row is None or row.state != "open":
        raise UploadExpired
    if row.offset_bytes != offset_bytes:
        raise OffsetMoved(row.offset_bytes)
    return row


@dataclass(frozen=True)
class _Writer:
    """A request that adds to an upload, as long as no newer one does."""

    upload_id: str
    name: str

    def record(self, parts: Sequence[StoredPart]) -> None:
        """Let the upload have these parts, which follow each other.

        Raises:
            OffsetMoved, UploadExpired: another request has taken over, or the upload was given up; the parts are
                deleted.
        """
        try:
            with transaction() as session:
                for part in parts:
                    self._add(session, part)
        except (OffsetMoved, UploadExpired):
            self.discard(parts)
            raise

    def discard(self, parts: Sequence[StoredPart]) -> None:
        """Delete parts that no row names; what the store does not delete now is left to the sweep."""
        for part in parts:
            with suppress(HoldfastError):
                store().delete(part_key(self.upload_id, part.name))

    def _add(self, session: Session, part: StoredPart) -> None:
        row = _at(session, self.upload_id, part.start_bytes)
        if row.writer != self.name:
            raise OffsetMoved(row.offset_bytes)
        row.offset_bytes, row.expires_at = part.start_bytes + part.size_bytes, _expiry()
        session.add(
            UploadPart(
                upload_id=self.upload_id,
                start_bytes=part.start_bytes,
                size_bytes=part.size_bytes,
                name=part.name,
                sha256=part.sha256,
            )
        )
