"""Jupyter notebooks, read leniently (nbformat 3 and 4): cells and their outputs, of which nothing runs."""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from framework.browse.asked import Asked

LONGEST_BYTES = 16 << 20
MOST_CELLS, MOST_OUTPUTS = 400, 50
LONGEST_TEXT = 50_000
LONGEST_IMAGES_BYTES = 8 << 20

_TERMINAL = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")
_IMAGES = ("image/png", "image/jpeg", "image/gif", "image/webp", "image/svg+xml")


@dataclass(frozen=True)
class Output:
    """What a cell printed: `kind` is text, error, html, markdown, latex or image (then a `data:` address)."""

    kind: str
    content: str


@dataclass(frozen=True)
class Cell:
    """A cell: `kind` is markdown, code or raw; `number` is that of its execution, empty when it has none."""

    kind: str
    source: str
    number: str = ""
    outputs: Sequence[Output] = ()


@dataclass(frozen=True)
class Notebook:
    """The cells of a notebook, and the language of its code; `left_out` cells are beyond what a page shows."""

    language: str
    cells: Sequence[Cell]
    left_out: int = 0


def read_notebook(_name: str, text: str, _asked: Asked) -> Notebook:
    """The notebook that a JSON text holds.

    Raises:
        ValueError: it is no JSON, or has no cells where a notebook has them.
    """
    try:
        told = json.loads(text)
    except RecursionError as error:
        raise ValueError("its values are nested too deeply") from error
    cells = _told_cells(told)
    language = _text(_below(told, "metadata", "kernelspec", "language")) or "python"
    budget = _Budget()
    shown = [_cell(cell, budget) for cell in cells[:MOST_CELLS] if isinstance(cell, dict)]
    return Notebook(language, shown, max(0, len(cells) - MOST_CELLS))


class _Budget:
    """How many bytes of images the page may still carry."""

    def __init__(self) -> None:
        self._left = LONGEST_IMAGES_BYTES

    def takes(self, size_bytes: int) -> bool:
        """Whether there is room for so much more."""
        self._left -= size_bytes
        return self._left >= 0


def _told_cells(told: object) -> list[Any]:
    sheets = _below(told, "worksheets")
    cells = _below(sheets[0], "cells") if isinstance(sheets, list) and sheets else _below(told, "cells")
    if not isinstance(cells, list):
        raise ValueError("it has no cells")  # noqa: TRY004 # the file is wrong, not a caller
    return cells


def _cell(told: dict[str, Any], budget: _Budget) -> Cell:
    kind = _text(told.get("cell_type"))
    source = _text(told.get("source", told.get("input")))[:LONGEST_TEXT]
    if kind == "heading":
        return Cell("markdown", f"# {source}")
    if kind != "code":
        return Cell("markdown" if kind == "markdown" else "raw", source)
    number = told.get("execution_count", told.get("prompt_number"))
    outputs = told.get("outputs")
    shown = [
        made
        for one in (outputs if isinstance(outputs, list) else [])[:MOST_OUTPUTS]
        if isinstance(one, dict)
        for made in _outputs(one, budget)
    ]
    return Cell("code", source, str(number) if isinstance(number, int) else "", shown)


def _outputs(told: dict[str, Any], budget: _Budget) -> Iterator[Output]:
    kind = told.get("output_type")
    if kind == "stream":
        yield Output("text", _plain(told.get("text")))
    elif kind in {"error", "pyerr"}:
        trace = told.get("traceback")
        lines = "\n".join(_text(line) for line in trace) if isinstance(trace, list) else ""
        yield Output("error", _plain(lines) or f"{_text(told.get('ename'))}: {_text(told.get('evalue'))}")
    else:
        data = told.get("data")
        yield _richest(data if isinstance(data, dict) else _old_data(told), budget)


def _richest(data: dict[str, Any], budget: _Budget) -> Output:
    """The form of an output that tells most and that a page can carry."""
    for media in _IMAGES:
        address = _image(media, _text(data[media]), budget) if media in data else ""
        if address:
            return Output("image", address)
    for media, kind in (("text/html", "html"), ("text/markdown", "markdown"), ("text/latex", "latex")):
        if media in data:
            return Output(kind, _text(data[media])[: LONGEST_TEXT * 4])
    if "text/plain" in data:
        return Output("text", _plain(data["text/plain"]))
    return Output("text", f"(an output of the kind {', '.join(map(str, data))[:200] or 'nothing'}, which is not shown)")


def _image(media: str, content: str, budget: _Budget) -> str:
    """The image as an address that carries it; empty when it is none, or too large. SVG is drawn as an image only."""
    if media == "image/svg+xml":
        content = base64.b64encode(content.encode()).decode()
    packed = re.sub(r"\s", "", content)
    try:
        base64.b64decode(packed, validate=True)
    except (binascii.Error, ValueError):
        return ""
    return f"data:{media};base64,{packed}" if packed and budget.takes(len(packed)) else ""


def _old_data(told: dict[str, Any]) -> dict[str, Any]:
    """The data of an output of nbformat 3, by its present names."""
    names = {"png": "image/png", "jpeg": "image/jpeg", "svg": "image/svg+xml", "html": "text/html",
             "latex": "text/latex", "text": "text/plain"}  # fmt: skip
    return {media: told[name] for name, media in names.items() if name in told}


def _plain(value: object) -> str:
    return _TERMINAL.sub("", _text(value))[:LONGEST_TEXT]


def _text(value: object) -> str:
    """A text, which notebooks may write as a list of lines."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def _below(value: object, *names: str) -> Any:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
