"""Which language a file is in: what `.gitattributes` say, else by its name and first lines.

Pygments goes by endings alone, and gives those that scientists use to languages that hardly anybody does.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name, find_lexer_class_for_filename
from pygments.util import ClassNotFound

from framework.browse.render.code.spss import SpssLexer
from framework.browse.render.code.table import LANGUAGES, SHARED, TOLD

LOOKED_AT_CHARACTERS = 1 << 13
LOOKED_AT_BYTES = 4 * LOOKED_AT_CHARACTERS
PLAIN = "text"

_SCRIPT = re.compile(
    r"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?(python|Rscript|perl|bash|sh|zsh|ruby|node|julia|octave|gnuplot|awk)"
)
_SCRIPTS: Mapping[str, str] = {"Rscript": "r", "sh": "bash", "zsh": "bash", "node": "javascript"}
_BY_FILE = {file: language for language in LANGUAGES for file in language.files}
_BY_ENDING = {ending: language for language in LANGUAGES for ending in language.endings}
_NAMES = {language.lexer: language.name for language in reversed(LANGUAGES)}
"""What each lexer's language is called; the first row of several with the same lexer counts."""
_OWN_NAMES = {language.name.lower().replace(" ", "-"): language.name for language in LANGUAGES if language.name}
_LEXERS = {language.name.lower().replace(" ", "-"): language.lexer for language in reversed(LANGUAGES)}


def find_lexer(path: str, lines: Sequence[str], told: str = "") -> type[Lexer] | None:
    """The lexer for a file of this name with these first lines; None where nothing is known of it.

    `told` is what `linguist-language` says of it, empty if nothing does.
    """
    if lexer := _read_told(told) if told else _decide(path, head_of(lines)):
        return _lexer_of(lexer)
    found: type[Lexer] | None = find_lexer_class_for_filename(PurePosixPath(path).name)
    return found


def name_language(path: str, lines: Sequence[str], told: str = "") -> str:
    """What the language of such a file is called; empty where it is no source code."""
    if told:
        return _OWN_NAMES.get(told.lower().replace(" ", "-")) or told.replace("-", " ")
    name = PurePosixPath(path).name.lower()
    known = _BY_FILE.get(name) or _BY_ENDING.get(PurePosixPath(name).suffix)
    return known.name if known else _NAMES.get(_decide(path, head_of(lines)), "")


def name_languages(files: Sequence[tuple[str, bytes]]) -> list[str]:
    """The same of each of these files, a path and its first bytes."""
    return [
        name_language(path, head[:LOOKED_AT_BYTES].decode(errors="replace").replace("\r\n", "\n").split("\n"))
        for path, head in files
    ]


def needs_lines(path: str) -> bool:
    """Whether the name alone does not tell the language: its ending is shared, or it has none."""
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    return name not in _BY_FILE and (suffix in SHARED or not (suffix or name.startswith(".")))


def head_of(lines: Sequence[str]) -> str:
    """As much of a text as the decision looks at."""
    return "\n".join(lines[:LOOKED_AT_CHARACTERS])[:LOOKED_AT_CHARACTERS]


def _decide(path: str, head: str) -> str:
    """The alias of the lexer; empty where our table has none, so that Pygments may know it by the name."""
    name = PurePosixPath(path).name.lower()
    suffix = PurePosixPath(name).suffix
    if (known := _BY_FILE.get(name) or _BY_ENDING.get(suffix)) is not None:
        return known.lexer
    if suffix in SHARED:
        others, otherwise = SHARED[suffix]
        return next((lexer for sign, lexer in others if re.search(sign, head, re.MULTILINE)), otherwise)
    script = None if find_lexer_class_for_filename(PurePosixPath(path).name) else _SCRIPT.match(head)
    return _SCRIPTS.get(script[1], script[1]) if script else ""


def _read_told(told: str) -> str:
    """The alias of the lexer for a language that somebody named; plain text where there is none."""
    key = told.lower().replace(" ", "-")
    for alias in (TOLD.get(key) or _LEXERS.get(key), key, key.replace("-", " "), key.replace("-", "")):
        if alias and (alias == SpssLexer.aliases[0] or _is_known(alias)):
            return alias
    return PLAIN


def _is_known(alias: str) -> bool:
    try:
        find_lexer_class_by_name(alias)
    except ClassNotFound:
        return False
    return True


def _lexer_of(alias: str) -> type[Lexer]:
    found: type[Lexer] = SpssLexer if alias == SpssLexer.aliases[0] else find_lexer_class_by_name(alias)
    return found
