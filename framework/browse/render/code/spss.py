"""The commands of SPSS, which Pygments does not know."""

import re
from typing import ClassVar

from pygments.lexer import RegexLexer, words
from pygments.token import Comment, Keyword, Number, Operator, Punctuation, String, Text, Whitespace

_WORDS = (
    "add files", "aggregate", "alter type", "autorecode", "begin data", "by", "compute", "correlations", "crosstabs",
    "data list", "dataset", "delete variables", "descriptives", "display", "do if", "do repeat", "else", "else if",
    "end data", "end if", "end loop", "end repeat", "examine", "execute", "factor", "filter", "format", "formats",
    "frequencies", "get", "get data", "glm", "if", "into", "logistic regression", "loop", "match files", "means",
    "missing values", "mixed", "nominal", "npar tests", "numeric", "oneway", "output", "rank", "recode", "regression",
    "reliability", "rename variables", "save", "select if", "set", "sort cases", "split file", "string", "t-test",
    "temporary", "to", "title", "unianova", "use", "value labels", "variable labels", "variable level", "weight",
    "with", "write",
)  # fmt: skip


class SpssLexer(RegexLexer):  # type: ignore[misc]
    """SPSS syntax: a comment is a command that begins with an asterisk, and ends with a period at a line's end."""

    name = "SPSS"
    aliases: ClassVar = ["spss"]
    flags = re.IGNORECASE | re.MULTILINE
    tokens: ClassVar = {
        "root": [
            (r"^[ \t]*\*(?:[^.\n]|\.(?![ \t]*$)|\n(?![ \t]*\n))*\.?", Comment),
            (r"^[ \t]*comment\b(?:[^.\n]|\.(?![ \t]*$)|\n(?![ \t]*\n))*\.?", Comment),
            (r"/\*[^\n]*", Comment),
            (r"'(?:[^'\n]|'')*'?|\"(?:[^\"\n]|\"\")*\"?", String),
            (words(_WORDS, prefix=r"\b", suffix=r"\b"), Keyword),
            (r"/\s*\w+", Keyword),
            (r"\b\d+(?:\.\d+)?\b", Number),
            (r"[=<>~+*/&|-]", Operator),
            (r"[().,]", Punctuation),
            (r"\s+", Whitespace),
            (r"\w+|.", Text),
        ]
    }
