"""What is in a ZIP or tar file: names and sizes, read without unpacking anything, within bounds of work."""

import bz2
import gzip
import io
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from framework.browse.render.zip_ends import check_directory
from framework.browse.render.zip_names import decode_names
from framework.browse.view_options import ViewOptions

MOST_ENTRIES, MOST_READ_ENTRIES = 2_000, 50_000
LONGEST_DIRECTORY_BYTES = 2 << 20
LONGEST_UNPACKED_BYTES = 64 << 20
TAR_ENDINGS = (".tar", ".tar.gz", ".tgz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")


@dataclass(frozen=True)
class Member:
    """A file or folder in an archive; the size in bytes when it is unpacked."""

    path: str
    is_folder: bool
    size_bytes: int


@dataclass(frozen=True)
class Listing:
    """The members of an archive in its own order; `complete` is False when there are more."""

    members: Sequence[Member]
    complete: bool

    @property
    def size_bytes(self) -> int:
        """What the listed files take unpacked."""
        return sum(member.size_bytes for member in self.members)


def read_listing(name: str, path: str, _asked: ViewOptions) -> Listing:
    """The members of the ZIP or tar file at this path.

    Raises:
        ValueError: they cannot be listed.
    """
    with Path(path).open("rb") as file:
        return _tar(name, file) if name.endswith(TAR_ENDINGS) else _zip(file)


def _zip(file: IO[bytes]) -> Listing:
    check_directory(file, most_bytes=LONGEST_DIRECTORY_BYTES, most_entries=MOST_READ_ENTRIES)
    try:
        with zipfile.ZipFile(file) as archive:
            found = archive.infolist()
    except (zipfile.BadZipFile, ValueError, struct.error, NotImplementedError, EOFError, OSError) as error:
        raise ValueError("it is damaged") from error
    listed = found[:MOST_ENTRIES]
    names, _guessed = decode_names(listed)
    members = [Member(name, one.is_dir(), one.file_size) for name, one in zip(names, listed, strict=True)]
    return Listing(members, complete=len(found) <= MOST_ENTRIES)


def _tar(name: str, file: IO[bytes]) -> Listing:
    members: list[Member] = []
    try:
        with tarfile.open(fileobj=_Bounded(_open_archive(name, file)), mode="r|") as archive:
            for one in archive:
                if len(members) == MOST_ENTRIES:
                    return Listing(members, complete=False)
                members.append(Member(one.name, one.isdir(), one.size if one.isreg() else 0))
    except _TooMuch:
        return Listing(members, complete=False)
    except (tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError) as error:
        if not members:
            raise ValueError("it is damaged") from error
        return Listing(members, complete=False)
    return Listing(members, complete=True)


def _open_archive(name: str, file: IO[bytes]) -> IO[bytes]:
    if name.endswith((".gz", ".tgz")):
        return gzip.GzipFile(fileobj=file)  # type: ignore[return-value]
    if name.endswith((".bz2", ".tbz2")):
        return bz2.BZ2File(file)
    if name.endswith((".xz", ".txz")):
        return lzma.LZMAFile(file)
    return file


class _TooMuch(Exception):
    """The archive unpacks to more than is looked through."""


class _Bounded(io.RawIOBase):
    """A stream that gives no more than `LONGEST_UNPACKED_BYTES`."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self._left = source, LONGEST_UNPACKED_BYTES

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        data = self._source.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _TooMuch
        return data
