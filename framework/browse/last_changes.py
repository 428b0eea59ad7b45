"""The last commit that changed each entry of a folder, by one pass over the history that stops when all are found."""

import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from framework.browse.remembered import Remembered
from framework.repositories import git, moments
from framework.repositories.copy import Copy
from framework.repositories.moments import moment_of
from framework.repositories.reading import Entry

QUICK_COMMITS, QUICK_SECONDS = 400, 1.0
WHOLE_SECONDS = 20.0
CACHED_FOLDERS = 4096


@dataclass(frozen=True)
class LastChange:
    """The commit that last changed an entry; the time carries its zone."""

    sha: str
    author_name: str
    authored_at: datetime
    title: str


@dataclass(frozen=True)
class LastChanges:
    """The last changes of a folder's entries by name, as far as they were found; `complete` when nothing is missing."""

    found: Mapping[str, LastChange] = field(default_factory=dict)
    complete: bool = True


_known: Remembered[tuple[Path, str, str], Mapping[str, LastChange]] = Remembered(CACHED_FOLDERS)


def last_changes(copy: Copy, commit_sha: str, folder: Entry, names: frozenset[str], *, whole: bool) -> LastChanges:
    """The last change of these entries of the folder.

    What is known is told at once; else the newest commits are looked through, or the whole history when that is asked.
    """
    key = copy.path, commit_sha, folder.path
    known = _known.get(key, {})
    if names <= known.keys():
        return LastChanges(known)
    found = _search(copy.path, commit_sha, folder.path, names, whole=whole)
    if names <= found.keys():
        _known.put(key, {**known, **found})
    return LastChanges(found, complete=whole or names <= found.keys())


def _search(
    repository: Path, commit_sha: str, folder: str, names: frozenset[str], *, whole: bool
) -> dict[str, LastChange]:
    found: dict[str, LastChange] = {}
    deadline = time.monotonic() + (WHOLE_SECONDS if whole else QUICK_SECONDS)
    prefix = f"{folder}/" if folder else ""
    limit = [] if whole else [f"--max-count={QUICK_COMMITS}"]
    # git is stopped in the middle of its output when all are found, and says so by a failure that means nothing.
    with suppress(git.GitFailed), closing(_changed_paths(repository, commit_sha, folder, limit)) as changes:
        for change, path in changes:
            name = path.removeprefix(prefix).partition("/")[0]
            if name in names:
                found.setdefault(name, change)
            if len(found) == len(names) or time.monotonic() > deadline:
                break
    return found


def _changed_paths(
    repository: Path, commit_sha: str, folder: str, limit: list[str]
) -> Generator[tuple[LastChange, str], None, None]:
    """Each commit with each path that it changed, newest first; a merge only where it differs from all its parents."""
    where = ["--", folder] if folder else []
    arguments = ["log", "--no-mailmap", "--raw", "-z", "-t", "-c", "--no-renames", "--no-abbrev", *limit]
    shown = f"--format=%x1e%H%x1f%an%x1f{moments.FORMAT}%x1f%s"
    with git.start(repository, *arguments, shown, "--end-of-options", commit_sha, *where) as process:
        change: LastChange | None = None
        tokens = _tokens(git.chunks(process))
        for token in tokens:
            text = token.lstrip("\n")
            if text.startswith("\x1e"):
                sha, author, moment, title = text[1:].split("\x1f", 3)
                change = LastChange(sha, author, moment_of(moment), title)
            elif text.startswith(":") and change:
                yield change, next(tokens)


def _tokens(chunks: Iterator[bytes]) -> Iterator[str]:
    rest = b""
    for chunk in chunks:
        *whole, rest = (rest + chunk).split(b"\0")
        for token in whole:
            yield token.decode(errors="surrogateescape")
