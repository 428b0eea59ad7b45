"""Source text in colours: Pygments finds the words, static/documents.css gives each kind its colour."""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, groupby

from markupsafe import Markup, escape
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Generic, Keyword, Literal, Name, Operator, Token, _TokenType
from pygments.util import ClassNotFound

from framework.browse.render.code.languages import find_lexer

LONGEST_LINE = 2_000
LONGEST_SECONDS = 0.8
MOST_EMPTY_LINES = 200
WHOLE_LINES, WHOLE_CHARACTERS = 5_000, 1 << 18
"""A file of no more is coloured as a whole, whichever part of it is shown."""
LEAD_LINES = 200

# Lexers that look for the end of each comment in all of the rest, so that a long text takes them minutes.
_SLOW = re.compile(r"ANTLR|Coldfusion|Lasso")
CLASSES = {
    Comment: "code-comment",
    Keyword: "code-keyword",
    Operator.Word: "code-keyword",
    Name.Tag: "code-keyword",
    Literal.String: "code-string",
    Literal.Number: "code-number",
    Name.Constant: "code-number",
    Name.Attribute: "code-number",
    Name.Builtin: "code-function",
    Name.Class: "code-function",
    Name.Decorator: "code-function",
    Name.Function: "code-function",
    Generic.Heading: "code-keyword",
    Generic.Subheading: "code-keyword",
    Generic.Deleted: "code-removed",
    Generic.Inserted: "code-added",
}


def split_lines(text: str) -> list[str]:
    """The lines of a text file without their ends, as editors count them: an end at the very end begins no new one."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return lines if lines[-1] else lines[:-1]


def highlight_lines(path: str, text: str, told: str = "") -> list[Markup]:
    """The lines of a file in the colours of its language; plain ones when that is none that is known.

    `told` is the language that `.gitattributes` name, if they do.
    """
    lines = split_lines(text)
    found = find_lexer(path, lines, told)
    if not lines or found in {None, TextLexer}:
        return [escape(line) for line in lines]
    return _lines(lines, found(stripnl=False, ensurenl=False))


def highlight_part(path: str, lines: Sequence[str], part: slice, told: str = "") -> list[Markup]:
    """Some lines of a file in the colours of its language, which is `told` where that is given.

    In a long file a comment that began far above them is not recognised.
    """
    short = len(lines) <= WHOLE_LINES and sum(map(len, lines)) <= WHOLE_CHARACTERS
    start = 0 if short else max(0, part.start - LEAD_LINES)
    chosen = list(lines if short else lines[start : part.stop])
    found = find_lexer(path, lines, told)
    if not chosen or found in {None, TextLexer}:
        return [escape(line) for line in lines[part]]
    coloured = _lines([*chosen, ""], found(stripnl=False, ensurenl=False))[part.start - start :]
    return coloured[: len(lines[part])]


def snippet(language: str, text: str) -> Markup:
    """Some code in the colours of a language; plain when the name is not known."""
    return Markup("\n").join(snippet_lines(language, text))


def snippet_lines(language: str, text: str) -> list[Markup]:
    """The same, line by line; lines end at line feeds only."""
    lines = text.split("\n")
    try:
        lexer = find_lexer_class_by_name(language)(stripnl=False, ensurenl=False)
    except ClassNotFound:
        return [escape(line) for line in lines]
    return _lines(lines, lexer)


def _lines(lines: list[str], lexer: Lexer) -> list[Markup]:
    """The lines, coloured; plain ones when that might take long, since nothing interrupts a lexer within a word.

    A line that is too long is left out of what the lexer sees, and is plain among the others.
    """
    short = [line if len(line) <= LONGEST_LINE else "" for line in lines]
    empty = (sum(1 for _line in group) for line, group in groupby(short, key=str.strip) if not line)
    if _SLOW.search(lexer.name) or max(empty, default=0) > MOST_EMPTY_LINES:
        return [escape(line) for line in lines]
    coloured = _highlight("\n".join(short), lexer)
    return [found if len(line) <= LONGEST_LINE else escape(line) for line, found in zip(lines, coloured, strict=True)]


def _highlight(text: str, lexer: Lexer) -> Iterator[Markup]:
    """The lines, coloured; plain ones when a lexer leaves out or changes anything, since the text is what counts."""
    words = list(_limit_time(text, lexer.get_tokens_unprocessed(text)))
    if "".join(word for _kind, word in words) != text:
        words = [(Token, text)]
    line: list[Markup] = []
    for kind, word in words:
        first, *others = word.split("\n")
        line.append(_mark(kind, first))
        for other in others:
            yield Markup("").join(line)
            line = [_mark(kind, other)]
    yield Markup("").join(line)


def _limit_time(text: str, tokens: Iterable[tuple[int, _TokenType, str]]) -> Iterator[tuple[_TokenType, str]]:
    """The words until so much of the processor was used, then the rest as one plain word."""
    deadline = time.thread_time() + LONGEST_SECONDS
    for start, kind, word in tokens:
        yield kind, word
        if time.thread_time() > deadline:
            yield Token, text[start + len(word) :]
            return


def _mark(kind: _TokenType, word: str) -> Markup:
    kinds = chain([kind], reversed(kind.split()))
    name = next((CLASSES[known] for known in kinds if known in CLASSES), None)
    return Markup('<span class="{}">{}</span>').format(name, word) if name and word.strip() else escape(word)
