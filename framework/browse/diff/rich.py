"""Differences as people think of them: a table's by row and cell, a notebook's by cell, what a pointer stands for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from framework.browse.diff.notebook_changes import NotebookChange
from framework.browse.diff.patches import Hunk
from framework.browse.diff.sandboxed import compare_notebooks, compare_tables
from framework.browse.diff.tables.changes import TableChange
from framework.browse.render.encodings import decode_as
from framework.browse.render.kinds.kind import TEXT
from framework.browse.render.kinds.registry import kind_of
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.cache.copy import Copy

MOST_RICH_FILES = 10
POINTER_START = "version https://git-lfs.github.com/spec/v1"


@dataclass(frozen=True)
class PointerChange:
    """A file that is stored with Git LFS, before and now; None where it is not."""

    template: ClassVar = "pointer"
    old: lfs_pointer.Pointer | None
    new: lfs_pointer.Pointer | None


Rich = TableChange | NotebookChange | PointerChange


@dataclass(frozen=True)
class Sides:
    """A file before and now: its path, its blobs' names, git's hunks, and the encoding that the reader has chosen."""

    path: str
    old_sha: str
    new_sha: str
    hunks: Sequence[Hunk]
    encoding: str | None = None


def enrich(copy: Copy, sides: Sides) -> Rich | None:
    """The difference as its kind of file is best told; None when lines tell it best, or all there is to tell."""
    name = sides.path.lower()
    if _mentions_pointer(sides.hunks):
        return _pointers(copy, sides)
    kind = kind_of(name)
    if NO_OBJECT in {sides.old_sha, sides.new_sha} or sides.old_sha == sides.new_sha:
        return None
    if kind and kind.grids:
        contents = read_content(copy, sides.old_sha), read_content(copy, sides.new_sha)
        if sides.encoding and kind.source == TEXT:
            old, new = (decode_as(data, sides.encoding).encode() for data in contents)
            contents = old, new
        return compare_tables(copy.snapshot.repository_id, kind, name, contents)
    if name.endswith(".ipynb"):
        return compare_notebooks(
            copy.snapshot.repository_id, *(read_content(copy, sha) for sha in (sides.old_sha, sides.new_sha))
        )
    return None


def _mentions_pointer(hunks: Sequence[Hunk]) -> bool:
    return any(line.plain.startswith(POINTER_START) for hunk in hunks for line in hunk.lines[:1])


def _pointers(copy: Copy, sides: Sides) -> PointerChange:
    return PointerChange(
        lfs_pointer.parse(read_content(copy, sides.old_sha)), lfs_pointer.parse(read_content(copy, sides.new_sha))
    )


def read_content(copy: Copy, sha: str) -> bytes:
    """A blob's bytes, also of one that is only in the store; none for the side that a file lacks.

    Raises:
        StoreUnavailable, ObjectAltered, ObjectAbsent.
    """
    return b"" if sha == NO_OBJECT else b"".join(copy.blob(sha).chunks)
