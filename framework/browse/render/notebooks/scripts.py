"""Notebooks as scripts: their code, and their text as comments, in the percent format of jupytext."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from framework.browse.render.encodings import decode
from framework.browse.render.notebooks.languages import language_of, script_form
from framework.browse.render.notebooks.reading import list_cells, load_notebook, read_source

_KERNEL_LINE = re.compile(r"\s*[%!]|\s*\w+\?")
"""What IPython understands and Python does not: magics, commands of a shell, questions."""


@dataclass(frozen=True)
class Script:
    """The text of a script, and the ending of its file's name."""

    text: str
    ending: str


def convert(content: bytes) -> Script | None:
    """The notebook that these bytes hold as a script; None where it is none."""
    try:
        return write_script(decode(content).text)
    except ValueError:
        return None


def write_script(text: str) -> Script:
    """The notebook that this JSON text holds as a script.

    Raises:
        ValueError: it is no notebook.
    """
    told = load_notebook(text)
    language = language_of(told)
    ending, sign = script_form(language)
    parts = (_write_cell(cell, language, sign) for cell in list_cells(told) if isinstance(cell, dict))
    return Script("\n".join("\n".join(part) + "\n" for part in parts), ending)


def _write_cell(cell: Mapping[str, object], language: str, sign: str) -> Iterator[str]:
    kind, source = read_source(cell)
    yield f"{sign} %%" if kind == "code" else f"{sign} %% [{kind}]"
    lines = source.rstrip("\n").replace("\r\n", "\n").split("\n")
    if kind != "code" or lines[0].startswith("%%"):
        yield from (f"{sign} {line}".rstrip() for line in lines)
    elif language == "python":
        yield from (f"{sign} {line}" if _KERNEL_LINE.match(line) else line for line in lines)
    else:
        yield from lines
