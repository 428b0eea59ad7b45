"""A pack that is hashed while it passes, so that it need not be read again where it lies as it came."""

import hashlib
from collections.abc import Iterable, Iterator
from os import SEEK_END
from pathlib import Path

from framework.gitcore.pack_writer import TRAILER_BYTES


class HashingReader:
    """Chunks that pass, hashed on the way; a pack that was completed differs from them, and its trailer tells."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks
        self.digest, self._size, self._trailer = hashlib.sha256(), 0, b""

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.digest.update(chunk)
            self._size += len(chunk)
            self._trailer = (self._trailer + chunk[-TRAILER_BYTES:])[-TRAILER_BYTES:]
            yield chunk

    def is_in(self, pack: Path) -> bool:
        """Whether the file holds what passed."""
        with pack.open("rb") as file:
            return file.seek(-TRAILER_BYTES, SEEK_END) + TRAILER_BYTES == self._size and file.read() == self._trailer
