"""Jupyter notebooks, read leniently (nbformat 3 and 4): cells and their outputs, of which nothing runs."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from markupsafe import Markup

from framework.browse.render.markup.anchors import Heading
from framework.browse.render.notebooks.outputs import Budget, Output, read_image, read_outputs, read_text, write_number
from framework.browse.view_options import ViewOptions

MOST_CELLS, MOST_OUTPUTS, MOST_PASTED = 400, 50, 20

_KERNELS = {"ir": "r", "xpython": "python", "bash": "bash", "octave": "octave", "sagemath": "python", "stata": "stata"}
_MAGIC = re.compile(r"\s*%%(\w+)")
_MAGICS = {"bash": "bash", "sh": "bash", "script": "bash", "r": "r", "javascript": "javascript", "js": "javascript",
           "html": "html", "sql": "sql", "latex": "tex", "perl": "perl", "ruby": "ruby", "julia": "julia",
           "cython": "cython", "markdown": "markdown", "svg": "xml"}  # fmt: skip


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
    sheets = _value_at(told, "worksheets")
    if isinstance(sheets, list) and sheets:
        found = [_value_at(sheet, "cells") for sheet in sheets]
        return [cell for cells in found if isinstance(cells, list) for cell in cells]
    cells = _value_at(told, "cells")
    if not isinstance(cells, list):
        raise ValueError("it has no cells")  # noqa: TRY004 # the file is wrong, not a caller
    return cells


def language_of(told: object) -> str:
    """The language of a notebook's code, in lower case, as its kernel or its editor has noted it."""
    kernel = read_text(_value_at(told, "metadata", "kernelspec", "name")).lower()
    noted = (
        read_text(_value_at(told, "metadata", "kernelspec", "language")),
        read_text(_value_at(told, "metadata", "language_info", "name")),
        _KERNELS.get(kernel, ""),
        "julia" if kernel.startswith("julia") else "",
        read_text(_old_language(told)),
    )
    return next((name.lower() for name in noted if name), "python")


def _old_language(told: object) -> object:
    """The language that nbformat 3 notes with each cell."""
    sheets = _value_at(told, "worksheets")
    cells = _value_at(sheets[0], "cells") if isinstance(sheets, list) and sheets else None
    return next((one for cell in cells if (one := _value_at(cell, "language"))), "") if isinstance(cells, list) else ""


def read_source(told: Mapping[str, Any]) -> tuple[str, str]:
    """The kind of a cell (markdown, code or raw) and its text; a heading of nbformat 3 becomes one of Markdown."""
    kind, source = read_text(told.get("cell_type")), read_text(told.get("source", told.get("input")))
    if kind == "heading":
        level = told.get("level")
        return "markdown", f"{'#' * (min(6, max(1, level)) if isinstance(level, int) else 1)} {source}"
    return (kind if kind in {"markdown", "code"} else "raw"), source


def _cell(told: dict[str, Any], language: str, budget: Budget) -> Cell:
    kind, written = read_source(told)
    source = budget.cut(written)
    if kind == "raw":
        return Cell(kind, source)
    plain = not budget.dresses(source)
    if kind == "markdown":
        return Cell(kind, source, plain=plain, pasted=dict(_read_pasted(told, budget)))
    outputs = told.get("outputs")
    shown = [
        made
        for one in (outputs if isinstance(outputs, list) else [])[:MOST_OUTPUTS]
        if isinstance(one, dict)
        for made in read_outputs(one, budget)
    ]
    number = write_number(told.get("execution_count", told.get("prompt_number")))
    magic = _MAGIC.match(source)
    return Cell(kind, source, number, shown, plain, _MAGICS.get(magic[1].lower(), language) if magic else language)


def _read_pasted(told: Mapping[str, Any], budget: Budget) -> Iterator[tuple[str, str]]:
    """The pictures that were pasted into a cell, by the names that its text calls them by."""
    pasted = told.get("attachments")
    for name, forms in list(pasted.items())[:MOST_PASTED] if isinstance(pasted, dict) else []:
        addresses = (
            read_image(media, content, budget) for media, content in (forms.items() if isinstance(forms, dict) else ())
        )
        if address := next(filter(None, addresses), ""):
            yield name, address


def _value_at(value: object, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
