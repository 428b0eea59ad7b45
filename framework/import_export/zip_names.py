"""What the files of a ZIP file are called: in UTF-8 where it says so, else in what all the names together look like."""

import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from framework.browse.render.encodings import decode_as
from framework.browse.render.evidence import guess_name_encoding
from framework.uploads.junk import explain_junk, name_junk

IS_UTF8 = 0x800
UNICODE_PATH = 0x7075
"""The extra field in which Info-ZIP keeps a name in UTF-8 (APPNOTE.TXT, 4.6.9)."""
WRITTEN_IN = "cp437"
"""What the standard library reads unmarked names in: each byte is a character of its own there."""
MOST_LISTED = 3


@dataclass(frozen=True)
class ZipNames:
    """The files to be imported, each with its path, and what there is to tell of the others, in sentences."""

    files: Sequence[tuple[zipfile.ZipInfo, str]]
    told: Sequence[str]


def read_names(entries: Sequence[zipfile.ZipInfo], encoding: str = "") -> ZipNames:
    """The entries that are files, by their paths; names that are not marked as UTF-8 are in `encoding`, or guessed.

    Backslashes part folders as slashes do. Junk is left out, and one folder around everything is taken off.
    """
    unmarked = [_bytes_of(entry) for entry in entries if not _marked_name(entry)]
    beyond = b"\n".join(name for name in unmarked if not name.isascii())
    chosen = encoding or (guess_name_encoding(beyond) if beyond else "utf-8")
    named = [
        (entry, (_marked_name(entry) or decode_as(_bytes_of(entry), chosen)).replace("\\", "/")) for entry in entries
    ]
    files = [(entry, path) for entry, path in named if not path.endswith("/")]
    kept = [(entry, path) for entry, path in files if not explain_junk(path)] or files
    told = _tell_junk([path for _entry, path in files], len(files) - len(kept))
    told += _tell_empty([path for _entry, path in named if not explain_junk(path)])
    if beyond and not encoding and chosen != "utf-8":
        told.append(f"Names of files were read as {chosen}; if they look wrong, import it again and choose another.")
    around = _folder_around([path for _entry, path in kept])
    return ZipNames([(entry, path.removeprefix(around)) for entry, path in kept], told)


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


def _tell_junk(paths: Sequence[str], count: int) -> list[str]:
    if not count:
        return []
    names = Counter(name_junk(path) for path in paths if explain_junk(path))
    listed = ", ".join(name for name, _count in names.most_common(MOST_LISTED))
    return [f"Left out: {_count(count, 'file')} that programs leave behind, such as {listed}."]


def _tell_empty(paths: Sequence[str]) -> list[str]:
    """How many folders have nothing in them, which Git does not keep."""
    following = pairwise([*sorted(set(paths)), ""])
    count = sum(path.endswith("/") and not after.startswith(path) for path, after in following)
    return [f"Left out: {_count(count, 'empty folder')}, since Git keeps files only."] if count else []


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _folder_around(paths: Sequence[str]) -> str:
    """The one folder that everything lies in, as ZIP files of whole projects have it, with its slash; else nothing."""
    first = paths[0].partition("/")[0] + "/" if paths else ""
    return first if paths and all(path.startswith(first) and path != first for path in paths) else ""
