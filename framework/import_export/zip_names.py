"""What the files of a ZIP file are called: in UTF-8 where it says so, else in what all the names together look like."""

import zipfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from framework.browse.render.zip_names import decode_names
from framework.uploads.junk import explain_junk, name_junk

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
    names, guessed = decode_names(entries, encoding)
    named = [(entry, name.replace("\\", "/")) for entry, name in zip(entries, names, strict=True)]
    files = [(entry, path) for entry, path in named if not path.endswith("/")]
    kept = [(entry, path) for entry, path in files if not explain_junk(path)] or files
    told = _tell_junk([path for _entry, path in files], len(files) - len(kept))
    told += _tell_empty([path for _entry, path in named if not explain_junk(path)])
    if guessed not in {"", "utf-8"}:
        told.append(f"Names of files were read as {guessed}; if they look wrong, import it again and choose another.")
    around = _folder_around([path for _entry, path in kept])
    return ZipNames([(entry, path.removeprefix(around)) for entry, path in kept], told)


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
