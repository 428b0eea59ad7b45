"""Adding to an upload: a request's bytes become parts in the store, and each part moves the upload's offset.

A part is an object first and a row afterwards. A crash in between leaves an object that no row names, and costs the
part. Of two requests at once the newer one wins, since the older may be one that the client has given up and the server
still waits for.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from framework.database.session import transaction
from framework.errors import Conflict, HoldfastError, Invalid, TooLarge
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch
from framework.storage.current import store
from framework.uploads.models import ResumableUpload, UploadPart
from framework.uploads.tus.body import UploadBody
from framework.uploads.tus.resumable import StoredPart, UploadAbout, UploadExpired, expiry, part_key

PART_BYTES = 8 << 20


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
class Checksum:
    """What the client says that its bytes hash to: an algorithm of hashlib, and the digest."""

    algorithm: str
    digest: bytes


def append(upload: UploadAbout, body: UploadBody, *, offset_bytes: int, checksum: Checksum | None = None) -> int:
    """Take the bytes of one request; the upload's new offset. What came before a connection broke is kept.

    With a checksum, the request's bytes are kept all together or not at all.

    Raises:
        OffsetMoved, UploadTooLong, UploadExpired, ChecksumMismatch, StoreUnavailable: the parts stored before stay.
    """
    if body.announced_bytes > upload.size_bytes - offset_bytes:
        raise UploadTooLong(upload.size_bytes)
    writer = _Writer(upload.id, _take(upload.id, offset_bytes))
    with scratch("tus") as folder:
        parts = _store_parts(upload, body, offset_bytes, folder)
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


def _store_parts(upload: UploadAbout, body: UploadBody, start: int, folder: Path) -> Iterator[StoredPart]:
    """Cut the body into parts, and store each as soon as it is there."""
    while start < upload.size_bytes:
        file = folder / object_keys.new_id()
        size, sha256 = body.spool(file, min(PART_BYTES, upload.size_bytes - start))
        if not size:
            return
        part = StoredPart(upload.id, file.name, start, size, sha256)
        store().put(part_key(part.upload_id, part.name), file, sha256=sha256)
        file.unlink()
        yield part
        start += size


def _record_checked(writer: "_Writer", parts: Sequence[StoredPart], body: UploadBody, checksum: Checksum) -> None:
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
        row.writer = object_keys.new_id()
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
                store().delete(part_key(part.upload_id, part.name))

    def _add(self, session: Session, part: StoredPart) -> None:
        row = _at(session, self.upload_id, part.start_bytes)
        if row.writer != self.name:
            raise OffsetMoved(row.offset_bytes)
        row.offset_bytes, row.expires_at = part.start_bytes + part.size_bytes, expiry()
        session.add(
            UploadPart(
                upload_id=self.upload_id,
                start_bytes=part.start_bytes,
                size_bytes=part.size_bytes,
                name=part.name,
                sha256=part.sha256,
            )
        )
