"""Reading Git LFS objects: whole and checked, or a part; and what a file holds, whether it is a pointer or not."""

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NoReturn

from framework.errors import NotFound, Unavailable
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.repositories import object_keys
from framework.repositories.cache.copy import Blob, Copy
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.catalog.lfs_objects import names_any, read_named, read_own
from framework.repositories.history.folders import Entry, read_blobs
from framework.storage.contract import ObjectMissing
from framework.storage.current import store

log = logging.getLogger(__name__)


class LfsAbsent(NotFound):
    """No version of the project names this object; whether it exists elsewhere is nobody's business."""

    def __init__(self, oid: str) -> None:
        super().__init__(f"There is no Git LFS object {oid[:64]} in this project.")


class LfsLost(Unavailable):
    """An object that a version names is not in the store, or not with its bytes: an alarm."""

    def __init__(self, key: str) -> None:
        super().__init__("A large file of this project is damaged in the object store; the operator has to look at it.")
        self.key = key


@dataclass(frozen=True)
class Content:
    """What a file holds; `stored` is the object where Git has only a pointer to it, and then the blob is the object."""

    blob: Blob
    stored: StoredLfs | None


def find_objects(repository_id: str, oids: Sequence[str], account_id: int | None) -> dict[str, StoredLfs]:
    """Those of these objects that a version names, or that this account has sent and no version names yet."""
    own = read_own(repository_id, oids, account_id) if account_id is not None else {}
    return own | read_named(repository_id, oids)


def find_object(repository_id: str, oid: str, account_id: int | None) -> StoredLfs:
    """The one of this SHA-256.

    Raises:
        LfsAbsent.
    """
    found = find_objects(repository_id, [oid], account_id).get(oid)
    if found is None:
        raise LfsAbsent(oid)
    return found


def find_content(copy: Copy, sha: str) -> Content:
    """The content of the file whose blob this is.

    Raises:
        What `Copy.blob` raises.
    """
    blob = copy.blob(sha)
    if blob.size_bytes not in lfs_pointer.SIZES:
        return Content(blob, None)
    data = b"".join(blob.chunks)
    stored = _find_stored(copy.snapshot.repository_id, lfs_pointer.parse(data))
    if stored is None:
        return Content(Blob(sha, len(data), iter([data])), None)
    return Content(Blob(stored.oid, stored.size_bytes, stream_whole(copy.snapshot.repository_id, stored)), stored)


def sizes(copy: Copy, entries: Sequence[Entry]) -> dict[str, int]:
    """The sizes in bytes of the objects that pointers among these entries stand for, by the pointers' blobs.

    One query for a project without Git LFS; else one git and one more query, however many entries there are.
    """
    brief = [entry.sha for entry in entries if (entry.size_bytes or 0) in lfs_pointer.SIZES and entry.kind == "blob"]
    if not brief or not names_any(copy.snapshot.repository_id):
        return {}
    read = ((sha, lfs_pointer.parse(data)) for sha, data in read_blobs(copy, brief))
    pointers = {sha: found for sha, found in read if found}
    named = read_named(copy.snapshot.repository_id, [one.oid for one in pointers.values()])
    return {sha: one.size_bytes for sha, one in pointers.items() if one.oid in named}


def stream_part(repository_id: str, stored: StoredLfs, start: int, length: int) -> Iterator[bytes]:
    """`length` bytes from `start`; checked only if that is the whole object.

    Raises:
        LfsLost.
    """
    if length == stored.size_bytes:
        return stream_whole(repository_id, stored)
    return _stream(repository_id, stored, start, length)


def stream_whole(repository_id: str, stored: StoredLfs) -> Iterator[bytes]:
    """The object's bytes, the last of them only when all together have its SHA-256.

    Raises:
        LfsLost: on the first chunk if the object is missing; in place of the last if it was altered.
    """
    check, held = hashlib.sha256(), b""
    for chunk in _stream(repository_id, stored, 0, stored.size_bytes):
        check.update(chunk)
        if held:
            yield held
        held = chunk
    if check.hexdigest() != stored.oid:
        _raise_lost(object_keys.lfs_key(repository_id, stored.oid, stored.name))
    yield held


def _stream(repository_id: str, stored: StoredLfs, start: int, length: int) -> Iterator[bytes]:
    key = object_keys.lfs_key(repository_id, stored.oid, stored.name)
    try:
        chunks = store().stream(key, start, length)
    except ObjectMissing:
        _raise_lost(key)
    with chunks:
        yield from chunks


def _raise_lost(key: str) -> NoReturn:
    """Have the operator told, and whoever reads."""
    log.critical("%s is named in SQL, and is missing or altered in the object store", key)
    raise LfsLost(key)


def _find_stored(repository_id: str, found: lfs_pointer.Pointer | None) -> StoredLfs | None:
    return read_named(repository_id, [found.oid]).get(found.oid) if found else None
