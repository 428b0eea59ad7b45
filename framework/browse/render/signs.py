"""Signs that nobody sees, that turn a text's own order around, or that look like others: it does not do what it says.

CVE-2021-42574 is the best known use. Letters of Arabic and Hebrew need none of them: their order is their own.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from markupsafe import Markup, escape

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_SUSPECT = re.compile(
    "[\0-\x08\x0b\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u180e\u200b-\u200f\u2028\u202a-\u202e"
    "\u2060-\u2064\u2066-\u2069\u3164\ufe00-\ufe0f\ufeff\uffa0\U000e0001\U000e0020-\U000e007f\U000e0100-\U000e01ef]"
)
"""Controls, those that turn, and what takes no room or looks like a blank but is none; some of them scripts need."""
LONGEST_TAG = 80
MOST_SCANNED = 1 << 21
"""So many characters of a source are looked through."""
_HARMLESS = re.compile("\x1b\\[([0-9;]{0,40})m|(?<=[^\\W\\d_]{2})\xad(?=[^\\W\\d_]{2})")
"""Colours of a terminal (ECMA-48, 8.3.117), and where a word may be parted: logs and prose have many."""
_COLOUR = re.compile(r"[34]8;(?:5;\d+|2;\d+;\d+;\d+)")
_CONCEALED = "8"
_ESCAPE = re.compile(r"\\u((?!00[0-7])[0-9A-Fa-f]{4})")
_JOINERS, _DIRECTIONS = "\u200c\u200d", "\u200e\u200f\u061c"
_RIGHT_TO_LEFT = re.compile("[\u0590-\u060b\u060d-\u061a\u061d-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")
_BESIDE_KEYCAP = "0123456789#*"
_SUPPLEMENT = 0xE0100
_LOOK_ALIKE = re.compile(
    "[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408"
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0261\u0585\u0578\u057d\uff21-\uff3a\uff41-\uff5a\U0001d400-\U0001d6a5]"
)
"""Letters of Cyrillic, Greek, Armenian, of full width and of formulas that look like Latin ones (confusables.txt)."""
_ALIKE_ALONE = re.compile("[\u01c3\u037e]")
"""What looks like `!` and `;`."""
_OF_PHONETICS = "\u0261"
_GREEK = re.compile("[\u0370-\u037d\u037f-\u03ff]")
_TAG = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>)""")
_WORD = re.compile(r"\w+")
_LATIN = re.compile("[A-Za-z]")


@dataclass(frozen=True)
class Warnings:
    """What a reader has to know of a text that looks otherwise than it is."""

    turns_order: bool = False
    mixes_scripts: bool = False
    hides_signs: bool = False

    @classmethod
    def of(cls, texts: Iterable[str]) -> "Warnings":
        """What these texts, or lines of HTML, ask for."""
        suspect = [text for text in texts if not text.isascii() or _SUSPECT.search(text)]
        return cls(turns_order(suspect), mixes_scripts(suspect), hides_signs(suspect)) if suspect else NO_WARNINGS


NO_WARNINGS = Warnings()


def warn_of_source(text: str) -> Warnings:
    """What a reader has to know of the source of a table, notebook or tree: of signs that it writes by numbers, too."""
    source = text[:MOST_SCANNED].removeprefix("\ufeff")
    return Warnings.of([_ESCAPE.sub(lambda found: chr(int(found[1], 16)), source) if "\\u" in source else source])


def turns_order(texts: Iterable[str]) -> bool:
    """Whether one of the texts has signs that change the order in which what follows is shown."""
    return any(_TURNING.search(text) for text in texts)


def hides_signs(texts: Iterable[str]) -> bool:
    """Whether a line of the texts has signs that nobody sees, and that its script does not need.

    What is `_HARMLESS` is marked quietly where it stands, and no reason for a note.
    """
    return any(
        any(_find_hidden(line))
        for text in texts
        if _SUSPECT.search(text)
        for line in _HARMLESS.sub(lambda found: "" if _is_usual(found) else found[0], text).split("\n")
    )


def show_signs(line: Markup) -> Markup:
    """The line of HTML with its hidden signs shown by their numbers, and letters that look like others marked.

    Each sign keeps its place, and its effect to itself.
    """
    shown = str(line)
    if _SUSPECT.search(shown):
        shown = "".join(_mark_hidden(shown))
    if not line.isascii():
        if _LOOK_ALIKE.search(shown):  # tags are ASCII, so none of their words is touched
            shown = _WORD.sub(lambda found: _mark_mixed(found[0]), shown)
        if _has_alike_alone(line):
            shown = _ALIKE_ALONE.sub(lambda found: _mark_letter(found[0]), shown)
    return Markup(shown)  # noqa: S704 # what was escaped stays so


def mark_signs(value: object) -> Markup:
    """The value as HTML, escaped unless it is HTML already, with such signs shown in its lines, outside of tags."""
    text = escape(value)
    if text.isascii() and not _SUSPECT.search(text):
        return text
    parts = _TAG.split(text)
    parts[::2] = ["\n".join(show_signs(Markup(line)) for line in part.split("\n")) for part in parts[::2]]  # noqa: S704
    return Markup("".join(parts))  # noqa: S704 # what was escaped stays so


def mixes_scripts(texts: Iterable[str]) -> bool:
    """Whether a word in one of the texts has Latin letters and others that look like some, or a sign looks like `;`."""
    return any(
        not text.isascii()
        and (
            (_LOOK_ALIKE.search(text) and any(_is_mixed(word[0]) for word in _WORD.finditer(text)))
            or (_ALIKE_ALONE.search(text) and any(map(_has_alike_alone, text.split("\n"))))
        )
        for text in texts
    )


def _is_usual(found: re.Match[str]) -> bool:
    """Whether what looks harmless is: no sequence with which a terminal hides the text that follows."""
    return all(number.lstrip("0") != _CONCEALED for number in _COLOUR.sub("", found[1] or "").split(";"))


def _mark_hidden(line: str) -> Iterator[str]:
    end, usual = 0, {found.start() for found in _HARMLESS.finditer(line) if _is_usual(found)}
    for found in _find_hidden(line):
        yield line[end : found.start()]
        yield _mark(found[0], is_usual=found.start() in usual)
        end = found.end()
    yield line[end:]


def _find_hidden(line: str) -> Iterator[re.Match[str]]:
    """Such signs of a line, of text or of HTML, that neither emoji nor the line's script need."""
    turns = _RIGHT_TO_LEFT.search(line) is not None
    for found in _SUSPECT.finditer(line):
        if not (turns and found[0] in _DIRECTIONS) and _is_hidden(found[0], _character_before(line, found.start())):
            yield found


def _is_hidden(sign: str, before: str) -> bool:
    """Whether the sign is none that belongs to the character before it."""
    if sign in _JOINERS:
        return not before or before.isascii()
    if "\ufe00" <= sign <= "\ufe0f":
        return not before or (before.isascii() and before not in _BESIDE_KEYCAP) or _is_selector(before)
    if _is_selector(sign):
        return not unicodedata.name(before or " ", "").startswith("CJK ")
    return True


def _is_selector(sign: str) -> bool:
    return "\ufe00" <= sign <= "\ufe0f" or ord(sign) >= _SUPPLEMENT


def _character_before(line: str, at: int) -> str:
    """The character before this place that is no part of a tag; empty at the start."""
    while at and line[at - 1] == ">" and (start := line.rfind("<", max(0, at - LONGEST_TAG), at)) >= 0:
        at = start
    return line[at - 1] if at else ""


def _has_alike_alone(line: str) -> bool:
    """Whether the line has a sign that looks like `!` or `;` where Greek needs none."""
    return bool(_ALIKE_ALONE.search(line)) and not _GREEK.search(line)


def _is_mixed(word: str) -> bool:
    if word.isascii() or not _LOOK_ALIKE.search(word) or not _LATIN.search(word):
        return False
    others = word.replace(_OF_PHONETICS, "")
    return others.isascii() or bool(_LOOK_ALIKE.search(others))


def _mark_mixed(word: str) -> str:
    return _LOOK_ALIKE.sub(lambda found: _mark_letter(found[0]), word) if _is_mixed(word) else word


def _mark_letter(letter: str) -> str:
    return f'<span class="look-alike" title="U+{ord(letter):04X} {unicodedata.name(letter, "")}">{letter}</span>'


def _mark(sign: str, *, is_usual: bool = False) -> str:
    number = f"U+{ord(sign):04X}"
    name = unicodedata.name(sign, "")
    looks = "hidden-sign usual-sign" if is_usual else "hidden-sign"
    return f'<bdi class="{looks}" data-sign="{number}" title="{number} {name}">{sign}</bdi>'
