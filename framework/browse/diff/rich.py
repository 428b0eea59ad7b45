"""Differences as people think of them: a table's by row and cell, a notebook's by cell, what a pointer stands for."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import ClassVar

from framework.browse.diff.notebook_changes import CHANGED, GONE, NEW, NotebookChange
from framework.browse.diff.patches import ADDED, NOTE, REMOVED, Hunk, PatchLine
from framework.browse.diff.sandboxed import compare_notebooks
from framework.browse.render.encodings import decode
from framework.browse.render.tables.separators import find_separation
from framework.gitcore.lfs import pointer as lfs_pointer
from framework.gitcore.ref_names import NO_OBJECT
from framework.repositories.cache.copy import Copy

MOST_RICH_FILES = 10
NEAR_ROWS = 40
POINTER_START = "version https://git-lfs.github.com/spec/v1"

SAME, GAP = "same", "gap"


@dataclass(frozen=True)
class Row:
    """A row of a table: `kind` is same, changed, added or removed; each cell as it was and as it is.

    A row of the kind gap stands for those between two places.
    """

    kind: str
    number: int | None
    cells: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class TableChange:
    """The rows around what changed in a table; the header is the first line's."""

    template: ClassVar = "table"
    header: Sequence[str]
    rows: Sequence[Row]


@dataclass(frozen=True)
class PointerChange:
    """A file that is stored with Git LFS, before and now; None where it is not."""

    template: ClassVar = "pointer"
    old: lfs_pointer.Pointer | None
    new: lfs_pointer.Pointer | None


Rich = TableChange | NotebookChange | PointerChange


@dataclass(frozen=True)
class Sides:
    """A file before and now: its path, its blobs' names, and git's hunks."""

    path: str
    old_sha: str
    new_sha: str
    hunks: Sequence[Hunk]


def enrich(copy: Copy, sides: Sides) -> Rich | None:
    """The difference as its kind of file is best told; None when lines tell it best, or all there is to tell."""
    name = sides.path.lower()
    if _mentions_pointer(sides.hunks):
        return _pointers(copy, sides)
    if NO_OBJECT in {sides.old_sha, sides.new_sha} or not sides.hunks:
        return None
    if name.endswith((".csv", ".tsv", ".tab")):
        return _tables(copy, sides)
    if name.endswith(".ipynb"):
        return compare_notebooks(
            copy.snapshot.repository_id, *(_content(copy, sha) for sha in (sides.old_sha, sides.new_sha))
        )
    return None


def _mentions_pointer(hunks: Sequence[Hunk]) -> bool:
    return any(line.plain.startswith(POINTER_START) for hunk in hunks for line in hunk.lines[:1])


def _pointers(copy: Copy, sides: Sides) -> PointerChange:
    return PointerChange(
        lfs_pointer.parse(_content(copy, sides.old_sha)), lfs_pointer.parse(_content(copy, sides.new_sha))
    )


def _content(copy: Copy, sha: str) -> bytes:
    return b"" if sha == NO_OBJECT else b"".join(copy.blob(sha).chunks)


def _tables(copy: Copy, sides: Sides) -> TableChange | None:
    text = decode(_content(copy, sides.new_sha)).text
    if text.count('"') % 2:
        return None
    separation = find_separation(sides.path.lower(), text)
    delimiter, first = separation.delimiter, text[separation.told_length :].partition("\n")[0]
    try:
        rows = [row for hunk in sides.hunks for row in (Row(GAP, None, ()), *_rows(hunk.lines, delimiter))]
        return TableChange(_split(first, delimiter), rows[1:])
    except csv.Error:
        return None


def _rows(lines: Sequence[PatchLine], delimiter: str) -> list[Row]:
    """The lines as rows; a removed and an added one that share half of their cells are one row that changed."""
    made: list[Row] = []
    for changed, group in groupby(lines, key=lambda line: line.kind in {ADDED, REMOVED}):
        read = [(line, _split(line.plain, delimiter)) for line in group if line.kind != NOTE]
        if not changed:
            made += [Row(SAME, line.new, [(cell, cell) for cell in cells]) for line, cells in read]
            continue
        added = [(line, cells) for line, cells in read if line.kind == ADDED]
        for line, cells in read:
            if line.kind == REMOVED:
                twin = next((one for one in added[:NEAR_ROWS] if _are_one(cells, one[1])), None)
                if twin:
                    added.remove(twin)
                    made.append(Row(CHANGED, twin[0].new, _pair_cells(cells, twin[1])))
                else:
                    made.append(Row(GONE, line.old, [(cell, "") for cell in cells]))
        made += [Row(NEW, line.new, [("", cell) for cell in cells]) for line, cells in added]
    return made


def _are_one(old: Sequence[str], new: Sequence[str]) -> bool:
    """Whether at least half of the cells are the same."""
    alike = sum(before == after for before, after in zip(old, new, strict=False))
    return alike * 2 >= max(len(old), len(new))


def _pair_cells(old: Sequence[str], new: Sequence[str]) -> list[tuple[str, str]]:
    width = max(len(old), len(new))
    return list(zip([*old, *[""] * (width - len(old))], [*new, *[""] * (width - len(new))], strict=True))


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])
