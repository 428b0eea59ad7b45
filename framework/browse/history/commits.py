"""A commit, or two versions compared: who, when, why, and what differs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from framework.browse.diff.differences import EMPTY_TREE, Difference, list_changes, needs_large_blobs, read_difference
from framework.errors import Invalid, NotFound
from framework.gitcore import git
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.pack_records import HISTORY
from framework.repositories.history.log import CommitEntry, read_log
from framework.repositories.history.refs import resolve

COMPARED_COMMITS = 100
DEADLINE_SECONDS = 600


class NotComparable(Invalid):
    """An address that does not name two versions."""

    def __init__(self) -> None:
        super().__init__("Write two versions with three dots between them, such as main...feature.")


class NothingInCommon(NotFound):
    """Two versions without a common ancestor were compared from where they parted."""

    def __init__(self) -> None:
        super().__init__("These two versions have no common beginning; compare them directly, with two dots.")


@dataclass(frozen=True)
class CommitPage:
    """A commit and what it changed against its first parent; `path` when only one file is shown."""

    commit: CommitEntry
    difference: Difference
    path: str = ""


@dataclass(frozen=True)
class Compared:
    """Two versions by their refs and commits; `base_sha` is where the difference begins: the point where they parted.

    With two dots that is the old version itself.
    """

    old: str
    new: str
    dots: str
    base_sha: str
    new_sha: str

    @property
    def spec(self) -> str:
        """How the address names them."""
        return f"{self.old}{self.dots}{self.new}"


@dataclass(frozen=True)
class ComparePage:
    """What the new version has beyond the old one; `commits` are its newest, `count` counts them all."""

    compared: Compared
    commits: Sequence[CommitEntry]
    count: int
    difference: Difference
    path: str = ""


@dataclass(frozen=True)
class Printed:
    """A difference to be printed by git: its command, and the kind of copy that this needs."""

    arguments: tuple[str, ...]
    kind: str


def read_commit_page(copy: Copy, name: str, path: str = "", *, encoding: str | None = None) -> CommitPage:
    """The commit of this name with what it changed, of one path only when it is given.

    Raises:
        RefAbsent.
    """
    sha = resolve(copy, name)
    commit = read_log(copy, sha, limit=1)[0]
    return CommitPage(commit, read_difference(copy, _parent_of(commit), sha, path, encoding=encoding), path)


def resolve_comparison(copy: Copy, spec: str) -> Compared:
    """The two versions that `old...new` or `old..new` names.

    Raises:
        NotComparable, NothingInCommon, RefAbsent.
    """
    dots = "..." if "..." in spec else ".."
    old, separator, new = spec.partition(dots)
    if not separator:
        raise NotComparable
    old, new = old or copy.snapshot.default_branch, new or copy.snapshot.default_branch
    old_sha, new_sha = resolve(copy, old), resolve(copy, new)
    base_sha = _find_merge_base(copy, old_sha, new_sha) if dots == "..." else old_sha
    return Compared(old, new, dots, base_sha, new_sha)


def read_compare_page(copy: Copy, spec: str, path: str = "", *, encoding: str | None = None) -> ComparePage:
    """What the second version of `old...new` has beyond the first.

    Raises:
        NotComparable, NothingInCommon, RefAbsent.
    """
    found = resolve_comparison(copy, spec)
    between = f"{found.base_sha}..{found.new_sha}"
    return ComparePage(
        compared=found,
        commits=read_log(copy, between, limit=COMPARED_COMMITS),
        count=int(git.run(copy.path, "rev-list", "--count", "--end-of-options", between)),
        difference=read_difference(copy, found.base_sha, found.new_sha, path, encoding=encoding),
        path=path,
    )


def print_commit(copy: Copy, name: str, form: str) -> Printed:
    """How to print a commit as `diff`, or as the `patch` that `git am` takes.

    Raises:
        RefAbsent.
    """
    sha = resolve(copy, name)
    before = _parent_of(read_log(copy, sha, limit=1)[0])
    if form == "diff":
        return _make_printed(copy, before, sha, _diff(before, sha))
    mail = ("log", "-1", "--format=email", "--stat", "-p", "-m", "--first-parent", "--root")
    return _make_printed(copy, before, sha, (*mail, *_WHOLE, "--end-of-options", sha))


def print_comparison(copy: Copy, spec: str, form: str) -> Printed:
    """How to print what two versions differ in as `diff`, or as the series of patches that `git am` takes.

    Raises:
        NotComparable, NothingInCommon, RefAbsent.
    """
    found = resolve_comparison(copy, spec)
    if form == "diff":
        return _make_printed(copy, found.base_sha, found.new_sha, _diff(found.base_sha, found.new_sha))
    series = ("format-patch", "--stdout", *_WHOLE, "--end-of-options", f"{found.base_sha}..{found.new_sha}")
    return Printed(series, HISTORY if copy.is_whole else FULL)


def stream_printed(repository_id: str, printed: Printed) -> Iterator[bytes]:
    """What git prints, in chunks.

    Raises:
        StoreUnavailable, PackAltered: before the first byte. GitFailed: at the end, which cuts the answer off.
    """
    with (
        lease_copy(repository_id, printed.kind) as (path, _snapshot),
        git.start(path, *printed.arguments, deadline_seconds=DEADLINE_SECONDS) as process,
    ):
        yield from git.bulk(process)


_WHOLE = ("--binary", "--full-index", "-M", "--no-color", "--no-ext-diff", "--no-textconv")


def _diff(old: str, new: str) -> tuple[str, ...]:
    return ("diff-tree", "-r", "-p", *_WHOLE, "--end-of-options", old, new)


def _make_printed(copy: Copy, old: str, new: str, arguments: tuple[str, ...]) -> Printed:
    return Printed(arguments, FULL if needs_large_blobs(copy, list_changes(copy, old, new)) else HISTORY)


def _parent_of(commit: CommitEntry) -> str:
    return commit.parents[0] if commit.parents else EMPTY_TREE


def _find_merge_base(copy: Copy, old_sha: str, new_sha: str) -> str:
    """The newest commit that both come from; git says by its status that there is none (git-merge-base(1))."""
    try:
        return git.run(copy.path, "merge-base", "--end-of-options", old_sha, new_sha).decode().split()[0]
    except git.GitFailed as failure:
        if failure.exit_status == 1:
            raise NothingInCommon from failure
        raise
