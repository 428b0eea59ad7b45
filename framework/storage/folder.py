"""A folder as the object store: each object a file, complete and on the disk before `put` returns."""

import hashlib
import os
import stat
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from secrets import token_hex
from typing import BinaryIO

from framework.files import CHUNK_BYTES, read_chunks, sha256_of
from framework.lru import LRUCache
from framework.storage.contract import (
    BodyAltered,
    Draft,
    Fetched,
    ObjectExists,
    ObjectStore,
    StoredObject,
    StoreRefused,
    StoreUnavailable,
    missing_object,
)
from framework.storage.counting import METER

INCOMING = ".incoming"
ABANDONED_HOURS = 24
REMEMBERED_FOLDERS = 1000


class FolderDraft(Draft):
    """A file in the store's own file system; one that the disk did not take is not whole."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.file = path.open("xb", buffering=0)
        self.is_whole = True

    def write(self, data: bytes | memoryview) -> None:
        """Add these."""
        try:
            self.is_whole = self.is_whole and self.file.write(data) == len(data)
        except OSError:
            self.is_whole = False

    def close(self) -> None:
        """Delete the draft; an object that was made of it stays."""
        self.file.close()
        self.path.unlink(missing_ok=True)


class FolderStore(ObjectStore):
    """Objects below `root`; what a killed process left in `.incoming` is swept when the store is opened."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lasting: LRUCache[Path, int | None] = LRUCache(REMEMBERED_FOLDERS)
        with _translate_errors():
            (root / INCOMING).mkdir(parents=True, exist_ok=True)
            _sweep(root / INCOMING)

    def begin_draft(self) -> Draft | None:
        """A file beside those that are being put."""
        with suppress(OSError):
            return FolderDraft(self._root / INCOMING / token_hex(16))
        return None

    def _publish(self, key: str, draft: Draft, sha256: str) -> bool:
        if not isinstance(draft, FolderDraft) or not draft.is_whole:
            return False
        with METER.request("put") as made, _translate_errors():
            os.fsync(draft.file.fileno())
            made.sent_bytes = draft.path.stat().st_size
            self._link(key, draft.path, sha256)
        return True

    def _put(self, key: str, source: bytes | Path, sha256: str) -> None:
        with METER.request("put") as made, self._draft(source) as (draft, digest):
            if digest != sha256:
                raise BodyAltered(key)
            with _translate_errors():
                made.sent_bytes = draft.stat().st_size
                self._link(key, draft, sha256)

    def _fetch(self, key: str, target: Path) -> Fetched:
        digest, size = hashlib.sha256(), 0
        with METER.request("get") as made, self._open(key) as source, target.open("wb") as file:
            for chunk in _chunks(source):
                digest.update(chunk)
                file.write(chunk)
                size += len(chunk)
            made.received_bytes = size
        return Fetched(size, digest.hexdigest())

    def _read(self, key: str) -> bytes:
        with METER.request("get") as made, self._open(key) as source:
            body = b"".join(_chunks(source))
            made.received_bytes = len(body)
        return body

    def _stream(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        with METER.request("range") as made, self._open(key) as source:
            source.seek(start)
            for chunk in _chunks(source, length):
                made.received_bytes += len(chunk)
                yield chunk

    def _size(self, key: str) -> int:
        with METER.request("head"), _translate_errors(key):
            status = (self._root / key).stat()
        if not stat.S_ISREG(status.st_mode):
            raise missing_object(key)
        return status.st_size

    def _list(self, prefix: str, after: str) -> Iterator[StoredObject]:
        folder = prefix.rpartition("/")[0]
        with METER.request("list"), _translate_errors():
            found = [entry for entry in _walk(self._root, folder) if entry.key.startswith(prefix)]
        yield from (entry for entry in found if entry.key > after)

    def _delete(self, key: str) -> None:
        with METER.request("delete"), _translate_errors():
            (self._root / key).unlink(missing_ok=True)
            if (self._root / key).parent.exists():
                _sync_folder((self._root / key).parent)

    def _change_class(self, key: str, storage_class: str, sha256: str) -> None:
        """A folder has no classes."""

    def _presign(self, operation: str, named: dict[str, str | int], seconds: int) -> None:
        return None

    @contextmanager
    def _open(self, key: str) -> Iterator[BinaryIO]:
        with _translate_errors(key):
            file = (self._root / key).open("rb")
        with file:
            yield file

    @contextmanager
    def _draft(self, source: bytes | Path) -> Iterator[tuple[Path, str]]:
        """A synced copy of the source in the store's own file system, and the SHA-256 of what was copied."""
        draft = self._root / INCOMING / token_hex(16)
        try:
            with _reader(source) as original, _translate_errors(), draft.open("xb") as file:
                digest = _copy(original, file)
                file.flush()
                os.fsync(file.fileno())
            yield draft, digest
        finally:
            draft.unlink(missing_ok=True)

    def _link(self, key: str, draft: Path, sha256: str) -> None:
        target = self._root / key
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(draft, target)  # unlike a rename it never replaces what another process has just put there
        except FileExistsError:
            if sha256_of(target) != sha256:
                raise ObjectExists(f"{key} has other bytes already; a key is never used twice.") from None
        self._keep_entry(target.parent)

    def _keep_entry(self, folder: Path) -> None:
        """Have the disk keep a new entry of the folder, and the entries by which the folder itself is found.

        Another process may have made a folder and not have synced it yet. One that was kept once stays.
        """
        _sync_folder(folder)
        number = folder.stat().st_ino
        if folder != self._root and self._lasting.get(folder, None) != number:
            self._keep_entry(folder.parent)
            self._lasting.put(folder, number)


def _reader(source: bytes | Path) -> BinaryIO:
    return BytesIO(source) if isinstance(source, bytes) else source.open("rb")


def _copy(source: BinaryIO, target: BinaryIO) -> str:
    digest = hashlib.sha256()
    for chunk in read_chunks(source):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _chunks(source: BinaryIO, length: int | None = None) -> Iterator[bytes]:
    left = sys.maxsize if length is None else length
    while chunk := _read_some(source, min(left, CHUNK_BYTES)):
        left -= len(chunk)
        yield chunk


def _read_some(source: BinaryIO, size: int) -> bytes:
    with _translate_errors():
        return source.read(size)


def _walk(root: Path, folder: str) -> Iterator[StoredObject]:
    """Files below a folder, in the order of the keys' bytes: a folder sorts as its name with a slash."""
    with os.scandir(root / folder) if (root / folder).is_dir() else _scan_nothing() as found:
        entries = [entry for entry in found if entry.name != INCOMING]
    for entry in sorted(entries, key=lambda entry: entry.name + "/" * entry.is_dir()):
        key = f"{folder}/{entry.name}" if folder else entry.name
        if entry.is_dir():
            yield from _walk(root, key)
        elif status := _status(entry):
            yield StoredObject(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))


@contextmanager
def _scan_nothing() -> Iterator[Iterator["os.DirEntry[str]"]]:
    yield iter(())


def _status(entry: "os.DirEntry[str]") -> os.stat_result | None:
    try:
        return entry.stat()
    except FileNotFoundError:  # deleted since the folder was read
        return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sweep(incoming: Path) -> None:
    for draft in incoming.iterdir():
        if (status := _lstat(draft)) and status.st_mtime < time.time() - ABANDONED_HOURS * 3600:
            draft.unlink(missing_ok=True)


def _lstat(path: Path) -> os.stat_result | None:
    try:
        return path.lstat()
    except FileNotFoundError:
        return None


@contextmanager
def _translate_errors(key: str | None = None) -> Iterator[None]:
    """Turn what the disk says into what the contract says; a missing file is a missing object where a key is given."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
        raise (missing_object(key) if key else StoreUnavailable()) from error
    except PermissionError as error:
        raise StoreRefused from error
    except OSError as error:
        raise StoreUnavailable from error
