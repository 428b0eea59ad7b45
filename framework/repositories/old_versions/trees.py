"""Files in the trees of a history, by path, in Git's own bytes: what is not looked for stays as it was written."""

import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.gitcore import git
from framework.gitcore.commit_objects import read_commit, target_of
from framework.gitcore.modes import FOLDER
from framework.gitcore.packs import BLOB, COMMIT, TAG, TREE
from framework.lru import LRUCache
from framework.repositories.cache.copy import Copy
from framework.repositories.catalog.snapshot import read_large_blob_sizes

DEADLINE_SECONDS = 3600
MOST_TREES = 8
"""A folder may have very many files; what lies below it is remembered by path."""
MOST_PLACES = 50_000


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree: its mode, the object's name in hex, and where its bytes begin and end."""

    mode: int
    sha: str
    start: int
    end: int

    @property
    def is_file(self) -> bool:
        """Whether it is a file with a content of its own: no folder, no link, no submodule."""
        return stat.S_ISREG(self.mode)


_UNKNOWN = TreeEntry(0, "", 0, 0)


@dataclass(frozen=True)
class Tip:
    """Where a ref leads: a commit or a tree, at the end of any tags, and the tree that it shows."""

    kind: int
    sha: str
    tree: str | None


class TreeReader:
    """The trees of an opened copy; those that were read last are remembered."""

    def __init__(self, copy: Copy) -> None:
        self._copy = copy
        self._trees = LRUCache[str, Mapping[bytes, TreeEntry]](MOST_TREES)
        self._places = LRUCache[tuple[str, int, int], TreeEntry | None](MOST_PLACES)
        self._paths = dict[tuple[bytes, ...], int]()

    def raw(self, tree: str) -> bytes:
        """The tree's bytes."""
        return self._copy.read_object(tree)[1]

    def entries(self, tree: str) -> Mapping[bytes, TreeEntry]:
        """The tree's entries by name."""
        found = self._trees.get(tree, {})
        if not found:
            found = parse_tree(self.raw(tree))
            self._trees.put(tree, found)
        return found

    def find(self, tree: str, steps: tuple[bytes, ...]) -> TreeEntry | None:
        """What is at this path, which is given step by step; None where nothing is.

        What lies below a folder is remembered: most commits leave it as it was.
        """
        path, last = self._paths.setdefault(steps, len(self._paths)), len(steps) - 1
        passed, entry = list[tuple[str, int, int]](), None
        for depth, step in enumerate(steps):
            place = tree, path, depth
            if depth and (known := self._places.get(place, _UNKNOWN)) is not _UNKNOWN:
                entry = known
                break
            passed.append(place)
            entry = self.entries(tree).get(step)
            if depth < last and entry and entry.mode != FOLDER:
                entry = None
            if entry is None:
                break
            tree = entry.sha
        for place in passed[1:]:
            self._places.put(place, entry)
        return entry


def parse_tree(raw: bytes) -> dict[bytes, TreeEntry]:
    """The entries of a tree by name, as its bytes have them (git-mktree(1) tells of modes)."""
    entries, start = dict[bytes, TreeEntry](), 0
    while start < len(raw):
        blank = raw.index(b" ", start)
        zero = raw.index(b"\0", blank)
        end = zero + 21
        entries[raw[blank + 1 : zero]] = TreeEntry(int(raw[start:blank], 8), raw[zero + 1 : end].hex(), start, end)
        start = end
    return entries


def split_path(path: str) -> tuple[bytes, ...]:
    """The steps of a path, in Git's bytes."""
    return tuple(path.encode(errors="surrogateescape").split(b"/"))


def find_tip(copy: Copy, sha: str) -> Tip:
    """Where a ref to this object leads.

    Raises:
        ObjectAbsent, ObjectAltered: the copy is damaged.
    """
    kind, raw = TAG, b""
    while kind == TAG:
        sha = target_of(raw) if raw else sha
        if not copy.has(sha) and read_large_blob_sizes(copy.snapshot.repository_id, {sha}):
            return Tip(BLOB, sha, None)  # a tag of a large file, whose pack need not be here
        kind, raw = copy.read_object(sha)
    if kind == COMMIT:
        return Tip(kind, sha, read_commit(sha, raw).tree.decode())
    return Tip(kind, sha, sha if kind == TREE else None)


def list_commits(
    copy: Copy,
    folder: Path,
    tips: Sequence[str],
    known: Sequence[str] = (),
    *,
    deadline_seconds: float = DEADLINE_SECONDS,
) -> Iterator[str]:
    """The commits that these objects reach and those `known` do not, parents first; known ones may be gone by now.

    Raises:
        GitFailed.
    """
    given = folder / "tips"
    given.write_text("".join([*(f"{sha}\n" for sha in tips), *(f"^{sha}\n" for sha in known)]))
    arguments = ("rev-list", "--topo-order", "--reverse", "--ignore-missing", "--stdin")
    with (
        given.open("rb") as stdin,
        git.start(copy.path, *arguments, stdin=stdin, deadline_seconds=deadline_seconds) as process,
    ):
        assert process.stdout
        for line in process.stdout:
            yield line.decode().strip()
