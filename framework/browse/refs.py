"""A project's branches and tags: where each is, and how far a branch is from the default one."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from functools import lru_cache
from pathlib import Path

from dulwich.objects import Commit, ObjectID, Tag

from framework.repositories import git
from framework.repositories.copy import Copy, ObjectAbsent

REFS_PAGE = 25
CACHED_DISTANCES = 2048
DAY_SECONDS = 86_400


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


def branches_page(copy: Copy, number: int) -> RefsPage:
    """Branches, the default one first, then the latest change first."""
    default, found = copy.snapshot.default_branch, copy.snapshot.branches
    tips = [_tip(name, copy.commit(sha)) for name, sha in found.items()]
    tips.sort(key=lambda tip: tip.authored_at, reverse=True)
    tips.sort(key=lambda tip: tip.name != default)
    shown = tips[(number - 1) * REFS_PAGE : number * REFS_PAGE]
    branches = [_branch(copy, tip, found.get(default), default) for tip in shown]
    return RefsPage(branches, (), number, more=len(tips) > number * REFS_PAGE, count=len(tips))


def tags_page(copy: Copy, number: int) -> RefsPage:
    """Tags, the newest commit first."""
    found = [tag for name, sha in copy.snapshot.tags.items() for tag in _tag(copy, name, sha)]
    found.sort(key=lambda tag: (tag.tip.authored_at, tag.tip.name), reverse=True)
    shown = found[(number - 1) * REFS_PAGE : number * REFS_PAGE]
    return RefsPage((), shown, number, more=len(found) > number * REFS_PAGE, count=len(found))


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


def _tag(copy: Copy, name: str, sha: str) -> Iterator[TagLine]:
    """The tag, unless it marks something else than a commit, as Git allows."""
    found = copy.objects[ObjectID(sha.encode())]
    text = found.message.decode(errors="replace") if isinstance(found, Tag) else ""
    with suppress(ObjectAbsent):
        yield TagLine(_tip(name, copy.commit(sha)), text.partition("-----BEGIN")[0].strip())


def _tip(name: str, commit: Commit) -> Tip:
    title = commit.message.decode(errors="replace").partition("\n")[0]
    author = commit.author.decode(errors="replace").partition(" <")[0]
    return Tip(name, commit.id.decode(), title, author, _moment(commit))


def _moment(commit: Commit) -> datetime:
    """The author's time; in UTC when the zone is none that there could be."""
    offset = commit.author_timezone if abs(commit.author_timezone) < DAY_SECONDS else 0
    return datetime.fromtimestamp(commit.author_time, timezone(timedelta(seconds=offset)))


def names(copy: Copy) -> list[str]:
    """All branches and tags by their short names, for a list to choose from."""
    return [*sorted(copy.snapshot.branches), *sorted(copy.snapshot.tags)]
