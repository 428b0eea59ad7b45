"""Which language a file is in, by its name and, where several share an ending, by its first lines.

Pygments goes by endings alone, and gives those that scientists use to languages that hardly anybody does.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name, find_lexer_class_for_filename

from framework.browse.render.code.spss import SpssLexer

LOOKED_AT_CHARACTERS = 1 << 13

# The names that Pygments has for the languages of files that are called so.
_NAMES: Mapping[str, str] = {
    "snakefile": "python",
    "sconstruct": "python",
    "sconscript": "python",
    "wscript": "python",
    "dockerfile": "dockerfile",
    "containerfile": "dockerfile",
    "gemfile": "ruby",
    "rakefile": "ruby",
    "jenkinsfile": "groovy",
    "dvc.lock": "yaml",
    "description": "debcontrol",  # of an R package
    "poetry.lock": "toml",
    "uv.lock": "toml",
    "cargo.lock": "toml",
    "renv.lock": "json",
    "pipfile.lock": "json",
    "pipfile": "toml",
    ".rprofile": "r",
    ".gitignore": "bash",
    ".gitattributes": "bash",
}
_ENDINGS: Mapping[str, str] = {
    ".r": "r",
    ".rmd": "markdown",
    ".qmd": "markdown",
    ".rnw": "tex",
    ".sty": "tex",
    ".dtx": "tex",
    ".ltx": "tex",
    ".bbx": "tex",
    ".cbx": "tex",
    ".tikz": "tex",
    ".smk": "python",
    ".pyx": "cython",
    ".pyi": "python",
    ".nf": "groovy",
    ".f": "fortranfixed",
    ".for": "fortranfixed",
    ".ftn": "fortranfixed",
    ".f77": "fortranfixed",
    ".f90": "fortran",
    ".f95": "fortran",
    ".f03": "fortran",
    ".f08": "fortran",
    ".gp": "gnuplot",
    ".gnu": "gnuplot",
    ".gnuplot": "gnuplot",
    ".cwl": "yaml",
    ".dvc": "yaml",
    ".wdl": "terraform",  # its comments, strings and blocks are the same
    ".jags": "jags",
    ".geojson": "json",
    ".topojson": "json",
    ".webmanifest": "json",
    ".pde": "java",  # Processing
    ".nb": "mathematica",
    ".mo": "modelica",
    ".inp": "text",
}

# Endings that several languages share: what tells one of the others, and what the file is otherwise.
_DECISIONS: Mapping[str, tuple[Sequence[tuple[str, str]], str]] = {
    ".m": (
        (
            (
                r"^[ \t]*(?:#\s*(?:import|include)\b|@(?:interface|implementation|import|protocol|class|end)\b)",
                "objective-c",
            ),
            (r"^[ \t]*\(\*", "mathematica"),
            (r"^[ \t]*:-\s*(?:module|interface)\b", "prolog"),
            (r"^[ \t]*(?:#(?!!)|endfunction\b|endif\b|endwhile\b)|(?:^|[^'])\b(?:printf|disp)\s*\(\s*\"", "octave"),
        ),
        "matlab",
    ),
    ".pl": (
        ((r"(?:^|\n)(?![ \t]*[#%])[^\n#]*:-", "prolog"), (r"^[ \t]*%", "prolog")),
        "perl",
    ),
    ".pro": (
        (
            (r"^[ \t]*(?:QT|SOURCES|HEADERS|TARGET|TEMPLATE|CONFIG)\s*[-+*]?=", "make"),
            (r"^[^;\n]*:-", "prolog"),
        ),
        "idl",
    ),
    ".cls": (
        (
            (r"^[ \t]*VERSION\s+[\d.]+\s+CLASS\b|^[ \t]*(?:Option Explicit|Attribute VB_)", "vbnet"),
            (
                r"^[ \t]*(?:@\w+[ \t]*)*(?:(?:public|global|private|with|without|sharing|virtual)\s+)+class\b",
                "java",
            ),
            (r"^[ \t]*(?:CLASS|USING|ROUTINE-LEVEL)\s", "openedge"),
        ),
        "tex",
    ),
    ".h": (
        (
            (r"^[ \t]*@(?:interface|protocol|class|property)\b", "objective-c"),
            (
                r"^[ \t]*(?:class|namespace|template|using)\b[^;]*[{<;]|\bstd::|^[ \t]*(?:public|private)\s*:",
                "cpp",
            ),
        ),
        "c",
    ),
    ".ts": (((r"^[ \t]*(?:<\?xml|<!DOCTYPE TS|<TS\b)", "xml"),), "typescript"),
    ".inc": (
        (
            (r"<\?php", "php"),
            (r"^[ \t]*\\|^%", "tex"),
            (r"^[Cc*]\s|^[ \t]+(?:COMMON|INTEGER|REAL|PARAMETER)\b", "fortranfixed"),
        ),
        "c",
    ),
    ".plt": (((r"^[ \t]*\d+(?:\.\d+)?[\s,]", "text"),), "gnuplot"),
    ".t": (((r"^[ \t]*(?:use\s|my\s|#!.*perl)", "perl"),), "text"),
    ".mod": (((r"^[ \t]*module\s+\S+$", "text"), (r"^[ \t]*(?:NEURON|UNITS|PARAMETER)\s*\{", "c")), "modula2"),
    ".cl": (((r"^[ \t]*\(", "common-lisp"),), "c"),  # OpenCL
    ".sps": ((), "spss"),
}
_SCRIPT = re.compile(
    r"#!\s*(?:\S*/)?(?:env\s+(?:-S\s+)?)?(python|Rscript|perl|bash|sh|zsh|ruby|node|julia|octave|gnuplot|awk)"
)
_SCRIPTS: Mapping[str, str] = {"Rscript": "r", "sh": "bash", "node": "javascript"}


def find_lexer(path: str, text: str) -> type[Lexer] | None:
    """The lexer for a file of this name that begins with this text; None where nothing is known of it."""
    name = PurePosixPath(path).name.lower()
    ending, head = PurePosixPath(name).suffix, text[:LOOKED_AT_CHARACTERS]
    if (language := _NAMES.get(name) or _decide(ending, head) or _ENDINGS.get(ending)) is not None:
        return _lexer_of(language)
    found: type[Lexer] | None = find_lexer_class_for_filename(PurePosixPath(path).name)
    script = None if found else _SCRIPT.match(head)
    return _lexer_of(_SCRIPTS.get(script[1], script[1])) if script else found


def _lexer_of(language: str) -> type[Lexer]:
    found: type[Lexer] = SpssLexer if language == "spss" else find_lexer_class_by_name(language)
    return found


def _decide(ending: str, head: str) -> str | None:
    if ending not in _DECISIONS:
        return None
    others, otherwise = _DECISIONS[ending]
    return next((language for sign, language in others if re.search(sign, head, re.MULTILINE)), otherwise)
