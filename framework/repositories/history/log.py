"""The history of a version: its commits, and which files each of them changed."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from framework.gitcore import dates, git
from framework.gitcore.dates import moment_of
from framework.gitcore.path_policy import BadPath, check_stored_path
from framework.repositories.cache.copy import Copy
from framework.repositories.history.absent import PathAbsent
from framework.repositories.history.folders import exists

LOOKED_AT_DELETIONS = 500
COMMIT_LINE = "/%H"
"""A format for `git log -z` with paths: what tells a commit from a path, none of which begins with a slash."""

# Fields end with NUL, the one character that neither a message nor a name can hold.
_FIELDS = ("%H", "%P", "%an", "%ae", dates.FORMAT, "%B")
_LOG = ("log", "-z", "--no-mailmap", f"--format={'%x00'.join(_FIELDS)}")


@dataclass(frozen=True)
class CommitEntry:
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
    commit: CommitEntry


def read_log(copy: Copy, commit_sha: str, path: str = "", *, skip: int = 0, limit: int = 50) -> list[CommitEntry]:
    """The commits that led to this one, newest first; with a path only those that changed it.

    Raises:
        PathAbsent: no version can hold such a path.
    """
    arguments = [*_LOG, f"--skip={skip}", f"--max-count={limit}"]
    return _log_entries(git.run(copy.path, *arguments, "--end-of-options", commit_sha, *make_pathspec(path)))


def read_commits(copy: Copy, shas: Iterable[str]) -> dict[str, CommitEntry]:
    """These commits by their object names, decoded as each of them says (git-log(1), Commit Formatting)."""
    asked = "".join(f"{sha}\n" for sha in dict.fromkeys(shas)).encode()
    if not asked:
        return {}
    printed = git.run(copy.path, *_LOG, "--no-walk=unsorted", "--stdin", given=asked)
    return {commit.sha: commit for commit in _log_entries(printed)}


def list_changed_files(copy: Copy, commit_sha: str) -> list[Changed]:
    """What the commit changed against its first parent, or against nothing when it has none."""
    return _name_status(
        copy, "--root", "-M100%", "-m", "--first-parent", "--no-commit-id", "--end-of-options", commit_sha
    )


def differences(copy: Copy, old: str, new: str, path: str = "") -> list[Changed]:
    """What one would have to do to the files of one commit, below a path, to make them those of another."""
    return _name_status(copy, "--no-renames", "--end-of-options", old, new, *make_pathspec(path))


def make_pathspec(path: str) -> list[str]:
    """Git's arguments for what is at this path or below it; for everything where it is empty.

    Raises:
        PathAbsent: no version can hold such a path, so git need not be asked.
    """
    try:
        return ["--", check_stored_path(path.rstrip("/"))] if path else ["--"]
    except BadPath as refusal:
        raise PathAbsent(path) from refusal


def list_deleted_files(copy: Copy, commit_sha: str, folder: str = "", *, limit: int = 200) -> list[Deleted]:
    """The files below the folder that this commit's history had and it has not, the last deletion first."""
    options = ["-z", f"--format={COMMIT_LINE}", "--diff-filter=D", "--no-renames", "--name-only"]
    options += [f"--max-count={LOOKED_AT_DELETIONS}", "--end-of-options", commit_sha, *make_pathspec(folder)]
    printed = git.run(copy.path, "log", *options).decode(errors="surrogateescape")
    found: dict[str, str] = {}
    for sha, path in by_commit(printed.split("\0")[:-1]):
        found.setdefault(path, sha)
    absent = list(islice((path for path in found if not exists(copy, commit_sha, path)), limit))
    commits = read_commits(copy, [found[path] for path in absent])
    return [Deleted(path, commits[found[path]]) for path in absent]


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


def _log_entries(printed: bytes) -> list[CommitEntry]:
    texts = printed.decode(errors="replace").split("\0")[:-1]
    fields = (texts[number :: len(_FIELDS)] for number in range(len(_FIELDS)))
    return [
        CommitEntry(sha, tuple(parents.split()), name, email, moment_of(moment), message.strip())
        for sha, parents, name, email, moment, message in zip(*fields, strict=True)
    ]
