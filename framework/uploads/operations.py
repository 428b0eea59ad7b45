"""An upload: the files of one form become one commit, and its members hear of it."""

from collections import Counter
from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from framework import config
from framework.accounts.core.account import Account
from framework.errors import Invalid, TooLarge
from framework.gitcore.packs import WrittenPack
from framework.gitcore.path_policy import BadPath, check_path
from framework.gitcore.ref_names import HEADS, branch_ref
from framework.lfs.attributes import find_tracked_paths
from framework.projects.core.access import ProjectAccess
from framework.projects.visits import read_project
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.history.folders import exists
from framework.repositories.history.refs import resolve
from framework.repositories.write.operations import Put, Written
from framework.uploads.assembling import open_uploads
from framework.uploads.changing import Changes, store_changes
from framework.uploads.form.received_files import ReceivedFile
from framework.uploads.refusals import too_large_sentence
from framework.uploads.tus.resumable import find_uploads, mark_used


class NoFiles(Invalid):
    """A form without a file."""

    def __init__(self) -> None:
        super().__init__("No file was chosen. Choose one or more files, or drop them on the page.")


@dataclass(frozen=True)
class FileOutcome:
    """What happened to one file of an upload; `problem` is None for a file that was fine."""

    path: str
    size_bytes: int
    problem: str | None = None


class FilesRefused(Invalid):
    """Some files cannot be stored, so none was; `outcomes` tells it file by file."""

    def __init__(self, outcomes: Sequence[FileOutcome]) -> None:
        problems = list(dict.fromkeys(outcome.problem for outcome in outcomes if outcome.problem))
        super().__init__(" ".join(problems[:3]) + " Nothing of this upload was stored.")
        self.outcomes = tuple(outcomes)


class FilesTooLarge(FilesRefused, TooLarge):
    """The same, where a file is over the limit."""

    status = 413


class SentFile(Protocol):
    """A file that has arrived, in one request or in many."""

    @property
    def place(self) -> Path:
        """Where it is on the local disk, or would be if it was unpacked."""

    @property
    def path(self) -> Path:
        """Where it is on the local disk, unpacked if it was not yet."""

    @property
    def size_bytes(self) -> int:
        """How many bytes it has."""

    @property
    def blob(self) -> str:
        """The name that Git gives its content, in hex."""

    @property
    def pack(self) -> WrittenPack | None:
        """A pack that has it and nothing else, where it was packed while it arrived."""

    @property
    def tokens(self) -> Set[str] | None:
        """What looks like access tokens in it, where it was searched while it arrived."""


@dataclass(frozen=True)
class Upload:
    """What one person sends to one folder of one branch: (name as sent, file) pairs, and (name, upload's id) pairs.

    With `new_branch` a branch of that name begins at the newest commit of the other.
    """

    files: Sequence[tuple[str, ReceivedFile]]
    branch: str
    folder: str
    message: str
    uploads: Sequence[tuple[str, str]] = ()
    new_branch: str = ""


def store_upload(access: ProjectAccess, account: Account, upload: Upload) -> Written:
    """Store all files of the upload in one commit, or none; tell the project's other members.

    Raises:
        NoFiles, FilesRefused, FilesTooLarge: with what is wrong with each file; nothing is stored.
        What `find_uploads`, `open_uploads` and `branch_writer.write` raise: nothing is stored, the uploads are kept.
    """
    if not upload.files and not upload.uploads:
        raise NoFiles
    found = find_uploads(account, {upload_id for _name, upload_id in upload.uploads})
    announced = {about.id: about.size_bytes for about in found}
    sent = [(name, file.size_bytes) for name, file in upload.files]
    paths = _check_files(upload, [*sent, *((name, announced[upload_id]) for name, upload_id in upload.uploads)])
    with scratch("upload") as folder:
        opened = open_uploads(found, folder)
        arrived: list[SentFile] = [file for _name, file in upload.files]
        arrived += [opened[upload_id] for _name, upload_id in upload.uploads]
        puts = [put_file(path, file) for path, file in zip(paths, arrived, strict=True)]
        changes = read_project(access, lambda copy: _plan(copy, upload, puts))
        changes = replace(changes, tokens=list_tokens(zip(paths, arrived, strict=True)))
        written = store_changes(access, account, changes)
    mark_used(account, [upload_id for _name, upload_id in upload.uploads])
    return written


def _plan(copy: Copy, upload: Upload, puts: Sequence[Put]) -> Changes:
    """The upload as a change of what the copy holds: where it begins, what it is called, what goes to Git LFS."""
    start = resolve(copy, upload.branch) if upload.new_branch else None
    tip = start or copy.snapshot.find_branch(upload.branch)
    return Changes(
        puts,
        branch_ref(upload.new_branch).removeprefix(HEADS) if upload.new_branch else upload.branch,
        upload.message.strip() or _default_message(copy, tip, puts),
        start=start,
        kind="upload",
        tracked=find_tracked_paths(copy, tip, [put.path for put in puts]),
    )


def _check_files(upload: Upload, files: Sequence[tuple[str, int]]) -> list[str]:
    """The paths of these files, (name as sent, size in bytes) each, if all may be stored.

    Raises:
        FilesRefused, FilesTooLarge.
    """
    prefix = f"{upload.folder.strip('/')}/" if upload.folder.strip("/") else ""
    paths = [prefix + name for name, _size in files]
    counts = Counter(paths)
    outcomes = [
        FileOutcome(path, size, _problem(path, size, counts)) for path, (_name, size) in zip(paths, files, strict=True)
    ]
    if any(_is_over_limit(outcome.size_bytes) for outcome in outcomes):
        raise FilesTooLarge(outcomes)
    if any(outcome.problem for outcome in outcomes):
        raise FilesRefused(outcomes)
    return paths


def _is_over_limit(size_bytes: int) -> bool:
    return size_bytes > config.current().max_file_bytes


def _problem(path: str, size_bytes: int, counts: Counter[str]) -> str | None:
    if _is_over_limit(size_bytes):
        return too_large_sentence(path, size_bytes)
    if counts[path] > 1:
        return f"“{path}” was sent {counts[path]} times; keep one of them."
    try:
        check_path(path)
    except BadPath as refusal:
        return refusal.sentence
    return None


def put_file(path: str, file: SentFile) -> Put:
    """The operation that stores a received file under this path."""
    return Put(path, file.place, file.size_bytes, file.blob, file.pack)


def list_tokens(files: Iterable[tuple[str, SentFile]]) -> dict[str, Set[str]]:
    """What looks like access tokens in these (path, file) pairs, by paths, as far as they have been searched."""
    return {path: file.tokens for path, file in files if file.tokens is not None}


def _default_message(copy: Copy, tip: str | None, puts: Sequence[Put]) -> str:
    """What the upload does, in a line: `Add a.txt`, `Update a.txt`, `Add 3 files and update 1`."""
    updated = sum(exists(copy, tip, put.path) for put in puts) if tip else 0
    if len(puts) == 1:
        return f"{'Update' if updated else 'Add'} {puts[0].path}"
    added = len(puts) - updated
    parts = [f"add {_files(added)}" if added else "", f"update {_files(updated)}" if updated else ""]
    text = " and ".join(part for part in parts if part)
    return text[0].upper() + text[1:]


def _files(count: int) -> str:
    return f"{count:,} file{'' if count == 1 else 's'}"
