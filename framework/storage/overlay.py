"""A store to rehearse on: it reads what another store has, and writes and deletes in a place of its own."""

from collections.abc import Generator, Iterator
from contextlib import suppress
from heapq import merge
from itertools import groupby
from pathlib import Path

from framework.storage.contract import Chunks, Fetched, ObjectMissing, ObjectStore, StoredObject


class OverlayStore(ObjectStore):
    """What was written here lies over what `below` has, which never changes; nothing of `below` is ever deleted."""

    def __init__(self, below: ObjectStore, own: ObjectStore) -> None:
        self._below, self._own = below, own

    def close(self) -> None:
        """Close both."""
        self._below.close()
        self._own.close()

    def _put(self, key: str, source: bytes | Path, sha256: str) -> None:
        self._own.put(key, source, sha256=sha256)

    def _fetch(self, key: str, target: Path) -> Fetched:
        with suppress(ObjectMissing):
            return self._own.fetch(key, target)
        return self._below.fetch(key, target)

    def _read(self, key: str) -> bytes:
        with suppress(ObjectMissing):
            return self._own.read(key)
        return self._below.read(key)

    def _stream(self, key: str, start: int, length: int | None) -> Generator[bytes, None, None]:
        with self._open_stream(key, start, length) as chunks:
            yield from chunks

    def _open_stream(self, key: str, start: int, length: int | None) -> Chunks:
        with suppress(ObjectMissing):
            return self._own.stream(key, start, length)
        return self._below.stream(key, start, length)

    def _size(self, key: str) -> int:
        with suppress(ObjectMissing):
            return self._own.size(key)
        return self._below.size(key)

    def _list(self, prefix: str, after: str) -> Iterator[StoredObject]:
        both = merge(self._own.list(prefix, after=after), self._below.list(prefix, after=after), key=_key)
        for _shared_key, found in groupby(both, key=_key):
            yield next(found)

    def _delete(self, key: str) -> None:
        self._own.delete(key)

    def _change_class(self, key: str, storage_class: str, sha256: str) -> None:
        """What is below never changes, and what is written here does not last."""

    def _presign(self, operation: str, named: dict[str, str | int], seconds: int) -> None:
        return None


def _key(entry: StoredObject) -> str:
    return entry.key
