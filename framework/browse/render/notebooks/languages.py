"""Which language a notebook or a cell is in, and how scripts in it are called and take comments."""

import re
from collections.abc import Mapping
from typing import Any

from framework.browse.render.notebooks.outputs import read_text

_KERNELS = {"ir": "r", "xpython": "python", "bash": "bash", "octave": "octave", "sagemath": "python", "stata": "stata"}
_MAGIC = re.compile(r"\s*%%(\w+)")
_MAGICS = {"bash": "bash", "sh": "bash", "script": "bash", "r": "r", "javascript": "javascript", "js": "javascript",
           "html": "html", "sql": "sql", "latex": "tex", "perl": "perl", "ruby": "ruby", "julia": "julia",
           "cython": "cython", "markdown": "markdown", "svg": "xml"}  # fmt: skip
_ENDINGS: Mapping[str, tuple[str, str]] = {
    "python": (".py", "#"), "r": (".R", "#"), "julia": (".jl", "#"), "bash": (".sh", "#"), "octave": (".m", "%"),
    "matlab": (".m", "%"), "scala": (".scala", "//"), "java": (".java", "//"), "javascript": (".js", "//"),
    "typescript": (".ts", "//"), "c++": (".cpp", "//"), "c": (".c", "//"), "rust": (".rs", "//"), "go": (".go", "//"),
    "kotlin": (".kts", "//"), "csharp": (".cs", "//"), "haskell": (".hs", "--"), "lua": (".lua", "--"),
    "sql": (".sql", "--"), "ruby": (".rb", "#"), "perl": (".pl", "#"), "stata": (".do", "*"), "sas": (".sas", "*"),
}  # fmt: skip


def language_of(told: object) -> str:
    """The language of a notebook's code, in lower case, as its kernel or its editor has noted it."""
    kernel = read_text(value_at(told, "metadata", "kernelspec", "name")).lower()
    noted = (
        read_text(value_at(told, "metadata", "kernelspec", "language")),
        read_text(value_at(told, "metadata", "language_info", "name")),
        _KERNELS.get(kernel, ""),
        "julia" if kernel.startswith("julia") else "",
        read_text(_old_language(told)),
    )
    return next((name.lower() for name in noted if name), "python")


def _old_language(told: object) -> object:
    """The language that nbformat 3 notes with each cell."""
    sheets = value_at(told, "worksheets")
    cells = value_at(sheets[0], "cells") if isinstance(sheets, list) and sheets else None
    return next((one for cell in cells if (one := value_at(cell, "language"))), "") if isinstance(cells, list) else ""


def language_of_cell(source: str, language: str) -> str:
    """The language of a cell, which a magic in its first line may change."""
    magic = _MAGIC.match(source)
    return _MAGICS.get(magic[1].lower(), language) if magic else language


def script_form(language: str) -> tuple[str, str]:
    """The ending of scripts in this lower-case language, and what their comments begin with."""
    return _ENDINGS.get(language, (".txt", "#"))


def value_at(value: object, *names: str) -> Any:
    """What is under these names in objects of JSON; None where that is nothing."""
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value
