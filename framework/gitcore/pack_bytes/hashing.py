"""The hashes of a pack while it is written, so that it is not read again."""

import hashlib
from collections import deque
from concurrent.futures import Future

from framework.observability.pool import Pool

WAITING_PIECES = 8


class Hashes:
    """SHA-1 and SHA-256 of what a pack consists of."""

    def __init__(self) -> None:
        self._sha1, self._sha256 = hashlib.sha1(usedforsecurity=False), hashlib.sha256()

    def update(self, data: bytes | memoryview) -> None:
        """Hash this next."""
        self._sha1.update(data)
        self._sha256.update(data)

    def finish(self) -> "tuple[hashlib._Hash, hashlib._Hash]":
        """The hashes of all of it."""
        return self._sha1, self._sha256

    def close(self) -> None:
        """Nothing is open."""


class HashesBeside(Hashes):
    """The same by a thread of their own."""

    def __init__(self) -> None:
        super().__init__()
        self._pool = Pool(1)
        self._running: deque[Future[None]] = deque()

    def update(self, data: bytes | memoryview) -> None:
        """Hash this, or a copy of what may change, next; only a few pieces are waiting."""
        while len(self._running) >= WAITING_PIECES:
            self._running.popleft().result()
        self._running.append(self._pool.submit(super().update, bytes(data)))

    def finish(self) -> "tuple[hashlib._Hash, hashlib._Hash]":
        """The hashes of all of it."""
        while self._running:
            self._running.popleft().result()
        return super().finish()

    def close(self) -> None:
        """End the thread."""
        self._pool.shutdown(cancel_futures=True)
