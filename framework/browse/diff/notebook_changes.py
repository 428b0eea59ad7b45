"""What changed in a notebook, by cell."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import ClassVar

from framework.browse.diff.colouring import colour_lines
from framework.browse.diff.patches import ADDED, CONTEXT, REMOVED, PatchLine, mark_words
from framework.browse.render.code.highlighting import snippet_lines
from framework.browse.render.encodings import decode
from framework.browse.render.notebooks.reading import Cell, read_notebook
from framework.browse.view_options import ViewOptions

MOST_SOURCE_LINES = 400
MOST_COLOURED_CELLS = 40

CHANGED, NEW, GONE = "changed", "added", "removed"


@dataclass(frozen=True)
class CellChange:
    """A cell of a notebook that is not as it was; `only_outputs` when its source is the same."""

    kind: str
    cell_kind: str
    lines: Sequence[PatchLine]
    only_outputs: bool = False


@dataclass(frozen=True)
class NotebookChange:
    """The cells that changed, and how many did not."""

    template: ClassVar = "notebook"
    cells: Sequence[CellChange]
    unchanged: int


def diff_notebooks(before: bytes, now: bytes) -> NotebookChange | None:
    """The change between two notebooks; None when one of them is none."""
    try:
        books = [read_notebook("", decode(content).text, ViewOptions()) for content in (before, now)]
    except ValueError:
        return None
    old, new = (book.cells for book in books)
    match = SequenceMatcher(None, [_source(cell) for cell in old], [_source(cell) for cell in new], autojunk=False)
    cells, unchanged = [], 0
    for step, start, end, first, last in match.get_opcodes():
        if step == "equal":
            pairs = list(zip(old[start:end], new[first:last], strict=True))
            others = [after for before, after in pairs if before.outputs != after.outputs]
            unchanged += len(pairs) - len(others)
            cells += [CellChange(CHANGED, cell.kind, (), only_outputs=True) for cell in others]
        else:
            cells += _compare_cells(old[start:end], new[first:last])
    coloured = [_in_colours(cell, books[1].language) for cell in cells[:MOST_COLOURED_CELLS]]
    return NotebookChange([*coloured, *cells[MOST_COLOURED_CELLS:]], unchanged)


def _in_colours(cell: CellChange, language: str) -> CellChange:
    if cell.cell_kind != "code":
        return cell
    old, new = (
        snippet_lines(language, "\n".join(line.plain for line in cell.lines if line.kind in kinds))
        for kinds in ({CONTEXT, REMOVED}, {CONTEXT, ADDED})
    )
    return replace(cell, lines=colour_lines(cell.lines, old, new))


def _source(cell: Cell) -> tuple[str, str]:
    return cell.kind, cell.source


def _compare_cells(old: Sequence[Cell], new: Sequence[Cell]) -> list[CellChange]:
    """Cells that took others' places, in pairs, and those beyond that came or went."""
    both = min(len(old), len(new))
    made = [
        CellChange(CHANGED, after.kind, _line_changes(before.source, after.source))
        for before, after in zip(old, new, strict=False)
    ]
    made += [CellChange(GONE, cell.kind, _line_changes(cell.source, "")) for cell in old[both:]]
    return made + [CellChange(NEW, cell.kind, _line_changes("", cell.source)) for cell in new[both:]]


def _line_changes(old: str, new: str) -> list[PatchLine]:
    before, after = (text.splitlines()[:MOST_SOURCE_LINES] for text in (old, new))
    made: list[PatchLine] = []
    for step, start, end, first, last in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if step == "equal":
            made += [PatchLine(CONTEXT, start + 1 + n, first + 1 + n, before[start + n]) for n in range(end - start)]
        else:
            made += [PatchLine(REMOVED, number + 1, None, before[number]) for number in range(start, end)]
            made += [PatchLine(ADDED, None, number + 1, after[number]) for number in range(first, last)]
    return mark_words(made)
