"""The last commit that changed each entry of a folder: what `git log -1 -- PATH` says, for all of them together.

That command goes from a commit to the first parent that has the path as it is; where none has, the commit changed it.
"""

import time
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from pathlib import Path

from framework.files import split_chunks
from framework.gitcore import git
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import Entry, find
from framework.repositories.history.log import COMMIT_LINE, by_commit, read_commits

QUICK_COMMITS, QUICK_SECONDS = 400, 1.0
WHOLE_SECONDS = 20.0
CACHED_FOLDERS = 4096
STEPS_WITHOUT_GIT = 24
REMEMBERED_TREES = 8


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


_known: LRUCache[tuple[Path, str, str], Mapping[str, LastChange]] = LRUCache(CACHED_FOLDERS)


def last_changes(copy: Copy, commit_sha: str, folder: Entry, names: frozenset[str], *, whole: bool) -> LastChanges:
    """The last change of these entries of the folder.

    What is known is told at once; else the newest commits are looked through, or the whole history when that is asked.
    """
    key = copy.path, commit_sha, folder.path
    known = _known.get(key, {})
    if names <= known.keys():
        return LastChanges(known)
    found = _search(copy, commit_sha, folder.path, names, whole=whole)
    if names <= found.keys():
        _known.put(key, {**known, **found})
    return LastChanges(found, complete=whole or names <= found.keys())


def _search(copy: Copy, commit_sha: str, folder: str, names: frozenset[str], *, whole: bool) -> dict[str, LastChange]:
    walk = _Walk(copy, folder, time.monotonic() + (WHOLE_SECONDS if whole else QUICK_SECONDS), whole=whole)
    found = walk.run(commit_sha, names)
    commits = read_commits(copy, found.values())
    changes = {
        sha: LastChange(sha, commit.author_name, commit.authored_at, commit.title) for sha, commit in commits.items()
    }
    return {name: changes[sha] for name, sha in found.items()}


class _Walk:
    """Follows the entries of one folder back through the history, those together that go the same way."""

    def __init__(self, copy: Copy, folder: str, deadline: float, *, whole: bool) -> None:
        self._copy, self._folder, self._deadline = copy, folder, deadline
        self._limit = [] if whole else [f"--max-count={QUICK_COMMITS}"]
        self._waiting: dict[str, set[str]] = {}
        self._found: dict[str, str] = {}
        self._tree = lru_cache(REMEMBERED_TREES)(self._read_tree)

    def run(self, start: str, names: Iterable[str]) -> dict[str, str]:
        """The commit of each of these entries of the start, as far as the time allows."""
        self._waiting = {start: set(names)}
        while self._waiting and time.monotonic() < self._deadline:
            self._follow(*self._waiting.popitem())
        return self._found

    def _follow(self, sha: str, names: set[str]) -> None:
        """Along first parents: a few steps by ourselves, since most branches are short, then as git finds them."""
        for _step in range(STEPS_WITHOUT_GIT):
            first, names = self._step(sha, names)
            if not names:
                return
            sha = first
        # git is stopped in the middle of its output when all are found, and says so by a failure that means nothing.
        with suppress(git.GitFailed), closing(self._first_parents(sha)) as commits:
            for commit, changed in commits:
                if touched := names & changed:
                    first, kept = self._step(commit, touched)
                    self._wait(first, kept)
                    names = names - touched
                if not names:
                    return

    def _step(self, sha: str, names: set[str]) -> tuple[str, set[str]]:
        """The first parent, and which entries it has as they are; others wait at another parent, or are found here."""
        parents = [parent.decode() for parent in self._copy.commit(sha).parents]
        kept = []
        for parent in parents:
            kept.append({name for name in names if self._entry(parent, name) == self._entry(sha, name)})
            names = names - kept[-1]
        self._found.update(dict.fromkeys(names, sha))
        for parent, waiting in zip(parents[1:], kept[1:], strict=True):
            self._wait(parent, waiting)
        return (parents[0], kept[0]) if parents else ("", set())

    def _wait(self, sha: str, names: set[str]) -> None:
        if names:
            self._waiting.setdefault(sha, set()).update(names)

    def _entry(self, sha: str, name: str) -> tuple[int, bytes] | None:
        return self._tree(sha).get(name.encode(errors="surrogateescape"))

    def _read_tree(self, sha: str) -> dict[bytes, tuple[int, bytes]]:
        """The folder's entries in this commit; none where it is no folder."""
        with suppress(PathAbsent):
            folder = find(self._copy, sha, self._folder)
            if folder.kind == "tree":
                return {item.path: (item.mode, item.sha) for item in self._copy.tree(folder.sha).iteritems()}
        return {}

    def _first_parents(self, sha: str) -> Generator[tuple[str, set[str]], None, None]:
        """Each commit on the way with the entries that differ from its first parent's, newest first."""
        prefix = f"{self._folder}/" if self._folder else ""
        options = ["-z", f"--format={COMMIT_LINE}", "--first-parent", "-m", "--name-only", "-t", "--no-renames"]
        where = ["--", self._folder] if self._folder else []
        seconds = max(0.0, self._deadline - time.monotonic())
        with git.start(
            self._copy.path, "log", *options, *self._limit, "--end-of-options", sha, *where, deadline_seconds=seconds
        ) as process:
            for commit, paths in groupby(by_commit(_tokens(git.chunks(process))), key=itemgetter(0)):
                yield commit, {path.removeprefix(prefix).partition("/")[0] for _commit, path in paths}


def _tokens(chunks: Iterator[bytes]) -> Iterator[str]:
    return (token.decode(errors="surrogateescape") for token in split_chunks(chunks))
