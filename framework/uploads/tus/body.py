"""The body of a request that brings a part of a file: counted, hashed and kept on disk, never in memory."""

import hashlib
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from framework.files import CHUNK_BYTES


class UploadBody:
    """A body that is read once. `length` is its Content-Length, None for one in chunks; `hashes` are kept of it all."""

    def __init__(self, stream: IO[bytes], length: int | None, hashes: Sequence[str] = ()) -> None:
        self._stream, self._length = stream, length
        self._checks = {name: hashlib.new(name, usedforsecurity=False) for name in hashes}
        self._read_bytes = 0
        self._has_broken = False

    @property
    def announced_bytes(self) -> int:
        """The length that was announced; 0 when none was."""
        return self._length or 0

    @property
    def is_whole(self) -> bool:
        """Whether everything that was announced has been read, and the connection has not broken."""
        return not self._has_broken and self._length in {None, self._read_bytes}

    def digest(self, algorithm: str) -> bytes:
        """The hash of what was read, by one of `hashes`."""
        return self._checks[algorithm].digest()

    def spool(self, file: Path, limit: int) -> tuple[int, str]:
        """Write up to `limit` bytes into a new file; how many there were, and their SHA-256 in hex.

        A connection that breaks ends the body; what has arrived counts.
        """
        size, check = 0, hashlib.sha256()
        with file.open("xb") as target:
            while size < limit and (chunk := self._read(min(CHUNK_BYTES, limit - size))):
                check.update(chunk)
                target.write(chunk)
                size += len(chunk)
        return size, check.hexdigest()

    def has_more(self) -> bool:
        """Whether a body in chunks goes on after what was read."""
        return self._length is None and bool(self._read(1))

    def _read(self, size: int) -> bytes:
        if self._length is not None:
            size = min(size, self._length - self._read_bytes)
        chunk = b""
        with suppress(OSError):
            chunk = self._stream.read(size) if size else b""
        self._has_broken = self._has_broken or (size > 0 and not chunk and self._length is not None)
        self._read_bytes += len(chunk)
        for check in self._checks.values():
            check.update(chunk)
        return chunk
