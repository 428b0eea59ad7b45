"""The origin of a copy: who may know of it, how far both have gone since, and its new versions brought in.

Both repositories are read side by side through one in scratch, which nobody serves and which holds no object itself.
"""

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.copies.filling import Say, copy_large_files, lend_objects
from framework.copies.models import Copied
from framework.database.session import read_transaction
from framework.errors import Conflict, NotFound
from framework.files import split_chunks
from framework.gitcore import git
from framework.gitcore.git import GitFailed, GitTooSlow
from framework.gitcore.ref_names import HEADS
from framework.githttp.push.importing import land_history
from framework.githttp.push.landing import FETCH_FIRST
from framework.projects.core.access import ProjectAccess, project_for, recheck
from framework.projects.models import Project
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.hydration import write_refs
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.repair import read_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.pack_records import HISTORY

LISTED = 30
MERGE_TITLE = "Merge the original's new versions"
FILES_LISTED = 100

Answer = TypeVar("Answer")


class NoOrigin(NotFound):
    """The project is no copy, or its origin is none of the caller's business."""

    def __init__(self) -> None:
        super().__init__("This project has no original that you can see.")


class NotBehind(Conflict):
    """The origin has nothing new, or what is new clashes with the copy's own."""


@dataclass(frozen=True)
class ListedVersion:
    """A version that one has and the other does not."""

    sha: str
    title: str


@dataclass(frozen=True)
class Comparison:
    """How far a copy's default branch and its origin's have gone since: counts, and the newest that are only there.

    `files` are the paths that differ; of versions and files only the first are listed.
    """

    origin: ProjectAccess
    ahead: int
    behind: int
    missing: tuple[ListedVersion, ...] = ()
    files: tuple[str, ...] = ()
    more_files: bool = False

    @property
    def is_fast_forward(self) -> bool:
        """Whether the origin's versions can be brought in as they are."""
        return self.behind > 0 and self.ahead == 0


def find_origin(account: Account | None, project: ProjectAccess) -> ProjectAccess | None:
    """The project that this one was copied from, if there is one that the caller may see."""
    with read_transaction() as session:
        row = session.get(Copied, project.id)
        origin = session.get(Project, row.origin_id) if row and row.origin_id else None
        owner = session.get_one(User, origin.owner_id).name if origin else ""
    if origin is None:
        return None
    try:
        return project_for(account, owner, origin.name)
    except NotFound:
        return None


def is_copy(project: ProjectAccess) -> bool:
    """Whether the project began with the versions of another one, seen by the caller or not."""
    with read_transaction() as session:
        row = session.get(Copied, project.id)
        return row is not None and row.origin_id is not None and row.kind != "template"


def compare(account: Account | None, project: ProjectAccess) -> Comparison:
    """The default branches of the project and its origin, side by side.

    Raises:
        NoOrigin: there is none that the caller may see. What `read_copy` raises.
    """
    origin = find_origin(account, project)
    if origin is None:
        raise NoOrigin
    return _side_by_side(project, origin, lambda pair: _compare(pair, origin), HISTORY)


def bring_in(account: Account, project: ProjectAccess, *, say: Say = lambda _text: None) -> None:
    """Move the project's default branch to where the origin's is, or to a merge of both if nothing clashes.

    Raises:
        NoOrigin: there is none that the caller may see. NotBehind: nothing is new there, it clashes, or anyone
            would see what is private there.
        What a push raises: nothing is stored.
    """
    origin = find_origin(account, project)
    if origin is None:
        raise NoOrigin
    _refuse_disclosure(origin.visibility, project.visibility)

    def check_again(session: Session) -> None:
        try:
            recheck(session, origin.id, account, "reader")
        except NotFound as gone:
            raise NoOrigin from gone
        _refuse_disclosure(*(session.get_one(Project, each.id).visibility for each in (origin, project)))

    land = partial(_land, project=project, account=account, say=say, check_again=check_again)
    refused = _side_by_side(project, origin, land, FULL)
    if FETCH_FIRST in refused:
        raise NotBehind("Your copy was changed at the same moment. Try again.")
    if refused:
        raise NotBehind(refused[0])


def _refuse_disclosure(original: str, copy: str) -> None:
    if original == "private" and copy == "public":
        raise NotBehind(
            "The original is private now, and anyone could see what came of it. Make this copy private first."
        )


@dataclass(frozen=True)
class _Pair:
    """A repository in scratch that sees the objects of both; the tips of their default branches, None where absent."""

    folder: Path
    repository: Path
    mine: Copy
    theirs: Copy

    @property
    def tips(self) -> tuple[str | None, str | None]:
        """The newest versions of both."""
        return _tip(self.mine), _tip(self.theirs)


def _side_by_side(project: ProjectAccess, origin: ProjectAccess, act: Callable[[_Pair], Answer], kind: str) -> Answer:
    def open_origin(mine: Copy) -> Answer:
        return read_copy(origin.repository_id, lambda theirs: read_both(mine, theirs), kind)

    def read_both(mine: Copy, theirs: Copy) -> Answer:
        with scratch("compare") as folder:
            repository = folder / "both.git"
            lend_objects(repository, [mine.path, theirs.path])
            return act(_Pair(folder, repository, mine, theirs))

    return read_copy(project.repository_id, open_origin, kind)


def _tip(copy: Copy) -> str | None:
    return copy.snapshot.find_branch(copy.snapshot.default_branch)


def _compare(pair: _Pair, origin: ProjectAccess) -> Comparison:
    mine, theirs = pair.tips
    if not mine or not theirs:
        return Comparison(origin, 0, 0)
    counts = git.run(pair.repository, "rev-list", "--left-right", "--count", f"{mine}...{theirs}").split()
    log = ("log", f"--max-count={LISTED}", "--format=%H %s", "--end-of-options", f"{mine}..{theirs}")
    lines = git.run(pair.repository, *log).decode(errors="replace").splitlines()
    files = _list_differing(pair.repository, mine, theirs)
    missing = tuple(ListedVersion(*line.split(" ", 1)) for line in lines if " " in line)
    return Comparison(
        origin, int(counts[0]), int(counts[1]), missing, tuple(files[:FILES_LISTED]), len(files) > FILES_LISTED
    )


def _list_differing(repository: Path, mine: str, theirs: str) -> list[str]:
    """Paths that differ: at most one more than are shown, since two large projects may have very many."""
    with closing(_differing(repository, mine, theirs)) as names:
        return list(islice(names, FILES_LISTED + 1))


def _differing(repository: Path, mine: str, theirs: str) -> Generator[str, None, None]:
    options = ("diff-tree", "-r", "-z", "--name-only", "--end-of-options")
    with git.start(repository, *options, mine, theirs) as process:
        yield from (name.decode(errors="replace") for name in split_chunks(git.chunks(process)))


def _land(
    pair: _Pair, *, project: ProjectAccess, account: Account, say: Say, check_again: Callable[[Session], None]
) -> list[str]:
    mine, theirs = pair.tips
    comparison = _compare(pair, project)
    if not comparison.behind or theirs is None or mine is None:
        raise NotBehind("The original has nothing new.")
    new = theirs if comparison.is_fast_forward else _merge(pair, mine, theirs, account)
    branch = HEADS + pair.mine.snapshot.default_branch
    write_refs(pair.repository, replace(pair.mine.snapshot, refs={branch: new}))
    copy_large_files(pair.theirs.snapshot, pair.repository, project, pair.folder)
    moved = {branch: mine}
    _count, refused = land_history(project, account, pair.repository, say=say, moved=moved, recheck=check_again)
    return refused


def _merge(pair: _Pair, mine: str, theirs: str, account: Account) -> str:
    """A commit of both, by the account, if they have a common past and changed different places.

    Raises:
        NotBehind: they did not, or git is older than 2.38.
    """
    try:
        tree = git.run(pair.repository, "merge-tree", "--write-tree", "--no-messages", mine, theirs).split()[0].decode()
    except GitTooSlow:
        raise
    except GitFailed as conflict:
        raise NotBehind(
            "Both have changed the same places. Clone your copy, merge the original's branch with git, and push the"
            " result."
        ) from conflict
    person = f"{account.author} {int(time.time())} +0000"
    raw = f"tree {tree}\nparent {mine}\nparent {theirs}\nauthor {person}\ncommitter {person}\n\n{MERGE_TITLE}\n"
    return git.run(pair.repository, "hash-object", "-t", "commit", "-w", "--stdin", given=raw.encode()).decode().strip()
