"""The last commit that changed each entry of a folder, by one pass over the history that stops when all are found."""

import time
from collections.abc import Generator, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from framework.repositories import git, moments
from framework.repositories.copy import Copy
from framework.repositories.moments import moment_of
from framework.repositories.reading import Entry

LONGEST_SECONDS = 1.5
CACHED_FOLDERS = 512


@dataclass(frozen=True)
class LastChange:
    """The commit that last changed an entry; the time carries its zone."""

    sha: str
    author_name: str
    authored_at: datetime
    title: str


def last_changes(copy: Copy, commit_sha: str, folder: Entry, names: frozenset[str]) -> dict[str, LastChange]:
    """The last change of these entries of the folder, by name; what is not found in time is left out."""
    return dict(_last_changes(copy.path, commit_sha, folder.path, names))


@lru_cache(maxsize=CACHED_FOLDERS)
def _last_changes(
    repository: Path, commit_sha: str, folder: str, names: frozenset[str]
) -> tuple[tuple[str, LastChange], ...]:
    found: dict[str, LastChange] = {}
    deadline = time.monotonic() + LONGEST_SECONDS
    prefix = f"{folder}/" if folder else ""
    # git is stopped in the middle of its output when all are found, and says so by a failure that means nothing.
    with suppress(git.GitFailed), closing(_changed_paths(repository, commit_sha, folder)) as changes:
        for change, path in changes:
            name = path.removeprefix(prefix).partition("/")[0]
            if name in names:
                found.setdefault(name, change)
            if len(found) == len(names) or time.monotonic() > deadline:
                break
    return tuple(found.items())


def _changed_paths(repository: Path, commit_sha: str, folder: str) -> Generator[tuple[LastChange, str], None, None]:
    """Each commit with each path that it changed, newest first; a merge only where it differs from all its parents."""
    where = ["--", folder] if folder else []
    arguments = ["log", "--no-mailmap", "--raw", "-z", "-c", "--no-renames", "--no-abbrev"]
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
