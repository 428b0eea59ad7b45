"""A project's branches and tags: where each is, and how far a branch is from the default one."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path

from framework.gitcore import git
from framework.gitcore.commit_objects import StoredCommit
from framework.gitcore.dates import moment_at
from framework.gitcore.ref_names import TAGS
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy, ObjectAbsent
from framework.repositories.history.log import read_commits

REFS_PAGE = 25
CACHED_DISTANCES = 2048
REMEMBERED_POINTS = 20_000


@dataclass(frozen=True)
class Tip:
    """What a branch or a tag points to: its commit, and what is said there."""

    name: str
    sha: str
    title: str
    author_name: str
    authored_at: datetime


@dataclass(frozen=True)
class Branch:
    """A branch, and how many commits it has beyond the default branch, and that one beyond it."""

    tip: Tip
    is_default: bool
    ahead: int
    behind: int


@dataclass(frozen=True)
class TagLine:
    """A tag; the message is an annotated tag's own."""

    tip: Tip
    message: str


@dataclass(frozen=True)
class RefsPage:
    """One page of branches or tags, counted from 1."""

    branches: Sequence[Branch]
    tags: Sequence[TagLine]
    number: int
    more: bool
    count: int


def read_branches_page(copy: Copy, number: int) -> RefsPage:
    """Branches, the default one first, then the latest change first."""
    default, found = copy.snapshot.default_branch, copy.snapshot.branches
    points = {name: _point(copy, sha) for name, sha in found.items()}
    names = sorted(points, key=lambda name: points[name].moment, reverse=True)
    names.sort(key=lambda name: name != default)
    shown = names[(number - 1) * REFS_PAGE : number * REFS_PAGE]
    tips = _tips(copy, [(name, points[name].sha) for name in shown])
    branches = [_branch(copy, tip, found.get(default), default) for tip in tips]
    return RefsPage(branches, (), number, more=len(names) > number * REFS_PAGE, count=len(names))


def read_tags_page(copy: Copy, number: int) -> RefsPage:
    """Tags, the newest commit first."""
    marks = [mark for name, sha in copy.snapshot.tags.items() for mark in _tag(copy, name, sha)]
    marks.sort(key=lambda mark: (mark.moment, mark.name), reverse=True)
    shown = marks[(number - 1) * REFS_PAGE : number * REFS_PAGE]
    tips = _tips(copy, [(mark.name, mark.commit.id.decode()) for mark in shown])
    tags = [TagLine(tip, mark.message) for tip, mark in zip(tips, shown, strict=True)]
    return RefsPage((), tags, number, more=len(marks) > number * REFS_PAGE, count=len(marks))


@dataclass(frozen=True)
class _Mark:
    """A tag by its short name, the commit that it leads to, and an annotated tag's message."""

    name: str
    commit: StoredCommit
    message: str

    @property
    def moment(self) -> datetime:
        return moment_at(self.commit.author_time, self.commit.author_timezone)


@dataclass(frozen=True)
class _Point:
    """The commit that a ref leads to, and when it was written."""

    sha: str
    moment: datetime


_points: LRUCache[str, _Point | None] = LRUCache(REMEMBERED_POINTS)


def _point(copy: Copy, sha: str) -> _Point:
    """Remembered, so that after a push to one of many branches one commit is read."""
    found = _points.get(sha, None)
    if found is None:
        commit = copy.commit(sha)
        found = _Point(commit.id.decode(), moment_at(commit.author_time, commit.author_timezone))
        _points.put(sha, found)
    return found


def _tips(copy: Copy, refs: Sequence[tuple[str, str]]) -> list[Tip]:
    """What is said at these refs, each a name and a commit; git decodes it, as it does on every other page."""
    told = read_commits(copy, [sha for _name, sha in refs])
    commits = [(name, told[sha]) for name, sha in refs]
    return [Tip(name, one.sha, one.title, one.author_name, one.authored_at) for name, one in commits]


def _branch(copy: Copy, tip: Tip, base: str | None, default: str) -> Branch:
    behind, ahead = _distance(copy.path, base, tip.sha) if base else (0, 0)
    return Branch(tip, tip.name == default, ahead, behind)


@lru_cache(maxsize=CACHED_DISTANCES)
def _distance(repository: Path, base: str, sha: str) -> tuple[int, int]:
    """How many commits only the base has, and how many only the other."""
    if base == sha:
        return 0, 0
    arguments = ["rev-list", "--left-right", "--count", "--end-of-options", f"{base}...{sha}"]
    left, right = git.run(repository, *arguments).split()
    return int(left), int(right)


def _tag(copy: Copy, name: str, sha: str) -> Iterator[_Mark]:
    """The tag, unless it marks something else than a commit, as Git allows."""
    with suppress(ObjectAbsent):
        text = copy.tag_message(sha)
        yield _Mark(name, copy.commit(sha), text.partition("-----BEGIN")[0].strip())


def list_names(copy: Copy) -> list[str]:
    """All branches and tags, for a list to choose from; a tag that is called as a branch is by its full name."""
    branches, tags = copy.snapshot.branches, copy.snapshot.tags
    return [*sorted(branches), *(TAGS + tag if tag in branches else tag for tag in sorted(tags))]
