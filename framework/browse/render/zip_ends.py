"""The records at the end of a ZIP file, looked at before `zipfile` makes an object of each entry (PKWARE's APPNOTE)."""

import os
import struct
from typing import IO

# 4.3.16, the end of central directory record, and the longest comment behind it.
_END, _END_BYTES, _LONGEST_COMMENT = b"PK\x05\x06", 22, (1 << 16) - 1
# 4.3.15 and 4.3.14: directly before it may lie a locator, and before that the ZIP64 record, which `zipfile` believes.
_LOCATOR, _LOCATOR_BYTES = b"PK\x06\x07", 20
_END64, _END64_BYTES = b"PK\x06\x06", 56
# 4.3.12, the start of each entry of the directory.
_ENTRY = b"PK\x01\x02"


class DirectoryTooLarge(ValueError):
    """The file has more entries than are looked at."""

    def __init__(self) -> None:
        super().__init__("it holds too many files to be listed here")


def check_directory(file: IO[bytes], *, most_bytes: int, most_entries: int) -> None:
    """See that the directory that `zipfile` will read is no larger than this; `file` is left at any place.

    Raises:
        DirectoryTooLarge. ValueError: it has no such directory.
    """
    size_bytes = file.seek(0, os.SEEK_END)
    start = max(0, size_bytes - _END_BYTES - _LONGEST_COMMENT - _LOCATOR_BYTES - _END64_BYTES)
    file.seek(start)
    tail = file.read()
    end = tail.rfind(_END)
    if end < 0 or len(tail) < end + _END_BYTES:
        raise ValueError("it is not a whole ZIP file")
    directory_bytes = struct.unpack_from("<I", tail, end + 12)[0]
    record64 = end - _LOCATOR_BYTES - _END64_BYTES
    if record64 >= 0 and tail.startswith(_LOCATOR, end - _LOCATOR_BYTES) and tail.startswith(_END64, record64):
        directory_bytes, end = struct.unpack_from("<Q", tail, record64 + 40)[0], record64
    if directory_bytes > most_bytes:
        raise DirectoryTooLarge
    file.seek(max(0, start + end - directory_bytes))
    if file.read(directory_bytes).count(_ENTRY) > most_entries:
        raise DirectoryTooLarge
