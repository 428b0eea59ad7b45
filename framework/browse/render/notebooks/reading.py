"""Jupyter notebooks, read leniently (nbformat 3 and 4): cells and their outputs, of which nothing runs."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from markupsafe import Markup

from framework.browse.render.code.highlighting import snippet
from framework.browse.render.documents import Links, clean_html, render_to_html
from framework.browse.render.encodings import replace_surrogates
from framework.browse.render.markup.formulas import render_formula
from framework.browse.view_options import ViewOptions

MOST_CELLS, MOST_OUTPUTS = 400, 50
LONGEST_TEXT = 100_000
LONGEST_IMAGES_BYTES = 8 << 20
LONGEST_SHOWN, LONGEST_DRESSED = 2 << 20, 1 << 17

_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


@dataclass(frozen=True)
class Output:
    """What a cell printed: `kind` is text, error, html, markdown, latex or image (then a `data:` address).

    `html` is the same as a page shows it, where it is not shown as it is written.
    """

    kind: str
    content: str
    html: Markup | None = None


@dataclass(frozen=True)
class Cell:
    """A cell: `kind` is markdown, code or raw; `number` is that of its execution, empty when it has none.

    A `plain` one is shown as it is written, since the page has enough already that takes long; others have `html`
    once they are dressed.
    """

    kind: str
    source: str
    number: str = ""
    outputs: Sequence[Output] = ()
    plain: bool = False
    html: Markup | None = None


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook, and the language of its code; `left_out` cells are beyond what a page shows."""

    language: str
    cells: Sequence[Cell]
    left_out: int = 0

    @property
    def has_plain(self) -> bool:
        """Whether some cells are shown as they are written."""
        return any(cell.plain for cell in self.cells)


def read_notebook(_name: str, text: str, _asked: ViewOptions) -> Notebook:
    """The notebook that a JSON text holds.

    Raises:
        ValueError: it is no JSON, or has no cells where a notebook has them.
    """
    try:
        told = json.loads(text)
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    cells = _list_cells(told)
    language = _text(_value_at(told, "metadata", "kernelspec", "language")) or "python"
    budget = _Budget()
    shown: list[Cell] = []
    for place, cell in enumerate(cells):
        if place == MOST_CELLS or budget.is_spent:
            return Notebook(language, shown, len(cells) - place)
        shown += [_cell(cell, budget)] if isinstance(cell, dict) else []
    return Notebook(language, shown)


def dress(notebook: Notebook, links: Links) -> Notebook:
    """The notebook with its documents, formulas and colours made."""
    return replace(notebook, cells=[_dress_cell(cell, notebook.language, links) for cell in notebook.cells])


def _dress_cell(cell: Cell, language: str, links: Links) -> Cell:
    if cell.plain:
        html = None
    elif cell.kind == "markdown":
        html = render_to_html(cell.source, links)
    else:
        html = snippet(language, cell.source) if cell.kind == "code" else None
    return replace(cell, html=html, outputs=[_dress_output(output, links) for output in cell.outputs])


def _dress_output(output: Output, links: Links) -> Output:
    if output.kind == "markdown":
        return replace(output, html=render_to_html(output.content, links))
    if output.kind == "html":
        return replace(output, html=Markup(clean_html(output.content, None)))  # noqa: S704 # cleaned
    if output.kind == "latex":
        latex = output.content.strip().strip("$").removeprefix("\\displaystyle")
        return replace(output, html=render_formula(latex, display=True))
    return output


class _Budget:
    """What the page may still carry: bytes of images, characters, and characters that take long to be dressed."""

    def __init__(self) -> None:
        self._images, self._shown, self._dressed = LONGEST_IMAGES_BYTES, LONGEST_SHOWN, LONGEST_DRESSED

    def takes_image(self, size_bytes: int) -> bool:
        """Whether there is room for an image of so many bytes more."""
        self._images -= size_bytes
        return self._images >= 0

    def dresses(self, text: str) -> bool:
        """Whether there is time to make a document, a formula or colours of this text."""
        self._dressed -= len(text)
        return self._dressed >= 0

    def cut(self, text: str) -> str:
        """As much of the text as there is room for."""
        cut = text[: max(0, min(LONGEST_TEXT, self._shown))]
        self._shown -= len(cut)
        return cut

    @property
    def is_spent(self) -> bool:
        """Whether there is no room for any text."""
        return self._shown <= 0


def _list_cells(told: object) -> list[Any]:
    sheets = _value_at(told, "worksheets")
    cells = _value_at(sheets[0], "cells") if isinstance(sheets, list) and sheets else _value_at(told, "cells")
    if not isinstance(cells, list):
        raise ValueError("it has no cells")  # noqa: TRY004 # the file is wrong, not a caller
    return cells


def _cell(told: dict[str, Any], budget: _Budget) -> Cell:
    kind = _text(told.get("cell_type"))
    source = budget.cut(_text(told.get("source", told.get("input"))))
    if kind == "heading":
        kind, source = "markdown", f"# {source}"
    if kind not in {"markdown", "code"}:
        return Cell("raw", source)
    plain = not budget.dresses(source)
    if kind == "markdown":
        return Cell(kind, source, plain=plain)
    number = told.get("execution_count", told.get("prompt_number"))
    outputs = told.get("outputs")
    shown = [
        made
        for one in (outputs if isinstance(outputs, list) else [])[:MOST_OUTPUTS]
        if isinstance(one, dict)
        for made in _outputs(one, budget)
    ]
    return Cell(kind, source, str(number) if isinstance(number, int) else "", shown, plain)


def _outputs(told: dict[str, Any], budget: _Budget) -> Iterator[Output]:
    kind = told.get("output_type")
    if kind == "stream":
        yield Output("text", budget.cut(_plain(told.get("text"))))
    elif kind in {"error", "pyerr"}:
        trace = told.get("traceback")
        lines = "\n".join(_text(line) for line in trace) if isinstance(trace, list) else ""
        said = _plain(lines) or f"{_text(told.get('ename'))}: {_text(told.get('evalue'))}"
        yield Output("error", budget.cut(said))
    else:
        data = told.get("data")
        yield _richest(data if isinstance(data, dict) else _old_data(told), budget)


def _richest(data: dict[str, Any], budget: _Budget) -> Output:
    """The form of an output that tells most and that a page can carry."""
    for media in _IMAGES:
        address = _image(media, _text(data[media]), budget) if media in data else ""
        if address:
            return Output("image", address)
    if "text/html" in data:
        return Output("html", budget.cut(_text(data["text/html"])))
    for media, kind in (("text/markdown", "markdown"), ("text/latex", "latex")):
        if media in data:
            text = budget.cut(_text(data[media]))
            return Output(kind if budget.dresses(text) else "text", text)
    if "text/plain" in data:
        return Output("text", budget.cut(_plain(data["text/plain"])))
    return Output(
        "text", f"(an output of the kind {replace_surrogates(', '.join(data))[:200] or 'nothing'}, which is not shown)"
    )


def _image(media: str, content: str, budget: _Budget) -> str:
    """The image as an address that carries it; empty when it is none, or too large. SVG is drawn as an image only."""
    if media == "image/svg+xml":
        content = base64.b64encode(content.encode()).decode()
    packed = re.sub(r"\s", "", content)
    try:
        base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"data:{media};base64,{packed}" if packed and budget.takes_image(len(packed)) else ""


def _old_data(told: dict[str, Any]) -> dict[str, Any]:
    """The data of an output of nbformat 3, by its present names."""
    names = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml", "html": "text/html",
             "latex": "text/latex", "text": "text/plain"}  # fmt: skip
    return {media: told[name] for name, media in names.items() if name in told}


def _plain(value: object) -> str:
    return _TERMINAL.sub("", _text(value))


def _text(value: object) -> str:
    """A text, which notebooks may write as a list of lines."""
    if isinstance(value, list):
        return replace_surrogates("".join(line for line in value if isinstance(line, str)))
    return replace_surrogates(value) if isinstance(value, str) else ""


def _value_at(value: object, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
