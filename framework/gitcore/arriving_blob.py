"""A pack of one blob, written while the blob arrives: its bytes are not read again to name, deflate and hash them."""

from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import IO

from framework.files import read_chunks
from framework.gitcore.pack_writer import HEADER_BYTES, PackWriter, blob_hash
from framework.gitcore.packs import LONGEST_HEAD_BYTES, Sink, WrittenPack, inflate_entry, parse_head
from framework.observability.pool import Pool

PIECE_BYTES, WAITING_PIECES = 256 << 10, 8


class WrongSize(ValueError):
    """Another number of bytes arrived than was expected."""


@dataclass(frozen=True)
class PackedBlob:
    """A blob's name in hex, and a pack that has it and nothing else."""

    sha: str
    pack: WrittenPack


class ArrivingBlob:
    """Takes the pieces of a blob of a size that is known before, and packs them by a thread beside who receives them.

    Git names a blob by its size before its content, so what turns out to have another size has to be unpacked again.
    The pack goes to `copy`, too, while it is written. Pieces wait in memory that is used again and again: taking new
    memory for each costs more than to copy it there.
    """

    def __init__(self, path: Path, size_bytes: int, copy: Sink | None = None) -> None:
        self._path, self.size_bytes, self._copy = path, size_bytes, copy
        self._missing_bytes = size_bytes
        self._check = blob_hash(size_bytes)
        self._free: SimpleQueue[memoryview] = SimpleQueue()
        for _piece in range(WAITING_PIECES):
            self._free.put(memoryview(bytearray(PIECE_BYTES)))
        self._pieces: SimpleQueue[tuple[memoryview, int] | None] = SimpleQueue()
        self._pool = Pool(1)
        self._packing: Future[PackedBlob] = self._pool.submit(self._pack)

    def write(self, data: bytes | memoryview) -> None:
        """Take the next bytes, not more than were expected; only a few pieces are waiting."""
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

    def finish(self) -> PackedBlob:
        """The blob, all of which has arrived.

        Raises:
            WrongSize, OSError: it has another size, or could not be written.
        """
        self.close()
        return self._packing.result()

    def unpack(self, target: IO[bytes]) -> None:
        """End, and write what has arrived, but not more than was expected, into the file.

        Raises:
            OSError.
        """
        self.close()
        with suppress(WrongSize):
            self._packing.result()
        unpack_blob(self._path, target)

    def close(self) -> None:
        """End the thread, whatever has arrived."""
        self._pieces.put(None)
        self._pool.shutdown()

    def _pack(self) -> PackedBlob:
        with PackWriter(self._path, expected_count=1, beside=True, copy=self._copy) as writer:
            sha = writer.add_new_blob(self._arrive(), self.size_bytes, self._check.digest)
            if self._missing_bytes:
                raise WrongSize
            return PackedBlob(sha, writer.finish())

    def _arrive(self) -> Iterator[memoryview]:
        while arrived := self._pieces.get():
            piece, size_bytes = arrived
            self._missing_bytes -= size_bytes
            yield piece[:size_bytes]
            self._free.put(piece)


def unpack_blob(pack: Path, target: IO[bytes]) -> None:
    """Write the content of the pack's only blob, or what there is of it, into the file.

    Raises:
        OSError, zlib.error: it is damaged.
    """
    with pack.open("rb") as source:
        head = parse_head(source.read(HEADER_BYTES + LONGEST_HEAD_BYTES)[HEADER_BYTES:])
        source.seek(HEADER_BYTES + head.length)
        target.writelines(inflate_entry(read_chunks(source)))


def bring_file(file: Path, pack: WrittenPack | None) -> Path:
    """The file; where it is only in a pack that has nothing else, it is written first.

    Raises:
        OSError, zlib.error: the pack is damaged.
    """
    if pack and not file.exists():
        with file.open("xb") as target:
            unpack_blob(pack.pack, target)
    return file
