"""The folders and files of a version, as frozen values."""

import io
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from framework.gitcore import git
from framework.gitcore.modes import FOLDER, SUBMODULE, SYMLINK
from framework.repositories.cache.copy import Copy
from framework.repositories.catalog.snapshot import read_large_blob_sizes
from framework.repositories.history.absent import PathAbsent

_KINDS = {FOLDER: "tree", SUBMODULE: "commit", SYMLINK: "symlink"}


@dataclass(frozen=True)
class Entry:
    """One line of a folder: `kind` is tree, blob, symlink or commit (a submodule); size in bytes for files only."""

    name: str
    path: str
    kind: str
    mode: int
    sha: str
    size_bytes: int | None = None


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


def find_nearest_folder(copy: Copy, commit_sha: str, path: str) -> str:
    """The folder at this path, or the deepest one above it that the commit has; empty for the root."""
    while path:
        with suppress(PathAbsent):
            if find(copy, commit_sha, path).kind == "tree":
                return path
        path = path.rpartition("/")[0]
    return ""


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
