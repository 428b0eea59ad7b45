"""Archives as streams of bytes: ZIP (PKWARE's APPNOTE.TXT, 6.3.9) and tar (POSIX's pax) in gzip.

The same version gives the same bytes: times are the commit's. Nothing but the directory of a ZIP file is held back, and
that lies on the disk.
"""

import struct
import tarfile
import tempfile
import time
import zlib
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import IO

from framework.browse.archives.contents import Member
from framework.files import read_chunks
from framework.gitcore.modes import SYMLINK

WORTHWHILE_SAVING = 0.05
_LARGE, _MANY = 0xFFFFFFFF, 0xFFFF
_UNIX, _ZIP64_VERSION, _VERSION = 3 << 8, 45, 20
_SIZES_FOLLOW, _NAME_IS_UTF8 = 1 << 3, 1 << 11
_STORED, _DEFLATED = 0, 8
_TAR_BLOCK, _TAR_RECORD = 512, 10_240


def write_zip(members: Iterable[Member], *, name: bytes, comment: str, seconds: int) -> Iterator[bytes]:
    """A ZIP file of these below the folder `name`, with a comment for the whole file."""
    with tempfile.TemporaryFile() as directory:
        offset = count = 0
        for member in chain([Member(b"", 0o40755, 0, iter(()))], members):
            entry = _ZipEntry(member, name + b"/" + member.path, seconds)
            start = offset
            for part in entry.write():
                offset += len(part)
                yield part
            directory.write(entry.describe(start))
            count += 1
        yield from _end_zip(directory, count, offset, comment.encode())


class _ZipEntry:
    """A member on its way into a ZIP file: its sizes and its checksum follow it, since they are not known before."""

    def __init__(self, member: Member, path: bytes, seconds: int) -> None:
        self._member, self._path = member, path
        self._is_folder = path.endswith(b"/")
        self._is_large = member.size_bytes > _LARGE - (1 << 20)
        self._check = self._packed_bytes = 0
        moment = time.gmtime(max(seconds, 315_532_800))  # MS-DOS counts from 1980
        date = min(moment.tm_year - 1980, 127) << 9 | moment.tm_mon << 5 | moment.tm_mday
        self._when = moment.tm_hour << 11 | moment.tm_min << 5 | moment.tm_sec // 2, date
        self._extra = struct.pack("<HHBl", 0x5455, 5, 1, min(max(seconds, 0), 0x7FFFFFFF))
        utf8 = 0 if path.isascii() or not _is_utf8(path) else _NAME_IS_UTF8
        self._flags = utf8 | (0 if self._is_folder else _SIZES_FOLLOW)
        self._method = _STORED if self._is_folder else _DEFLATED

    def write(self) -> Iterator[bytes]:
        """The local header, the packed content, and what follows it."""
        version, sizes, more = _VERSION, (0, 0, 0), b""
        if self._is_large:
            version, sizes, more = _ZIP64_VERSION, (0, _LARGE, _LARGE), struct.pack("<HHQQ", 1, 16, 0, 0)
        extra = self._extra + more
        head = struct.pack("<4sHHHHH", b"PK\3\4", version, self._flags, self._method, *self._when)
        yield head + struct.pack("<LLLHH", *sizes, len(self._path), len(extra)) + self._path + extra
        if self._is_folder:
            return
        yield from self._pack()
        form = "<4sLQQ" if self._is_large else "<4sLLL"
        yield struct.pack(form, b"PK\7\x08", self._check, self._packed_bytes, self._member.size_bytes)

    def describe(self, start: int) -> bytes:
        """The entry of the directory, for what began at this byte."""
        wide = b""
        sizes, place = [self._packed_bytes, self._member.size_bytes], start
        if self._is_large:
            wide, sizes = struct.pack("<QQ", self._member.size_bytes, self._packed_bytes), [_LARGE, _LARGE]
        if start >= _LARGE:
            wide, place = wide + struct.pack("<Q", start), _LARGE
        extra = self._extra + (struct.pack("<HH", 1, len(wide)) + wide if wide else b"")
        version = _ZIP64_VERSION if wide else _VERSION
        head = struct.pack("<4sHHHHHH", b"PK\1\2", _UNIX | version, version, self._flags, self._method, *self._when)
        attributes = self._member.mode << 16 | (0x10 if self._is_folder else 0)
        facts = struct.pack("<LLLHHHHHLL", self._check, *sizes, len(self._path), len(extra), 0, 0, 0, attributes, place)
        return head + facts + self._path + extra

    def _pack(self) -> Iterator[bytes]:
        first = next(self._member.chunks, b"")
        saves = len(zlib.compress(first, 1)) < len(first) * (1 - WORTHWHILE_SAVING)
        packer = zlib.compressobj(6 if saves else 0, zlib.DEFLATED, -zlib.MAX_WBITS)
        for chunk in chain([first], self._member.chunks):
            self._check = zlib.crc32(chunk, self._check)
            if packed := packer.compress(chunk):
                self._packed_bytes += len(packed)
                yield packed
        packed = packer.flush()
        self._packed_bytes += len(packed)
        yield packed


def _end_zip(directory: IO[bytes], count: int, offset: int, comment: bytes) -> Iterator[bytes]:
    """The directory and what leads to it, in the wide form where it is needed."""
    length = directory.tell()
    directory.seek(0)
    yield from read_chunks(directory)
    if count >= _MANY or offset + length >= _LARGE:
        yield struct.pack(
            "<4sQHHLLQQQQ", b"PK\6\6", 44, _UNIX | _ZIP64_VERSION, _ZIP64_VERSION, 0, 0, count, count, length, offset
        )
        yield struct.pack("<4sLQL", b"PK\6\7", 0, offset + length, 1)
    counts = [min(count, _MANY)] * 2
    yield struct.pack("<4sHHHHLLH", b"PK\5\6", 0, 0, *counts, min(length, _LARGE), min(offset, _LARGE), len(comment))
    yield comment


def write_tar(members: Iterable[Member], *, name: bytes, comment: str, seconds: int) -> Iterator[bytes]:
    """A tar file of these below the folder `name`, packed by gzip, with a comment for the whole file."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    parts = _write_plain_tar(members, name=name, comment=comment, seconds=seconds)
    yield from filter(None, map(packer.compress, parts))
    yield packer.flush()


def _write_plain_tar(members: Iterable[Member], *, name: bytes, comment: str, seconds: int) -> Iterator[bytes]:
    first = tarfile.TarInfo.create_pax_global_header({"comment": comment}) if comment else b""
    length = len(first)
    yield first
    for member in chain([Member(b"", 0o40755, 0, iter(()))], members):
        info = tarfile.TarInfo((name + b"/" + member.path).decode(errors="surrogateescape"))
        info.mode, info.mtime, info.size = member.mode & 0o777, max(seconds, 0), member.size_bytes
        content = member.chunks
        if info.name.endswith("/"):
            info.type = tarfile.DIRTYPE
        elif member.mode == SYMLINK:
            info.type, info.mode, info.size = tarfile.SYMTYPE, 0o777, 0
            info.linkname, content = b"".join(content).decode(errors="surrogateescape"), iter(())
        head = info.tobuf(tarfile.PAX_FORMAT, "utf-8", "surrogateescape")
        yield head
        yield from content
        padding = -info.size % _TAR_BLOCK
        yield bytes(padding)
        length += len(head) + info.size + padding
    yield bytes(2 * _TAR_BLOCK + -(length + 2 * _TAR_BLOCK) % _TAR_RECORD)


def _is_utf8(name: bytes) -> bool:
    try:
        name.decode()
    except UnicodeDecodeError:
        return False
    return True
