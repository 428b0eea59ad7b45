"""A project's branches and tags: where each is, and how far a branch is from the default one."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from framework.browse.history.distances import measure_distances
from framework.browse.history.points import find_points
from framework.gitcore.ref_names import TAGS
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.history.log import read_commits

REFS_PAGE = 25
REMEMBERED_ORDERS = 8


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
    names = _order_branches(copy)
    shown = names[(number - 1) * REFS_PAGE : number * REFS_PAGE]
    return RefsPage(_branches(copy, shown), (), number, more=len(names) > number * REFS_PAGE, count=len(names))


def read_tags_page(copy: Copy, number: int) -> RefsPage:
    """Tags, the newest commit first; without those that mark something else than a commit, as Git allows."""
    found = copy.snapshot.tags
    points = find_points(copy, found.values())
    names = [name for name, sha in found.items() if sha in points]
    names.sort(key=lambda name: (points[found[name]].moment, name), reverse=True)
    shown = names[(number - 1) * REFS_PAGE : number * REFS_PAGE]
    tips = _tips(copy, [(name, points[found[name]].sha) for name in shown])
    tags = [TagLine(tip, _tag_message(copy, found[tip.name])) for tip in tips]
    return RefsPage((), tags, number, more=len(names) > number * REFS_PAGE, count=len(names))


_orders: LRUCache[tuple[str, str | None], Sequence[str]] = LRUCache(REMEMBERED_ORDERS)


def _order_branches(copy: Copy) -> Sequence[str]:
    """The names of all branches, remembered for the version."""
    snapshot = copy.snapshot
    key = snapshot.repository_id, snapshot.entry_hash
    names = _orders.get(key, ())
    if not names:
        default, found = snapshot.default_branch, snapshot.branches
        points = find_points(copy, found.values())
        names = sorted(found, key=lambda name: (name == default, points[found[name]].moment), reverse=True)
        _orders.put(key, names)
    return names


def _branches(copy: Copy, shown: Sequence[str]) -> list[Branch]:
    find, default = copy.snapshot.find_branch, copy.snapshot.default_branch
    tips = _tips(copy, [(name, sha) for name in shown if (sha := find(name))])
    base = find(default)
    distances = measure_distances(copy, base, [tip.sha for tip in tips]) if base else {}
    return [Branch(tip, tip.name == default, *distances.get(tip.sha, (0, 0))) for tip in tips]


def _tips(copy: Copy, refs: Sequence[tuple[str, str]]) -> list[Tip]:
    """What is said at these refs, each a name and a commit; git decodes it, as it does on every other page."""
    told = read_commits(copy, [sha for _name, sha in refs])
    commits = [(name, told[sha]) for name, sha in refs]
    return [Tip(name, one.sha, one.title, one.author_name, one.authored_at) for name, one in commits]


def _tag_message(copy: Copy, sha: str) -> str:
    """Without the signature that may follow it."""
    return copy.tag_message(sha).partition("-----BEGIN")[0].strip()


def list_names(copy: Copy) -> list[str]:
    """All branches and tags, for a list to choose from; a tag that is called as a branch is by its full name."""
    branches, tags = copy.snapshot.branches, copy.snapshot.tags
    return [*sorted(branches), *(TAGS + tag if tag in branches else tag for tag in sorted(tags))]
