"""Which commits refs lead to, and when these were written: remembered, since most refs stay where they are."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from framework.gitcore import dates, git
from framework.gitcore.dates import moment_at, moment_of
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy, ObjectAbsent

REMEMBERED_POINTS = 20_000
FEW = 8
"""So many commits are read sooner than git starts."""


@dataclass(frozen=True)
class Point:
    """The commit that a ref leads to, and when it was written."""

    sha: str
    moment: datetime


_points: LRUCache[str, Point] = LRUCache(REMEMBERED_POINTS)


def find_points(copy: Copy, shas: Iterable[str]) -> Mapping[str, Point]:
    """Where each of these objects leads to: a commit to itself, a tag to what it marks; without those of no commit.

    After a push to one of many branches one commit is read; where much is unknown, two gits read all of it.
    """
    asked = set(shas)
    found = _points.get_all(asked)
    missing = [sha for sha in asked if sha not in found]
    for sha, point in _read(copy, missing) if len(missing) <= FEW else _read_many(copy, missing):
        _points.put(sha, point)
        found[sha] = point
    return found


def _read(copy: Copy, shas: Iterable[str]) -> Iterator[tuple[str, Point]]:
    for sha in shas:
        with suppress(ObjectAbsent):
            commit = copy.commit(sha)
            yield sha, Point(commit.id.decode(), moment_at(commit.author_time, commit.author_timezone))


def _read_many(copy: Copy, shas: Sequence[str]) -> Iterator[tuple[str, Point]]:
    """The same by git; what it does not find is looked at once more, by what notices damage."""
    asked = "".join(f"{sha}^{{commit}}\n" for sha in shas).encode()
    printed = git.run(copy.path, "cat-file", "--batch-check=%(objectname)", given=asked).decode()
    commits = dict(zip(shas, printed.splitlines(), strict=True))
    lines = "".join(f"{commit}\n" for commit in set(commits.values()) if " " not in commit).encode()
    options = ["--no-walk=unsorted", "--no-mailmap", f"--format=%H {dates.FORMAT}", "--stdin"]
    told = git.run(copy.path, "log", *options, given=lines).decode(errors="replace") if lines else ""
    moments = {line[:40]: moment_of(line[41:]) for line in told.splitlines()}
    for sha, commit in commits.items():
        if commit in moments:
            yield sha, Point(commit, moments[commit])
    yield from _read(copy, [sha for sha, commit in commits.items() if commit not in moments])
