"""The history of a project, a folder or a file, in pages; a file's goes on under the names that it had before."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path

from framework.browse.places import Place, find_place
from framework.gitcore import git
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import exists, find
from framework.repositories.history.log import CommitEntry, read_log
from framework.repositories.history.refs import split_ref

HISTORY_PAGE = 50
MOST_RENAMES = 10
REMEMBERED_PAGES, REMEMBERED_COMMITS = 256, 4_096


@dataclass(frozen=True)
class Step:
    """A commit of a history, and the path that the file had in it."""

    commit: CommitEntry
    path: str


@dataclass(frozen=True)
class Day:
    """The commits of one day, as their authors' clocks showed it."""

    title: str
    steps: Sequence[Step]


@dataclass(frozen=True)
class HistoryPage:
    """One page of a history, counted from 1."""

    place: Place
    kind: str
    steps: Sequence[Step]
    number: int
    more: bool

    @property
    def days(self) -> list[Day]:
        """The commits by day, the newest day first."""
        groups = groupby(self.steps, key=lambda step: step.commit.authored_at.strftime("%-d %B %Y"))
        return [Day(title, tuple(steps)) for title, steps in groups]


_known: LRUCache[tuple[Path, str, str, int, int], Sequence[Step]] = LRUCache(REMEMBERED_PAGES)
_newest: LRUCache[tuple[Path, str, str], CommitEntry | None] = LRUCache(REMEMBERED_COMMITS)


def newest_change(copy: Copy, commit_sha: str, path: str) -> CommitEntry | None:
    """The newest commit that changed what is at this path; None where none did."""
    key = copy.path, commit_sha, path
    found = _newest.get(key, None)
    if found is None:
        found = next(iter(read_log(copy, commit_sha, path, limit=1)), None)
        _newest.put(key, found)
    return found


def history_at(copy: Copy, place: str, *, number: int) -> HistoryPage:
    """A page of the history of the ref, or of the path in it, that `ref/path` names; of the default branch for "".

    Raises:
        RefAbsent, PathAbsent: nothing was ever at this path.
    """
    return read_history_page(copy, *split_ref(copy, place or copy.snapshot.default_branch), number=number)


def read_history_page(copy: Copy, ref: str, path: str, *, number: int, length: int = HISTORY_PAGE) -> HistoryPage:
    """A page of the history of a ref or of one path in it; `length` is how many commits it has.

    Raises:
        RefAbsent, PathAbsent: nothing was ever at this path.
    """
    place = find_place(copy, ref, path)
    key = copy.path, place.sha, path, number, length
    found = _known.get(key, ())
    if not found:
        found = tuple(islice(_steps(copy, place, (number - 1) * length, length + 1), length + 1))
        _known.put(key, found)
    kind = _kind(copy, place, found)
    return HistoryPage(place, kind, found[:length], number, more=len(found) > length)


def _kind(copy: Copy, place: Place, found: Sequence[Step]) -> str:
    """What is at the path now, or was until its newest commit; a path that never was is refused on the first page."""
    try:
        return find(copy, place.sha, place.path).kind
    except PathAbsent:
        if not found:
            raise
    parent = next(iter(found[0].commit.parents), found[0].commit.sha)
    return find(copy, parent, found[0].path).kind


def _steps(copy: Copy, place: Place, skip: int, limit: int) -> Iterator[Step]:
    """Commits that changed the path, `limit` from the `skip`-th on; older ones under the name that a file had then."""
    start, path = place.sha, place.path
    for _name in range(MOST_RENAMES):
        found = read_log(copy, start, path, skip=skip, limit=limit)
        yield from (Step(commit, path) for commit in found)
        if len(found) >= limit or not path:
            return
        shas = [commit.sha for commit in found] or _shas(copy, start, path)
        origin = _find_rename(copy, shas[-1], path) if shas else None
        if origin is None:
            return
        skip = 0 if found else max(0, skip - len(shas))
        start, path = origin


def _shas(copy: Copy, start: str, path: str) -> list[str]:
    printed = git.run(copy.path, "rev-list", "--end-of-options", start, "--", path)
    return printed.decode().split()


def _find_rename(copy: Copy, sha: str, path: str) -> tuple[str, str] | None:
    """The parent and the path there, when the commit that brought this path moved it from another one.

    A copy that lacks large blobs cannot compare contents: there only a file that moved unchanged is followed.
    """
    parent = next((parent.decode() for parent in copy.commit(sha).parents), None)
    if parent is None or exists(copy, parent, path):
        return None
    alike = "-M" if copy.is_whole else "-M100%"
    options = ["-r", alike, "-l400", "--diff-filter=R", "--name-status", "-z", "--no-commit-id", "--end-of-options"]
    printed = git.run(copy.path, "diff-tree", *options, parent, sha)
    texts = iter(printed.decode(errors="surrogateescape").split("\0")[:-1])
    for _status in texts:
        old, new = next(texts), next(texts)
        if new == path:
            return parent, old
    return None
