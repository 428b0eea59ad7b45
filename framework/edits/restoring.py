"""Getting old versions back: a file, a folder, the whole project, or everything that one commit changed.

Each is a new commit, so it can be undone in its turn; nothing of the history is lost.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.accounts.core.account import Account
from framework.edits.editing import EditRequest, Target
from framework.errors import Conflict
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import Entry, exists, find, list_folder
from framework.repositories.history.log import (
    Changed,
    CommitEntry,
    Deleted,
    differences,
    list_changed_files,
    list_deleted_files,
    read_log,
)
from framework.repositories.history.refs import refuse_lost, resolve
from framework.repositories.write.operations import Delete, Operation, Restore, Written
from framework.uploads.changing import store_changes


class NothingToRestore(Conflict):
    """The newest version is like the old one."""

    def __init__(self) -> None:
        super().__init__("There is nothing to restore: the newest version is the same.")


@dataclass(frozen=True)
class Preview:
    """An old version beside the newest: the commit, and what restoring would do to each file."""

    commit: CommitEntry
    files: Sequence[Changed]


def preview_restore(access: ProjectAccess, where: Target, version: str) -> Preview:
    """What restoring the path, or the whole project for an empty one, to this version would do.

    Raises:
        RefAbsent, CommitLost: there is no such version. PathAbsent: it has nothing at the path.
    """

    def look(copy: Copy) -> Preview:
        sha = _version(copy, where, version)
        return Preview(read_log(copy, sha, limit=1)[0], differences(copy, str(where.tip), sha, where.path))

    return read_project(access, look)


def restore(access: ProjectAccess, account: Account, request: EditRequest, *, where: Target, version: str) -> Written:
    """Make the path, or the whole project, what it was at this version.

    Raises:
        NothingToRestore, and what `preview_restore` and `store_changes` raise.
    """

    def plan(copy: Copy) -> tuple[str, list[Operation]]:
        sha = _version(copy, where, version)
        if where.path:
            same = _at(copy, str(where.tip), where.path) == _at(copy, sha, where.path)
            return sha, [] if same else [Restore(where.path, sha, where.path)]
        return sha, _whole(copy, str(where.tip), sha)

    sha, operations = read_project(access, plan)
    if not operations:
        raise NothingToRestore
    title = f"Restore {where.path or 'the project'} to version {sha[:10]}"
    return store_changes(access, account, request.changes(operations, title))


def preview_undo(access: ProjectAccess, version: str) -> Preview:
    """What undoing everything that this commit changed would do.

    Raises:
        RefAbsent, CommitLost: there is no such version.
    """

    def look(copy: Copy) -> Preview:
        commit = _read_commit_to_undo(copy, version)
        return Preview(commit, _list_reverse_changes(copy, commit))

    return read_project(access, look)


def undo(access: ProjectAccess, account: Account, branch: str, *, version: str, message: str = "") -> Written:
    """Take back what this commit changed; what others changed at the same paths since is a conflict.

    Raises:
        NothingToRestore, and what `preview_undo` and `store_changes` raise.
    """

    def plan(copy: Copy) -> tuple[CommitEntry, list[Operation]]:
        commit = _read_commit_to_undo(copy, version)
        files = _list_reverse_changes(copy, commit)
        deletes = [Delete(file.path) for file in files if file.status == "D"]
        restores = [Restore(file.path, commit.parents[0], file.path) for file in files if file.status != "D"]
        return commit, [*deletes, *restores]

    commit, operations = read_project(access, plan)
    if not operations:
        raise NothingToRestore
    request = EditRequest(branch, commit.sha, message)
    return store_changes(access, account, request.changes(operations, f"Undo “{commit.title}”"))


def list_deleted(access: ProjectAccess, where: Target) -> list[Deleted]:
    """The files that the folder had once and has no more.

    Raises:
        PathAbsent: the branch has no version yet.
    """
    tip = where.tip
    if tip is None:
        raise PathAbsent(where.path)
    return read_project(access, lambda copy: list_deleted_files(copy, tip, where.path))


def _version(copy: Copy, where: Target, version: str) -> str:
    sha = resolve(copy, version)
    refuse_lost(copy, sha)
    find(copy, sha, where.path)
    if where.tip is None:
        raise PathAbsent(where.path)
    return sha


def _at(copy: Copy, sha: str, path: str) -> tuple[int, str] | None:
    if not exists(copy, sha, path):
        return None
    entry = find(copy, sha, path)
    return entry.mode, entry.sha


def _whole(copy: Copy, tip: str, sha: str) -> list[Operation]:
    """What makes the root folder the old one: only the entries that differ."""
    now, then = ({entry.name: (entry.mode, entry.sha) for entry in _root(copy, one)} for one in (tip, sha))
    deletes = [Delete(name) for name in now if name not in then]
    return [*deletes, *(Restore(name, sha, name) for name, entry in then.items() if now.get(name) != entry)]


def _root(copy: Copy, sha: str) -> Sequence[Entry]:
    return list_folder(copy, find(copy, sha, ""))


def _read_commit_to_undo(copy: Copy, version: str) -> CommitEntry:
    sha = resolve(copy, version)
    refuse_lost(copy, sha)
    return read_log(copy, sha, limit=1)[0]


def _list_reverse_changes(copy: Copy, commit: CommitEntry) -> list[Changed]:
    """The way back from the commit to the one before it; from the first one it is to no file at all."""
    if commit.parents:
        return differences(copy, commit.sha, commit.parents[0])
    return [Changed("D", file.path) for file in list_changed_files(copy, commit.sha)]
