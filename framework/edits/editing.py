"""Changes that need no upload: a file written or edited in the browser, moved, deleted; a folder made."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.accounts.core.account import Account
from framework.edits.text import NotEditable, Text, encode_text, read_text
from framework.errors import Conflict, Invalid
from framework.gitcore.pack_writer import file_blob_name
from framework.gitcore.path_policy import check_path
from framework.gitcore.ref_names import branch_ref
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import read_project
from framework.repositories import object_keys
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import Entry, exists, find, find_nearest_folder, list_folder
from framework.repositories.history.refs import resolve, split_branch
from framework.repositories.write.operations import Delete, Move, Operation, Put, Written
from framework.uploads.changing import Changes, store_changes

KEPT_FILE = ".gitkeep"
_SHA = re.compile(r"[0-9a-f]{40}")


class PathTaken(Conflict):
    """Something is at the path already."""

    field = "path"

    def __init__(self, path: str) -> None:
        super().__init__(f"There is “{path}” already. Choose another name, or edit that one.")


class NothingChosen(Invalid):
    """A form that deletes, without a file."""

    def __init__(self) -> None:
        super().__init__("Nothing was chosen. Choose what is to be deleted.")


class BadBase(Invalid):
    """The form does not say what the person looked at."""

    def __init__(self) -> None:
        super().__init__("This form lost track of the version that you looked at. Load the page again.")


@dataclass(frozen=True)
class Target:
    """Where a change is made: a branch, its newest commit (None for a project without files), and a path in it."""

    branch: str
    tip: str | None
    path: str

    @property
    def folder(self) -> str:
        """The folder that holds the path; empty for the root."""
        return self.path.rpartition("/")[0]


@dataclass(frozen=True)
class EditRequest:
    """What every such change has: the branch, what the person looked at, a message, and a new branch's name or none."""

    branch: str
    base: str | None
    message: str
    new_branch: str = ""

    def __post_init__(self) -> None:
        """Refuse a base that is no commit's name."""
        if self.base and not _SHA.fullmatch(self.base):
            raise BadBase

    def changes(self, operations: Sequence[Operation], default_message: str) -> Changes:
        """The same with what is done."""
        message = self.message.strip() or default_message
        if self.new_branch and self.base:
            branch_ref(self.new_branch)
            return Changes(operations, self.new_branch, message, start=self.base)
        return Changes(operations, self.branch, message, base=self.base)


def target(access: ProjectAccess, place: str) -> Target:
    """Where `branch/path` is.

    Raises:
        RefAbsent: no beginning of it is a branch.
    """

    def look(copy: Copy) -> Target:
        branch, path = split_branch(copy.snapshot, place)
        return Target(branch, copy.snapshot.find_branch(branch), path)

    return read_project(access, look)


def entry_at(access: ProjectAccess, found: Target) -> tuple[Entry, list[Entry]]:
    """What is at the target, and what it holds when it is a folder.

    Raises:
        PathAbsent.
    """

    def look(copy: Copy) -> tuple[Entry, list[Entry]]:
        if found.tip is None:
            raise PathAbsent(found.path)
        entry = find(copy, found.tip, found.path)
        return entry, list_folder(copy, entry) if entry.kind == "tree" else []

    return read_project(access, look)


def text_at(access: ProjectAccess, commit: str | None, path: str) -> Text:
    """The text of the file at a commit.

    Raises:
        PathAbsent, NotEditable.
    """
    if commit is None:
        raise PathAbsent(path)
    return read_project(access, lambda copy: read_text(copy, commit, path))


def text_if_any(access: ProjectAccess, commit: str | None, path: str) -> Text | None:
    """The same; None when somebody has deleted the file, or made something else than text of it."""
    try:
        return text_at(access, commit, path)
    except (PathAbsent, NotEditable):
        return None


def create_file(access: ProjectAccess, account: Account, request: EditRequest, *, path: str, content: str) -> Written:
    """A new file of this text.

    Raises:
        BadPath, PathTaken, TextTooLong, and what `store_changes` raises.
    """
    check_path(path)
    if exists_at(access, request, path):
        raise PathTaken(path)
    return _store_text(access, account, request, [], path, encode_text(content, crlf=False), f"Create {path}")


def edit_file(
    access: ProjectAccess, account: Account, request: EditRequest, *, path: str, content: str, to: str
) -> Written:
    """Another text for a file, and another path when `to` is one; also where the file is gone, or is no text any more.

    Raises:
        BadPath, PathTaken, TextTooLong, and what `store_changes` raises.
    """
    before = text_if_any(access, request.base, path)
    data = encode_text(content, crlf=before is not None and before.crlf)
    if to != path and check_path(to) and exists_at(access, request, to):
        raise PathTaken(to)
    if to == path or before is None:
        return _store_text(access, account, request, [], to, data, f"Update {to}")
    title = f"Rename {path} to {to}"
    if data == encode_text(before.text, crlf=before.crlf):
        return store_changes(access, account, request.changes([Move(path, to)], title))
    return _store_text(access, account, request, [Move(path, to)], to, data, f"{title} and change it")


def create_folder(access: ProjectAccess, account: Account, request: EditRequest, *, path: str) -> Written:
    """A new folder; Git keeps files only, so it begins with an empty one.

    Raises:
        BadPath, PathTaken, and what `store_changes` raises.
    """
    check_path(path)
    if exists_at(access, request, path):
        raise PathTaken(path)
    return _store_text(access, account, request, [], f"{path}/{KEPT_FILE}", b"", f"Create the folder {path}")


def move(access: ProjectAccess, account: Account, request: EditRequest, *, path: str, to: str) -> Written:
    """Take a file or folder elsewhere.

    Raises:
        BadPath, PathTaken, and what `store_changes` raises.
    """
    check_path(to)
    if to != path and exists_at(access, request, to):
        raise PathTaken(to)
    word = "Rename" if to.rpartition("/")[0] == path.rpartition("/")[0] else "Move"
    return store_changes(access, account, request.changes([Move(path, to)], f"{word} {path} to {to}"))


def delete(access: ProjectAccess, account: Account, request: EditRequest, *, paths: Sequence[str]) -> Written:
    """Delete files and folders.

    Raises:
        NothingChosen, and what `store_changes` raises.
    """
    if not paths:
        raise NothingChosen
    default = f"Delete {paths[0]}" if len(paths) == 1 else f"Delete {len(paths):,} files and folders"
    return store_changes(access, account, request.changes([Delete(path) for path in paths], default))


def nearest_folder(access: ProjectAccess, branch: str, path: str) -> str:
    """The folder at the path, or the first one above it that is there; empty for the root.

    Raises:
        RefAbsent: there is no such branch.
    """
    return read_project(access, lambda copy: find_nearest_folder(copy, resolve(copy, branch), path))


def exists_at(access: ProjectAccess, request: EditRequest, path: str) -> bool:
    """Whether something is at the path, on the branch that the change would land on, or where it begins."""

    def look(copy: Copy) -> bool:
        tip = request.base if request.new_branch else copy.snapshot.find_branch(request.branch)
        return bool(tip) and exists(copy, str(tip), path)

    return read_project(access, look)


def _store_text(
    access: ProjectAccess,
    account: Account,
    request: EditRequest,
    first: Sequence[Operation],
    path: str,
    content: bytes,
    title: str,
) -> Written:
    with scratch("edit") as folder:
        changes = request.changes([*first, _put(folder, path, content)], title)
        return store_changes(access, account, changes)


def _put(folder: Path, path: str, content: bytes) -> Put:
    file = folder / object_keys.new_id()
    file.write_bytes(content)
    return Put(path, file, len(content), file_blob_name(file, len(content)))
