"""Finished uploads as local files, their parts fetched from the store in parallel."""

import hashlib
from collections.abc import Sequence, Set
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

from framework import config
from framework.errors import Conflict, TooLarge
from framework.formatting import format_limit
from framework.gitcore.pack_writer import file_blob_name
from framework.gitcore.packs import WrittenPack
from framework.observability.pool import Pool
from framework.repositories import object_keys
from framework.storage.contract import BodyAltered, ObjectMissing
from framework.storage.current import store
from framework.uploads.tus.resumable import StoredPart, UploadAbout, UploadNotFound, part_key, parts_of

PARALLEL_FETCHES = 5


class UploadUnfinished(Conflict):
    """Bytes of the upload are still missing."""

    def __init__(self, offset_bytes: int, size_bytes: int) -> None:
        super().__init__(
            f"This upload has {offset_bytes:,} of {size_bytes:,} bytes; send the rest before you use the file."
        )


class VersionTooLarge(TooLarge):
    """The uploads of one version together are larger than one push may be."""

    def __init__(self, size_bytes: int) -> None:
        limit = config.current().max_push_bytes
        super().__init__(
            f"The files of this version have {format_limit(size_bytes)} together; one version may bring"
            f" {format_limit(limit)}. What you have sent is kept: store some of the files first, and the others next."
        )


@dataclass(frozen=True)
class OpenedUpload:
    """A finished upload on the local disk."""

    id: str
    path: Path
    size_bytes: int
    pack: WrittenPack | None = None
    tokens: Set[str] | None = None

    @property
    def place(self) -> Path:
        """The same as its path, since it is not packed."""
        return self.path

    @cached_property
    def blob(self) -> str:
        """The name that Git gives the content, in hex."""
        return file_blob_name(self.path, self.size_bytes)


def open_uploads(found: Sequence[UploadAbout], folder: Path) -> dict[str, OpenedUpload]:
    """These uploads as files in `folder` by their ids, byte for byte as they were sent.

    Raises:
        UploadUnfinished: bytes are missing. VersionTooLarge: together they are over `MAX_PUSH_BYTES`.
        UploadNotFound: the store does not have all of one. StoreUnavailable, BodyAltered.
    """
    for about in found:
        if not about.is_finished:
            raise UploadUnfinished(about.offset_bytes, about.size_bytes)
    size_bytes = sum(about.size_bytes for about in found)
    if size_bytes > config.current().max_push_bytes:
        raise VersionTooLarge(size_bytes)
    opened = {
        about.id: OpenedUpload(about.id, folder / f"upload-{object_keys.new_id()}", about.size_bytes) for about in found
    }
    for upload in opened.values():
        with upload.path.open("xb") as file:
            file.truncate(upload.size_bytes)
    _fetch_all(opened)
    return opened


def _fetch_all(opened: dict[str, OpenedUpload]) -> None:
    """Write all parts into their places; after a failure those that have not begun are left out."""
    with Pool(PARALLEL_FETCHES) as pool:
        parts = parts_of(opened)
        fetches = [pool.submit(partial(_fetch, part, opened[part.upload_id].path)) for part in parts]
        try:
            for fetch in fetches:
                fetch.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _fetch(part: StoredPart, path: Path) -> None:
    """Write one part into its place, and compare it with what was stored."""
    key, check = part_key(part.upload_id, part.name), hashlib.sha256()
    try:
        chunks = store().stream(key)
    except ObjectMissing as error:  # the database is older than the store
        raise UploadNotFound from error
    with chunks, path.open("r+b") as file:
        file.seek(part.start_bytes)
        for chunk in chunks:
            check.update(chunk)
            file.write(chunk)
    if check.hexdigest() != part.sha256:
        raise BodyAltered(key)
