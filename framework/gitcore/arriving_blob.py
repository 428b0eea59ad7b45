"""A pack of one blob, written while the blob arrives: its bytes are not read again to name, deflate and hash them."""

from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from queue import SimpleQueue
from threading import BoundedSemaphore

from framework.gitcore.pack_writer import PackWriter
from framework.gitcore.packs import WrittenPack
from framework.observability.pool import Pool

WAITING_PIECES = 8


@dataclass(frozen=True)
class PackedBlob:
    """A blob's name in hex, and a pack that has it and nothing else."""

    sha: str
    pack: WrittenPack


class ArrivingBlob:
    """Takes the pieces of a blob of a size that is known before, and packs them by a thread beside who receives them.

    Git names a blob by its size before its content, so what turns out to have another size has to be read again.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path, self._size_bytes = path, size_bytes
        self._pieces: SimpleQueue[bytes | None] = SimpleQueue()
        self._room = BoundedSemaphore(WAITING_PIECES)
        self._pool = Pool(1)
        self._packing: Future[PackedBlob] = self._pool.submit(self._pack)

    def write(self, piece: bytes) -> None:
        """Take the next piece; only a few are waiting."""
        while not self._packing.done():
            if self._room.acquire(timeout=1):
                self._pieces.put(piece)
                return

    def finish(self) -> PackedBlob | None:
        """The blob, when all of it has arrived; None when it has another size, or could not be written."""
        self.close()
        failure = self._packing.exception()
        if failure is not None and not isinstance(failure, (ValueError, OSError)):
            raise failure
        return None if failure else self._packing.result()

    def close(self) -> None:
        """End the thread, whatever has arrived."""
        self._pieces.put(None)
        self._pool.shutdown()

    def _pack(self) -> PackedBlob:
        with PackWriter(self._path, expected_count=1) as writer:
            sha = writer.add_new_blob(self._arrive(), self._size_bytes)
            return PackedBlob(sha, writer.finish())

    def _arrive(self) -> Iterator[bytes]:
        missing = self._size_bytes
        while (piece := self._pieces.get()) is not None:
            self._room.release()
            missing -= len(piece)
            if missing < 0:
                break
            yield piece
        if missing:
            raise ValueError(f"{self._path.name} was expected to hold {self._size_bytes} bytes")
