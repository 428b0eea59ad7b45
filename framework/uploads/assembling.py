"""A finished upload as one local file, its parts fetched from the store in parallel."""

import hashlib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from framework.accounts.account import Account
from framework.errors import Conflict
from framework.repositories import keys
from framework.storage.contract import BodyAltered, ObjectMissing
from framework.storage.current import store
from framework.uploads.resumable import StoredPart, UploadNotFound, find_upload, part_key, parts_of

PARALLEL_FETCHES = 5


class UploadUnfinished(Conflict):
    """Bytes of the upload are still missing."""

    def __init__(self, offset_bytes: int, size_bytes: int) -> None:
        super().__init__(
            f"This upload has {offset_bytes:,} of {size_bytes:,} bytes; send the rest before you use the file."
        )


@dataclass(frozen=True)
class OpenedUpload:
    """A finished upload on the local disk."""

    id: str
    path: Path
    size_bytes: int


def open_upload(account: Account, upload_id: str, folder: Path) -> OpenedUpload:
    """The account's finished upload as a file in `folder`, byte for byte as it was sent.

    Raises:
        UploadNotFound, UploadExpired: there is none of this id, or it is somebody else's.
        UploadUnfinished: bytes are missing. StoreUnavailable, BodyAltered.
    """
    about = find_upload(account, upload_id)
    if not about.is_finished:
        raise UploadUnfinished(about.offset_bytes, about.size_bytes)
    path = folder / f"upload-{keys.new_id()}"
    with path.open("xb") as file:
        file.truncate(about.size_bytes)
    with ThreadPoolExecutor(PARALLEL_FETCHES) as pool:
        fetches = [pool.submit(partial(_fetch, upload_id, part, path)) for part in parts_of(upload_id)]
        for fetch in fetches:
            fetch.result()
    return OpenedUpload(upload_id, path, about.size_bytes)


def _fetch(upload_id: str, part: StoredPart, path: Path) -> None:
    """Write one part into its place, and compare it with what was stored."""
    key, check = part_key(upload_id, part.name), hashlib.sha256()
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
