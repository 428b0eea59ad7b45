"""Bodies on their way to an S3 service: not taken too slowly, and never whole where they are not what was checked."""

import hashlib
from io import SEEK_SET
from time import monotonic
from typing import Protocol

from framework.storage.contract import BodyAltered
from framework.storage.retries import RetryPolicy


class Rewindable(Protocol):
    """What a body to send is read from."""

    def read(self, size: int = ..., /) -> bytes: ...

    def seek(self, offset: int, whence: int = ..., /) -> object: ...

    def tell(self) -> int: ...


class PacedBody:
    """A body to send that refuses to be taken too slowly; rewinding starts the clock again."""

    def __init__(self, policy: RetryPolicy, file: Rewindable) -> None:
        self._policy, self._file, self._started_at = policy, file, monotonic()

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            StoreUnavailable: the store takes them too slowly.
        """
        self._policy.refuse_slow(monotonic() - self._started_at, self._file.tell())
        return self._file.read(size)

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move, and begin to measure anew."""
        self._started_at = monotonic()
        self._file.seek(offset, whence)
        return self._file.tell()

    def tell(self) -> int:
        """Where the next read begins."""
        return self._file.tell()


class CheckedBody(PacedBody):
    """One whose SHA-256 is known: if the bytes are others, the last are not sent, and no service stores them.

    It is hashed on its way, since a body that is hashed before has to be read twice, and nothing is sent meanwhile.
    """

    def __init__(self, policy: RetryPolicy, file: Rewindable, key: str, size_bytes: int, sha256: str) -> None:
        super().__init__(policy, file)
        self._key, self._size_bytes, self._sha256 = key, size_bytes, sha256
        self._digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes.

        Raises:
            StoreUnavailable: the store takes them too slowly.
            BodyAltered: these are the last, and all of them are not what was checked.
        """
        data = super().read(size)
        self._digest.update(data)
        is_last = not data or self.tell() >= self._size_bytes
        if is_last and self._digest.hexdigest() != self._sha256:
            raise BodyAltered(self._key)
        return data

    def seek(self, offset: int, whence: int = SEEK_SET) -> int:
        """Move; whoever sends begins anew, or asks how long it is."""
        self._digest = hashlib.sha256()
        return super().seek(offset, whence)
