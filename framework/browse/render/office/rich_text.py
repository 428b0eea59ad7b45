"""RTF: the text of a Rich Text Format document (version 1.9.1), its paragraphs, emphasis and tables."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from markupsafe import Markup, escape

from framework.browse.render.office.package import DAMAGED
from framework.browse.render.office.paper import Block, Paper, link, make_paper, table
from framework.browse.view_options import ViewOptions

DEEPEST = 200
_TOKEN = re.compile(
    r"\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z'])|([{}])|[\r\n]+|([^\\{}\r\n]+)", re.IGNORECASE
)
_UNSEEN = {
    "fonttbl", "colortbl", "stylesheet", "info", "pict", "object", "header", "footer", "headerl", "headerr", "headerf",
    "footerl", "footerr", "footerf", "listtable", "listoverridetable", "themedata", "datastore", "xmlnstbl",
    "latentstyles", "generator", "annotation", "atnid", "atnauthor", "bkmkstart", "bkmkend", "pntext", "pn",
    "nonshppict",
}  # fmt: skip
_SIGNS = {
    "tab": "\t", "line": "\n", "emdash": "\u2014", "endash": "\u2013", "lquote": "\u2018", "rquote": "\u2019",
    "ldblquote": "\u201c", "rdblquote": "\u201d", "bullet": "\u2022", "emspace": "\u2003", "enspace": "\u2002",
    "~": "\u00a0", "_": "\u2011",
}  # fmt: skip
_HYPERLINK = re.compile(r'\s*HYPERLINK\s+"([^"]+)"', re.IGNORECASE)
_OF_FIELDS = {"fldinst", "fldrslt"}
LONGEST_INSTRUCTION = 2_000
_PARAGRAPH, _CELL, _ROW = "\0p", "\0c", "\0r"
_ENDS = {"par": _PARAGRAPH, "sect": _PARAGRAPH, "page": _PARAGRAPH, "\n": _PARAGRAPH, "\r": _PARAGRAPH, "cell": _CELL,
         "row": _ROW}  # fmt: skip
_CODE_PAGES = {874, *range(1250, 1259)}


@dataclass(frozen=True)
class _State:
    """What a group of the file inherits: emphasis, whether it is seen, how many characters stand for a Unicode one.

    `instructs`: its words say what a field is; `address` is where such a field leads to.
    """

    bold: bool = False
    italic: bool = False
    seen: bool = True
    skipped: int = 1
    instructs: bool = False
    address: str = ""


def read_rich_text(_name: str, text: str, _asked: ViewOptions) -> Paper:
    """The document that this text holds.

    Raises:
        ValueError: it is no RTF, or nested too deeply.
    """
    if not text.lstrip().startswith("{\\rtf"):
        raise ValueError(DAMAGED)
    return make_paper(_blocks(text))


def _blocks(text: str) -> Iterator[Block]:
    """The paragraphs, and rows of cells as tables."""
    words: list[tuple[_State, str]] = []
    cells: list[tuple[Markup, str]] = []
    rows: list[list[tuple[Markup, str]]] = []
    for state, piece in _Reader(text).pieces():
        if piece not in _ENDS.values():
            words.append((state, piece))
            continue
        html, plain = _dress(words), "".join(word for _state, word in words)
        words = []
        if piece == _CELL:
            cells.append((html, plain))
        elif piece == _ROW:
            rows.append(cells)
            cells = []
        else:
            if rows:
                yield table(rows)
                rows = []
            yield Block("p", html, plain)
    if rows:
        yield table(rows)
    yield Block("p", _dress(words), "".join(word for _state, word in words))


class _Reader:
    """Goes through the file's signs; `pieces` are words with their states, and the ends of paragraphs and cells."""

    def __init__(self, text: str) -> None:
        self._text = text.replace("\0", "")
        self._codec = "cp1252"
        self._state, self._outer = _State(), list[_State]()
        self._to_skip = 0
        self._starred = False
        self._instruction = ""

    def pieces(self) -> Iterator[tuple[_State, str]]:
        """The pieces in their order.

        Raises:
            ValueError: it is nested too deeply.
        """
        for found in _TOKEN.finditer(self._text):
            word, number, byte, sign, brace, plain = found.groups()
            if brace:
                self._step(brace)
            elif word in _OF_FIELDS:
                self._enter_field(word)
            elif word:
                yield from self._obey(word, int(number) if number else None)
            elif sign:
                self._starred = sign == "*"
                yield from self._end(_ENDS[sign]) if sign in _ENDS else self._say(_SIGNS.get(sign, sign))
            elif byte:
                yield from self._say(bytes([int(byte, 16)]).decode(self._codec, "replace"))
            elif plain:
                yield from self._say(plain)

    def _step(self, brace: str) -> None:
        self._to_skip = 0
        if brace == "{":
            if len(self._outer) == DEEPEST:
                raise ValueError("it is nested too deeply")
            self._outer.append(self._state)
        elif self._outer:
            self._state = self._outer.pop()

    def _say(self, plain: str) -> Iterator[tuple[_State, str]]:
        """The text, but for what stands for a Unicode character that was told already."""
        left = plain[self._to_skip :]
        self._to_skip = max(0, self._to_skip - len(plain))
        if self._state.instructs:
            self._instruction = (self._instruction + left)[:LONGEST_INSTRUCTION]
        elif left and not self._starred and self._state.seen:
            yield self._state, left

    def _end(self, sign: str) -> Iterator[tuple[_State, str]]:
        if self._state.seen:
            yield self._state, sign

    def _enter_field(self, word: str) -> None:
        """Begin with what a field is, or with what it shows, which is a link if it is one."""
        if word == "fldinst":
            self._state, self._starred = replace(self._state, seen=False, instructs=True), False
        else:
            found = _HYPERLINK.match(self._instruction)
            self._state = replace(self._state, address=found[1] if found else "")
        self._instruction = ""

    def _obey(self, word: str, number: int | None) -> Iterator[tuple[_State, str]]:
        if self._starred or word in _UNSEEN:
            self._state = replace(self._state, seen=False)
            self._starred = False
        elif word in _ENDS:
            yield from self._end(_ENDS[word])
        elif word in _SIGNS:
            yield from self._say(_SIGNS[word])
        elif word == "u" and number is not None:
            self._to_skip = 0
            if self._state.seen:
                yield self._state, chr(number % 0x10000) if not 0xD800 <= number % 0x10000 < 0xE000 else "\ufffd"
            self._to_skip = self._state.skipped
        elif word == "uc":
            self._state = replace(self._state, skipped=min(10, max(0, number or 0)))
        elif word in {"b", "i"}:
            is_on = number != 0
            self._state = replace(self._state, bold=is_on) if word == "b" else replace(self._state, italic=is_on)
        elif word == "plain":
            self._state = replace(self._state, bold=False, italic=False)
        elif word == "ansicpg" and number in {
            1250,
            1251,
            1252,
            1253,
            1254,
            1255,
            1256,
            1257,
            1258,
            874,
            932,
            936,
            949,
            950,
        }:
            self._codec = f"cp{number}"


def _dress(words: list[tuple[_State, str]]) -> Markup:
    made = Markup()
    parts = []
    for state, word in words:
        made = Markup("<br>").join(escape(line) for line in word.split("\n"))
        made = Markup("<strong>{}</strong>").format(made) if state.bold else made
        made = Markup("<em>{}</em>").format(made) if state.italic else made
        parts.append(link(state.address, made))
    return Markup().join(parts)
