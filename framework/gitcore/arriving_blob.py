"""A pack of one blob, written while the blob arrives: its bytes are not read again to name, deflate and hash them."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

from framework.gitcore.pack_writer import PackWriter, blob_hash
from framework.gitcore.packs import WrittenPack
from framework.observability.pool import Pool

PIECE_BYTES, WAITING_PIECES = 256 << 10, 8


@dataclass(frozen=True)
class PackedBlob:
    """A blob's name in hex, and a pack that has it and nothing else."""

    sha: str
    pack: WrittenPack


class ArrivingBlob:
    """Takes the pieces of a blob of a size that is known before, and packs them by a thread beside who receives them.

    Git names a blob by its size before its content, so what turns out to have another size has to be read again.
    Pieces wait in memory that is used again and again: taking new memory for each costs more than to copy it there.
    """

    def __init__(self, path: Path, size_bytes: int) -> None:
        self._path, self._size_bytes = path, size_bytes
        self._check = blob_hash(size_bytes)
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        for _piece in range(WAITING_PIECES):
            self._free.put(memoryview(bytearray(PIECE_BYTES)))
        self._pieces: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()
        self._pool = Pool(1)
        self._packing: Future[PackedBlob] = self._pool.submit(self._pack)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes; only a few pieces are waiting."""
        self._check.update(data)
        for start in range(0, len(data), PIECE_BYTES):
            self._hand_over(data[start : start + PIECE_BYTES])

    def _hand_over(self, data: bytes | memoryview) -> None:
        while not self._packing.done():
            with suppress(Empty):
                piece = self._free.get(timeout=1)
                piece[: len(data)] = data
                self._pieces.put((piece, len(data)))
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
        with PackWriter(self._path, expected_count=1, beside=True) as writer:
            sha = writer.add_new_blob(self._arrive(), self._size_bytes, self._check.digest)
            return PackedBlob(sha, writer.finish())

    def _arrive(self) -> Iterator[memoryview]:
        missing = self._size_bytes
        while arrived := self._pieces.get():
            piece, size_bytes = arrived
            missing -= size_bytes
            if missing < 0:
                break
            yield piece[:size_bytes]
            self._free.put(piece)
        if missing:
            raise ValueError(f"{self._path.name} was expected to hold {self._size_bytes} bytes")
