"""Jupyter notebooks, read leniently (nbformat 3 and 4): cells and their outputs, of which nothing runs."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from framework.browse.render.markup.anchors import Heading
from framework.browse.render.notebooks.languages import language_of, language_of_cell, script_form, value_at
from framework.browse.render.notebooks.outputs import (
    Budget,
    Output,
    lift_pictures,
    read_image,
    read_outputs,
    read_text,
    write_number,
)
from framework.browse.view_options import ViewOptions

MOST_CELLS, MOST_OUTPUTS, MOST_PASTED = 400, 50, 20


@dataclass(frozen=True)
class Cell:
    """A cell: `kind` is markdown, code or raw; `number` is that of its execution, empty when it has none.

    A `plain` one is shown as it is written, since the page has enough already that takes long; others have `html`
    once they are dressed. `pasted` are the pictures in it: `data:` addresses by name.
    """

    kind: str
    source: str
    number: str = ""
    outputs: Sequence[Output] = ()
    plain: bool = False
    language: str = ""
    pasted: Mapping[str, str] = field(default_factory=dict)
    html: Markup | None = None


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook, and the language of its code; `left_out` cells are beyond what a page shows.

    `outline` are its headings, once it is dressed.
    """

    language: str
    cells: Sequence[Cell]
    left_out: int = 0
    outline: Sequence[Heading] = ()

    @property
    def script_ending(self) -> str:
        """The ending of the notebook's name as a script."""
        return script_form(self.language)[0]

    @property
    def has_plain(self) -> bool:
        """Whether some cells are shown as they are written."""
        return any(cell.plain for cell in self.cells)


def read_notebook(_name: str, text: str, _asked: ViewOptions) -> Notebook:
    """The notebook that a JSON text holds.

    Raises:
        ValueError: it is no JSON, or has no cells where a notebook has them.
    """
    told = load_notebook(text)
    cells, language = list_cells(told), language_of(told)
    budget = Budget()
    shown: list[Cell] = []
    for place, cell in enumerate(cells):
        if place == MOST_CELLS or budget.is_spent:
            return Notebook(language, shown, len(cells) - place)
        shown += [_cell(cell, language, budget)] if isinstance(cell, dict) else []
    return Notebook(language, shown)


def load_notebook(text: str) -> object:
    """The value of the JSON text.

    Raises:
        ValueError: it is no JSON, or its values are too deep.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error


def list_cells(told: object) -> list[Any]:
    """The cells of a notebook, of all its worksheets where it has such.

    Raises:
        ValueError: it has no cells where a notebook has them.
    """
    sheets = value_at(told, "worksheets")
    if isinstance(sheets, list) and sheets:
        found = [value_at(sheet, "cells") for sheet in sheets]
        return [cell for cells in found if isinstance(cells, list) for cell in cells]
    cells = value_at(told, "cells")
    if not isinstance(cells, list):
        raise ValueError("it has no cells")  # noqa: TRY004 # the file is wrong, not a caller
    return cells


def read_source(told: Mapping[str, Any]) -> tuple[str, str]:
    """The kind of a cell (markdown, code or raw) and its text; a heading of nbformat 3 becomes one of Markdown."""
    kind, source = read_text(told.get("cell_type")), read_text(told.get("source", told.get("input")))
    if kind == "heading":
        level = told.get("level")
        return "markdown", f"{'#' * (min(6, max(1, level)) if isinstance(level, int) else 1)} {source}"
    return (kind if kind in {"markdown", "code"} else "raw"), source


def _cell(told: dict[str, Any], language: str, budget: Budget) -> Cell:
    kind, written = read_source(told)
    written, inline = lift_pictures(written, budget) if kind == "markdown" else (written, {})
    source = budget.cut(written)
    if kind == "raw":
        return Cell(kind, source)
    plain = not budget.dresses(source)
    if kind == "markdown":
        return Cell(kind, source, plain=plain, pasted=dict(_read_pasted(told, budget)) | dict(inline))
    outputs = told.get("outputs")
    shown = [
        made
        for one in (outputs if isinstance(outputs, list) else [])[:MOST_OUTPUTS]
        if isinstance(one, dict)
        for made in read_outputs(one, budget)
    ]
    number = write_number(told.get("execution_count", told.get("prompt_number")))
    return Cell(kind, source, number, shown, plain, language_of_cell(source, language))


def _read_pasted(told: Mapping[str, Any], budget: Budget) -> Iterator[tuple[str, str]]:
    """The pictures that were pasted into a cell, by the names that its text calls them by."""
    pasted = told.get("attachments")
    for name, forms in list(pasted.items())[:MOST_PASTED] if isinstance(pasted, dict) else []:
        addresses = (
            read_image(media, content, budget) for media, content in (forms.items() if isinstance(forms, dict) else ())
        )
        if address := next(filter(None, addresses), ""):
            yield name, address
