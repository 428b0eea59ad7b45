"""Files and streams of bytes, read piece by piece."""

import ctypes
import hashlib
import os
import sys
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import IO

CHUNK_BYTES = 112 << 10
"""How much is read at a time where neither a format nor a pipe says otherwise.

Less than `allocator.LARGE_BYTES`: memory for larger pieces is taken from the kernel, empty, for each of them.
"""
_LONG_BYTES = 1 << 15
_memmem = getattr(ctypes.CDLL(None), "memmem", None)
if _memmem:
    _memmem.restype = ctypes.c_void_p
    _memmem.argtypes = ctypes.c_void_p, ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t


def read_whole(path: str) -> tuple[bytes, float]:
    """A small file's content, and when it was changed in seconds since the epoch; takes four system calls.

    Raises:
        OSError: it cannot be read.
    """
    file = os.open(path, os.O_RDONLY)
    try:
        status = os.fstat(file)
        content = os.read(file, status.st_size)
        while len(content) < status.st_size and (more := os.read(file, status.st_size - len(content))):
            content += more
    finally:
        os.close(file)
    return content, status.st_mtime


def read_chunks(stream: IO[bytes], length: int | None = None) -> Iterator[bytes]:
    """What the stream holds from where it stands, in chunks; at most `length` bytes."""
    left = sys.maxsize if length is None else length
    while chunk := stream.read(min(CHUNK_BYTES, left)):
        left -= len(chunk)
        yield chunk


def split_chunks(chunks: Iterable[bytes], end: bytes = b"\0") -> Iterator[bytes]:
    """The pieces that end with this byte, without it; what follows the last one is dropped."""
    held = b""
    for chunk in chunks:
        *whole, held = (held + chunk).split(end)
        yield from whole


def find_all(content: bytes | memoryview, mark: bytes) -> Iterator[int]:
    """Where in the content the mark begins, however often; a view has to be one of memory that may be written.

    In long content it is found by the C library, in a third of the time that `bytes.find` takes, and other threads run.
    """
    if _memmem is None or len(content) < _LONG_BYTES:
        content = bytes(content)
        place = content.find(mark)
        while place >= 0:
            yield place
            place = content.find(mark, place + 1)
        return
    held = content if isinstance(content, bytes) else ctypes.byref(ctypes.c_char.from_buffer(content))
    begin = place = ctypes.cast(held, ctypes.c_void_p).value or 0  # type: ignore[arg-type] # bytes, too
    while found := _memmem(place, begin + len(content) - place, mark, len(mark)):
        yield found - begin
        place = found + 1


def read_range(path: Path, start: int, length: int | None = None) -> Generator[bytes, None, None]:
    """The file's bytes from there on, in chunks; at most `length`."""
    with path.open("rb") as file:
        file.seek(start)
        yield from read_chunks(file, length)


def sha256_of(path: Path) -> str:
    """The SHA-256 of the file, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
