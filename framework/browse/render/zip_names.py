"""What the entries of a ZIP file are called: in UTF-8 where they say so, else in what all the names look like."""

import struct
import zipfile
import zlib
from collections.abc import Sequence

from framework.browse.render.encodings import decode_as
from framework.browse.render.evidence import guess_name_encoding

IS_UTF8 = 0x800
UNICODE_PATH = 0x7075
"""The extra field in which Info-ZIP keeps a name in UTF-8 (APPNOTE.TXT, 4.6.9)."""
WRITTEN_IN = "cp437"
"""What the standard library reads unmarked names in: each byte is a character of its own there."""


def decode_names(entries: Sequence[zipfile.ZipInfo], encoding: str = "") -> tuple[Sequence[str], str]:
    """The names of the entries in their order, and the encoding that was guessed, empty where none had to be.

    Names that are not marked as UTF-8 are in `encoding`, if it is given.
    """
    unmarked = [_bytes_of(entry) for entry in entries if not _marked_name(entry)]
    beyond = b"\n".join(name for name in unmarked if not name.isascii())
    chosen = encoding or (guess_name_encoding(beyond) if beyond else "utf-8")
    names = [_marked_name(entry) or decode_as(_bytes_of(entry), chosen) for entry in entries]
    return names, chosen if beyond and not encoding else ""


def _bytes_of(entry: zipfile.ZipInfo) -> bytes:
    return entry.filename.encode(WRITTEN_IN)


def _marked_name(entry: zipfile.ZipInfo) -> str:
    """The name, where the entry says that it is in UTF-8; empty where it does not."""
    if entry.flag_bits & IS_UTF8:
        return entry.filename
    rest = entry.extra
    while len(rest) >= 4:
        kind, length = struct.unpack("<HH", rest[:4])
        field, rest = rest[4 : 4 + length], rest[4 + length :]
        if kind == UNICODE_PATH and field[1:5] == zlib.crc32(_bytes_of(entry)).to_bytes(4, "little"):
            return field[5:].decode(errors="replace")
    return ""
