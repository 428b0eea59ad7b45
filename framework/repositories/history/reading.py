"""What pages show of a version: refs, folders, files and history, as frozen values."""

import io
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice

from framework.gitcore import dates, git
from framework.gitcore.dates import moment_of
from framework.gitcore.modes import FOLDER, SUBMODULE, SYMLINK
from framework.gitcore.path_policy import BadPath, check_stored_path
from framework.gitcore.ref_names import HEADS, TAGS
from framework.repositories.cache.copy import Copy
from framework.repositories.catalog.snapshot import read_large_blob_sizes
from framework.repositories.history.absent import CommitLost, PathAbsent, RefAbsent

_KINDS = {FOLDER: "tree", SUBMODULE: "commit", SYMLINK: "symlink"}
LOOKED_AT_DELETIONS = 500

# Fields end with NUL, the one character that neither a message nor a name can hold.
_FIELDS = ("%H", "%P", "%an", "%ae", dates.FORMAT, "%B")
_LOG = ("log", "-z", "--no-mailmap", f"--format={'%x00'.join(_FIELDS)}")


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


def full_name(refs: Collection[str], name: str) -> str | None:
    """The ref that a name in an address means: one by its full name, else a branch, else a tag; None for neither."""
    return next((ref for ref in (name, HEADS + name, TAGS + name) if ref in refs), None)


def resolve(copy: Copy, name: str) -> str:
    """The commit that a branch, a tag or a full object name stands for; `refs/tags/NAME` is the tag in any case.

    Raises:
        RefAbsent: there is none.
    """
    full = full_name(copy.snapshot.refs, name)
    sha = copy.snapshot.refs[full] if full else None
    if sha is None and (len(name) != 40 or not set(name) <= set("0123456789abcdef")):
        raise RefAbsent(name)
    if sha is None and not copy.has(name):
        raise RefAbsent(name)
    return copy.commit(sha or name).id.decode()


def split_ref(copy: Copy, text: str) -> tuple[str, str]:
    """The ref and the path in `ref/path`, where a ref may hold slashes: the longest ref that exists wins.

    A ref by its full name, as in `refs/tags/v1/path`, wins over any other.

    Raises:
        RefAbsent: no beginning of the text is a ref or a commit.
    """
    steps, refs = text.strip("/").split("/"), copy.snapshot.refs
    beginnings = ["/".join(steps[:count]) for count in range(len(steps), 0, -1)]
    found = next((ref for ref in beginnings if ref in refs), None)
    found = found or next((ref for ref in beginnings if full_name(refs, ref)), None)
    if found:
        return found, text.strip("/")[len(found) + 1 :]
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
    return add_sizes(copy, entries) if sizes else entries


def add_sizes(copy: Copy, entries: Sequence[Entry]) -> list[Entry]:
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
    arguments = [*_LOG, f"--skip={skip}", f"--max-count={limit}"]
    return _log_entries(git.run(copy.path, *arguments, "--end-of-options", commit_sha, *below(path)))


def read_commits(copy: Copy, shas: Iterable[str]) -> dict[str, LogEntry]:
    """These commits by their object names, decoded as each of them says (git-log(1), Commit Formatting)."""
    asked = "".join(f"{sha}\n" for sha in dict.fromkeys(shas)).encode()
    if not asked:
        return {}
    printed = git.run(copy.path, *_LOG, "--no-walk=unsorted", "--stdin", given=asked)
    return {commit.sha: commit for commit in _log_entries(printed)}


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
        return ["--", check_stored_path(path.rstrip("/"))] if path else ["--"]
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
    options = ["-z", f"--format={COMMIT_LINE}", "--diff-filter=D", "--no-renames", "--name-only"]
    options += [f"--max-count={LOOKED_AT_DELETIONS}", "--end-of-options", commit_sha, *below(folder)]
    printed = git.run(copy.path, "log", *options).decode(errors="surrogateescape")
    found: dict[str, str] = {}
    for sha, path in by_commit(printed.split("\0")[:-1]):
        found.setdefault(path, sha)
    absent = list(islice((path for path in found if not exists(copy, commit_sha, path)), limit))
    commits = read_commits(copy, [found[path] for path in absent])
    return [Deleted(path, commits[found[path]]) for path in absent]


COMMIT_LINE = "/%H"
"""A format for `git log -z` with paths: what tells a commit from a path, none of which begins with a slash."""


def by_commit(tokens: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Each path or raw line that `git log -z` prints, with the commit above it; see `COMMIT_LINE`."""
    sha, is_first = "", False
    for token in tokens:
        if token.startswith("/"):
            sha, is_first = token[1:], True
        else:
            yield sha, token[1:] if is_first else token  # git separates the commit by a line's end
            is_first = False


def _name_status(copy: Copy, *arguments: str) -> list[Changed]:
    printed = git.run(copy.path, "diff-tree", "-r", "--name-status", "-z", *arguments)
    tokens = iter(printed.decode(errors="surrogateescape").split("\0")[:-1])
    found = []
    for status in tokens:
        old = next(tokens) if status[0] in "RC" else None
        found.append(Changed(status[0], next(tokens), old))
    return found


def _log_entries(printed: bytes) -> list[LogEntry]:
    texts = printed.decode(errors="replace").split("\0")[:-1]
    fields = (texts[number :: len(_FIELDS)] for number in range(len(_FIELDS)))
    return [
        LogEntry(sha, tuple(parents.split()), name, email, moment_of(moment), message.strip())
        for sha, parents, name, email, moment, message in zip(*fields, strict=True)
    ]
