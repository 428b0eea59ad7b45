"""What pages show of a version: refs, folders, files and history, as frozen values."""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from framework.errors import NotFound
from framework.repositories import git, moments
from framework.repositories.copy import Copy
from framework.repositories.moments import moment_of
from framework.repositories.paths import BadPath, checked_path
from framework.repositories.refs import HEADS, TAGS
from framework.repositories.snapshot import read_large_blob_sizes
from framework.repositories.trees import FOLDER, SUBMODULE, SYMLINK, PathAbsent

_KINDS = {FOLDER: "tree", SUBMODULE: "commit", SYMLINK: "symlink"}
_RECORD, _FIELD = "%x1e", "%x1f"
LOOKED_AT_DELETIONS = 500
_LOG_FORMAT = _RECORD + _FIELD.join(["%H", "%P", "%an", "%ae", moments.FORMAT, "%B"])


class RefAbsent(NotFound):
    """The repository has no branch, tag or commit of this name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no branch, tag or commit “{name[:120]}” in this project.")


class CommitLost(NotFound):
    """The commit is in no branch's or tag's history any more."""

    def __init__(self, sha: str) -> None:
        super().__init__(f"The version {sha[:10]} is in no branch's history any more, so it cannot be restored.")


@dataclass(frozen=True)
class Entry:
    """One line of a folder: `kind` is tree, blob, symlink or commit (a submodule); size in bytes for files only."""

    name: str
    path: str
    kind: str
    mode: int
    sha: str
    size_bytes: int | None = None


@dataclass(frozen=True)
class LogEntry:
    """One commit of a history; times carry their zone."""

    sha: str
    parents: tuple[str, ...]
    author_name: str
    author_email: str
    authored_at: datetime
    message: str

    @property
    def title(self) -> str:
        """The message's first line."""
        return self.message.partition("\n")[0]

    @property
    def body(self) -> str:
        """The message without its first line."""
        return self.message.partition("\n")[2].strip()


@dataclass(frozen=True)
class Changed:
    """A file that a commit changed: `status` is Git's letter (A added, M changed, D deleted, R renamed, T type)."""

    status: str
    path: str
    old_path: str | None = None


@dataclass(frozen=True)
class Deleted:
    """A file that is no longer there, and the commit that deleted it."""

    path: str
    commit: LogEntry


def resolve(copy: Copy, name: str) -> str:
    """The commit that a branch, a tag or a full object name stands for.

    Raises:
        RefAbsent: there is none.
    """
    refs = copy.snapshot.refs
    sha = refs.get(HEADS + name) or refs.get(TAGS + name)
    if sha is None and (len(name) != 40 or not set(name) <= set("0123456789abcdef")):
        raise RefAbsent(name)
    if sha is None and not copy.has(name):
        raise RefAbsent(name)
    return copy.commit(sha or name).id.decode()


def split_ref(copy: Copy, text: str) -> tuple[str, str]:
    """The ref and the path in `ref/path`, where a ref may hold slashes: the longest ref that exists wins.

    Raises:
        RefAbsent: no beginning of the text is a ref or a commit.
    """
    steps = text.strip("/").split("/")
    for count in range(len(steps), 0, -1):
        ref = "/".join(steps[:count])
        if HEADS + ref in copy.snapshot.refs or TAGS + ref in copy.snapshot.refs:
            return ref, "/".join(steps[count:])
    resolve(copy, steps[0])
    return steps[0], "/".join(steps[1:])


def split_branch(copy: Copy, text: str) -> tuple[str, str]:
    """The branch and the folder in `branch/folder`: the longest branch that exists wins, an empty text is the default.

    Raises:
        RefAbsent: no beginning of the text is a branch, nor the default branch of a project without one.
    """
    branches = copy.snapshot.branches or {copy.snapshot.default_branch: ""}
    steps = text.strip("/").split("/") if text.strip("/") else [copy.snapshot.default_branch]
    for count in range(len(steps), 0, -1):
        branch = "/".join(steps[:count])
        if branch in branches:
            return branch, "/".join(steps[count:])
    raise RefAbsent(steps[0])


def find(copy: Copy, commit_sha: str, path: str) -> Entry:
    """What is at this path in the commit; the root for an empty path.

    Raises:
        PathAbsent: nothing is there.
    """
    mode, sha = FOLDER, copy.commit(commit_sha).tree.decode()
    for name in path.split("/") if path else []:
        tree = copy.tree(sha) if mode == FOLDER else None
        encoded = name.encode(errors="surrogateescape")
        if tree is None or encoded not in tree:
            raise PathAbsent(path)
        mode, found = tree[encoded]
        sha = found.decode()
    return Entry(path.rpartition("/")[2], path, _KINDS.get(mode, "blob"), mode, sha)


def exists(copy: Copy, commit_sha: str, path: str) -> bool:
    """Whether the commit has something at this path."""
    try:
        find(copy, commit_sha, path)
    except PathAbsent:
        return False
    return True


def list_folder(copy: Copy, folder: Entry, *, sizes: bool = True) -> list[Entry]:
    """The entries of a folder, subfolders first, each group by name without regard to case; with the files' sizes.

    Raises:
        PathAbsent: the entry is not a folder.
    """
    if folder.kind != "tree":
        raise PathAbsent(folder.path)
    prefix = f"{folder.path}/" if folder.path else ""
    items = [(item.path.decode(errors="surrogateescape"), item) for item in copy.tree(folder.sha).iteritems()]
    entries = [
        Entry(name, prefix + name, _KINDS.get(item.mode, "blob"), item.mode, item.sha.decode()) for name, item in items
    ]
    entries.sort(key=lambda entry: (entry.kind != "tree", entry.name.casefold(), entry.name))
    return sized(copy, entries) if sizes else entries


def sized(copy: Copy, entries: Sequence[Entry]) -> list[Entry]:
    """The same entries with the sizes of the files among them."""
    found = blob_sizes(copy, [entry.sha for entry in entries if entry.kind in {"blob", "symlink"}])
    return [replace(entry, size_bytes=found.get(entry.sha)) for entry in entries]


def blob_sizes(copy: Copy, shas: Sequence[str]) -> dict[str, int]:
    """The sizes in bytes of these blobs, the large ones from SQL, since their packs may be in the store only."""
    if not shas:
        return {}
    asked = "\n".join(shas).encode() + b"\n"
    printed = git.run(copy.path, "cat-file", "--batch-check=%(objectname) %(objectsize)", given=asked)
    lines = [line.split() for line in printed.decode().splitlines()]
    sizes = {sha: int(size) for sha, size in lines if size != "missing"}
    return sizes | read_large_blob_sizes(copy.snapshot.repository_id, set(shas) - sizes.keys())


def read_blobs(copy: Copy, shas: Sequence[str]) -> Iterator[tuple[str, bytes]]:
    """Name and content of each of these blobs that is on the local disk: small ones, which are read into memory.

    One git for all of them (git-cat-file(1), Batch output).
    """
    if not shas:
        return
    asked = "\n".join(shas).encode() + b"\n"
    printed = io.BytesIO(git.run(copy.path, "cat-file", "--batch", "--buffer", given=asked))
    while header := printed.readline().split():
        if len(header) == 3:  # what is missing has no size, and nothing behind it
            yield header[0].decode(), printed.read(int(header[2]) + 1)[:-1]


def read_log(copy: Copy, commit_sha: str, path: str = "", *, skip: int = 0, limit: int = 50) -> list[LogEntry]:
    """The commits that led to this one, newest first; with a path only those that changed it.

    Raises:
        PathAbsent: no version can hold such a path.
    """
    arguments = ["log", "--no-mailmap", f"--format={_LOG_FORMAT}", f"--skip={skip}", f"--max-count={limit}"]
    printed = git.run(copy.path, *arguments, "--end-of-options", commit_sha, *below(path))
    records = printed.decode(errors="replace").split("\x1e")[1:]
    return [_log_entry(record) for record in records]


def changed_files(copy: Copy, commit_sha: str) -> list[Changed]:
    """What the commit changed against its first parent, or against nothing when it has none."""
    return _name_status(
        copy, "--root", "-M100%", "-m", "--first-parent", "--no-commit-id", "--end-of-options", commit_sha
    )


def differences(copy: Copy, old: str, new: str, path: str = "") -> list[Changed]:
    """What one would have to do to the files of one commit, below a path, to make them those of another."""
    return _name_status(copy, "--no-renames", "--end-of-options", old, new, *below(path))


def below(path: str) -> list[str]:
    """Git's arguments for what is at this path or below it; for everything where it is empty.

    Raises:
        PathAbsent: no version can hold such a path, so git need not be asked.
    """
    try:
        return ["--", checked_path(path.rstrip("/"))] if path else ["--"]
    except BadPath as refusal:
        raise PathAbsent(path) from refusal


def refuse_lost(copy: Copy, commit_sha: str) -> None:
    """Let a commit pass that a branch or a tag leads to: only of these is it sure that all their files are kept.

    Raises:
        ObjectAbsent, CommitLost.
    """
    sha = copy.commit(commit_sha).id.decode()
    if not git.run(copy.path, "for-each-ref", f"--contains={sha}", "--count=1", "--format=%(refname)"):
        raise CommitLost(sha)


def deleted_files(copy: Copy, commit_sha: str, folder: str = "", *, limit: int = 200) -> list[Deleted]:
    """The files below the folder that this commit's history had and it has not, the last deletion first."""
    arguments = ["log", "--no-mailmap", f"--format={_LOG_FORMAT}{_FIELD}", f"--max-count={LOOKED_AT_DELETIONS}"]
    options = ["--diff-filter=D", "--no-renames", "--name-only", "-z"]
    printed = git.run(copy.path, *arguments, *options, "--end-of-options", commit_sha, *below(folder))
    found: dict[str, Deleted] = {}
    for record in printed.decode(errors="surrogateescape").split("\x1e")[1:]:
        told, _field, names = record.rpartition("\x1f")
        for path in names.strip("\0\n").split("\0"):
            found.setdefault(path, Deleted(path, _log_entry(told)))
    absent = (one for one in found.values() if not exists(copy, commit_sha, one.path))
    return list(islice(absent, limit))


def _name_status(copy: Copy, *arguments: str) -> list[Changed]:
    printed = git.run(copy.path, "diff-tree", "-r", "--name-status", "-z", *arguments)
    tokens = iter(printed.decode(errors="surrogateescape").split("\0")[:-1])
    found = []
    for status in tokens:
        old = next(tokens) if status[0] in "RC" else None
        found.append(Changed(status[0], next(tokens), old))
    return found


def count_commits(copy: Copy, commit_sha: str) -> int:
    """How many commits led to this one, itself counted."""
    return int(git.run(copy.path, "rev-list", "--count", "--end-of-options", commit_sha))


def _log_entry(record: str) -> LogEntry:
    sha, parents, name, email, moment, message = record.split("\x1f", 5)
    return LogEntry(sha, tuple(parents.split()), name, email, moment_of(moment), message.strip())
