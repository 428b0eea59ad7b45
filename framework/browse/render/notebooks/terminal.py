"""What a program wrote for a terminal: carriage returns and backspaces applied, colours and links as HTML.

The signs are those of ECMA-48, and OSC 8 for links. Colours become classes of their hues, since a page has two themes:
what is bright yellow on black would not be readable on white.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from markupsafe import Markup, escape

from framework.browse.render.documents import LINKED_SCHEMES

HUES = 24
"""So many colours are told apart; the first is at 0 degrees of OKLCH."""
GREY = "grey"
LEAST_CHROMA = 0.04

_SIGN = re.compile(
    r"\x1b\[([0-?]*)[ -/]*([@-~])"  # a control sequence: its parameters, and what it does
    r"|\x1b\]([^\x07\x1b]*)(?:\x07|\x1b\\)"  # a command to the terminal, such as a link
    r"|\x1b(?:[ -/]+[0-~]?|[0-~])?"
    r"|[\r\n\b]"
)
# The 16 colours as xterm has them.
_BASE = ((0, 0, 0), (205, 0, 0), (0, 205, 0), (205, 205, 0), (0, 0, 238), (205, 0, 205), (0, 205, 205), (229, 229, 229))
_BRIGHT = (
    (127, 127, 127), (255, 0, 0), (0, 255, 0), (255, 255, 0),
    (92, 92, 255), (255, 0, 255), (0, 255, 255), (255, 255, 255),
)  # fmt: skip
_STEPS = (0, 95, 135, 175, 215, 255)


@dataclass(frozen=True)
class Style:
    """How a character looks: classes for its colours, its weight and so on, and the address that it links to."""

    ink: str = ""
    ground: str = ""
    marks: frozenset[str] = frozenset()
    link: str = ""


_PLAIN = Style()
_MARKS = {1: "bold", 2: "faint", 3: "italic", 4: "underlined", 7: "inverse", 9: "struck"}
_UNMARKED = {22: {"bold", "faint"}, 23: {"italic"}, 24: {"underlined"}, 27: {"inverse"}, 29: {"struck"}}


def has_signs(text: str) -> bool:
    """Whether the text has anything but lines."""
    return any(sign in text for sign in "\x1b\r\b")


def strip_signs(text: str) -> str:
    """The text as a terminal leaves it, without colours; what a carriage return went back over is left out."""
    lines = _SIGN.sub(lambda found: found[0] if found[0] in "\r\n" else "", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in lines)


def render_terminal(text: str) -> Markup:
    """The text as a terminal leaves it, as HTML."""
    screen = _Screen()
    place = 0
    for found in _SIGN.finditer(text):
        screen.write(text[place : found.start()])
        screen.obey(found)
        place = found.end()
    screen.write(text[place:])
    return Markup("\n").join(_draw(row) for row in screen.rows)


class _Screen:
    """Rows of characters with their styles, and where the next one goes; it takes time as the text is long."""

    def __init__(self) -> None:
        self.rows: list[list[tuple[str, Style]]] = [[]]
        self._row = self._column = 0
        self._style = _PLAIN

    def write(self, text: str) -> None:
        """Put the text over what is there."""
        end = self._column + len(text)
        self.rows[self._row][self._column : end] = [(char, self._style) for char in text]
        self._column = end

    def obey(self, found: re.Match[str]) -> None:
        """Do what a sign says; what only a real terminal could do is left out."""
        sign, command = found[0], found[2]
        if sign == "\n":
            self._row, self._column = self._row + 1, 0
            if self._row == len(self.rows):
                self.rows.append([])
        elif sign == "\r":
            self._column = 0
        elif sign == "\b":
            self._column = max(0, self._column - 1)
        elif found[3] is not None:
            self._style = replace(self._style, link=_read_link(found[3], self._style.link))
        elif command == "m":
            self._style = _change(self._style, found[1])
        elif command == "K":
            self._erase(found[1])
        elif command == "A":
            self._go_up(found[1])

    def _erase(self, what: str) -> None:
        row = self.rows[self._row]
        if what in {"", "0", "2"}:
            del row[self._column :]
        if what in {"1", "2"}:
            row[: self._column] = [(" ", _PLAIN)] * min(self._column, len(row))

    def _go_up(self, steps: str) -> None:
        """Up so many rows, to no column beyond the row's end."""
        self._row = max(0, self._row - (int(steps[:4]) if steps[:4].isdecimal() else 1))
        self._column = min(self._column, len(self.rows[self._row]))


def _draw(row: Sequence[tuple[str, Style]]) -> Markup:
    groups = groupby(row, lambda one: one[1])
    return Markup().join(_dress(style, escape("".join(char for char, _style in group))) for style, group in groups)


def _dress(style: Style, words: Markup) -> Markup:
    classes = " ".join(_classes(style))
    made = Markup('<span class="{}">{}</span>').format(classes, words) if classes else words
    if style.link:
        made = Markup('<a href="{}" rel="nofollow noopener">{}</a>').format(style.link, made)
    return made


def _classes(style: Style) -> Iterator[str]:
    ink, ground = (style.ground, style.ink) if "inverse" in style.marks else (style.ink, style.ground)
    if ink:
        yield f"ink-{ink}"
    if ground or "inverse" in style.marks:
        yield f"ground-{ground or GREY}"
    yield from (f"term-{mark}" for mark in sorted(style.marks - {"inverse"}))


def _read_link(command: str, now: str) -> str:
    """The address that what follows links to: `8;parameters;address`, which is empty at the link's end."""
    kind, _, rest = command.partition(";")
    if kind != "8":
        return now
    address = rest.partition(";")[2]
    return address if address.partition(":")[0].lower() in LINKED_SCHEMES else ""


def _change(style: Style, parameters: str) -> Style:
    """The style after a Select Graphic Rendition."""
    numbers = iter([int(one[:4]) if one.isdecimal() else 0 for one in re.split("[;:]", parameters)])
    for number in numbers:
        if number == 0:
            style = Style(link=style.link)
        elif number in _MARKS:
            style = replace(style, marks=style.marks | {_MARKS[number]})
        elif number in _UNMARKED:
            style = replace(style, marks=style.marks - _UNMARKED[number])
        else:
            style = _colour(style, number, numbers)
    return style


def _colour(style: Style, number: int, following: Iterator[int]) -> Style:
    """The style with another colour: one of 16, or one that the following numbers tell."""
    ten, one = divmod(number, 10)
    names = {3: ("ink", _BASE), 4: ("ground", _BASE), 9: ("ink", _BRIGHT), 10: ("ground", _BRIGHT)}
    if ten not in names:
        return style
    part, colours = names[ten]
    if one == 9:
        name = ""
    elif found := colours[one] if one < len(colours) else _read_colour(following):
        name = name_colour(*found, is_ink=part == "ink")
    else:
        return style
    return replace(style, ink=name) if part == "ink" else replace(style, ground=name)


def _read_colour(following: Iterator[int]) -> tuple[int, int, int] | None:
    """The colour that `5;n` or `2;r;g;b` tells."""
    kind = next(following, None)
    if kind == 2:
        red, green, blue = (min(255, next(following, 0)) for _part in range(3))
        return red, green, blue
    number = next(following, 0) if kind == 5 else 256
    if number < 16:
        return (_BASE + _BRIGHT)[number]
    if number < 232:
        number -= 16
        return _STEPS[number // 36], _STEPS[number // 6 % 6], _STEPS[number % 6]
    grey = 8 + 10 * (number - 232)
    return (grey, grey, grey) if number < 256 else None


def name_colour(red: int, green: int, blue: int, *, is_ink: bool) -> str:
    """The name of a colour's hue; of a grey only a middle one has one, since black and white depend on the theme."""
    light, chroma, hue = _to_oklch(red, green, blue)
    if chroma >= LEAST_CHROMA:
        return str(round(hue * HUES / 360) % HUES)
    return GREY if not is_ink or 0.35 < light < 0.85 else ""


def _to_oklch(red: int, green: int, blue: int) -> tuple[float, float, float]:
    """Lightness, chroma and hue in degrees (Björn Ottosson, "A perceptual color space for image processing", 2020)."""
    parts = (part / 255 for part in (red, green, blue))
    r, g, b = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    long = math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b)
    middle = math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b)
    short = math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b)
    light = 0.2104542553 * long + 0.7936177850 * middle - 0.0040720468 * short
    across = 1.9779984951 * long - 2.4285922050 * middle + 0.4505937099 * short
    along = 0.0259040371 * long + 0.7827717662 * middle - 0.8086757660 * short
    return light, math.hypot(across, along), math.degrees(math.atan2(along, across)) % 360
