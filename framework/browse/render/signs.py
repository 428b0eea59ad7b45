"""Signs that nobody sees, that turn a text's own order around, or that look like others: it does not do what it says.

CVE-2021-42574 is the best known use. Letters of Arabic and Hebrew need none of them: their order is their own.
"""

import re
import unicodedata
from collections.abc import Iterable

from markupsafe import Markup

_TURNING = re.compile("[\u202a-\u202e\u2066-\u2069]")
_HIDDEN = re.compile(
    "[\u202a-\u202e\u2066-\u2069\u200b\u2060-\u2064\ufeff\u180e\u115f\u1160\u3164\uffa0\U000e0001\U000e0020-\U000e007f]"
)
"""Those, and what takes no room or looks like a blank but is none. What joins letters and emoji is left alone."""
_LOOK_ALIKE = re.compile(
    "[\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0455\u0456\u0458\u04bb\u0501\u051b\u051d"
    "\u0410\u0412\u0415\u041a\u041c\u041d\u041e\u0420\u0421\u0422\u0423\u0425\u0405\u0406\u0408"
    "\u03bf\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
    "\u0585\u0578\u057d\uff21-\uff3a\uff41-\uff5a]"
)
"""Letters of Cyrillic, Greek, Armenian and full width that are drawn as Latin ones (Unicode's confusables.txt)."""
_WORD = re.compile(r"\w+")
_LATIN = re.compile("[A-Za-z]")


def turns_order(texts: Iterable[str]) -> bool:
    """Whether one of the texts has signs that change the order in which what follows is shown."""
    return any(_TURNING.search(text) for text in texts)


def show_signs(line: Markup) -> Markup:
    """The line of HTML with its hidden signs shown by their numbers, and letters that look like others marked.

    Each sign keeps its place, and its effect to itself.
    """
    if line.isascii():
        return line
    shown = _HIDDEN.sub(lambda found: _mark(found[0]), line) if _HIDDEN.search(line) else str(line)
    if _LOOK_ALIKE.search(line):  # tags are ASCII, so none of their words is touched
        shown = _WORD.sub(lambda found: _mark_mixed(found[0]), shown)
    return Markup(shown)  # noqa: S704 # what was escaped stays so


def mixes_scripts(texts: Iterable[str]) -> bool:
    """Whether a word in one of the texts has Latin letters and others that look like some."""
    return any(
        not text.isascii() and _LOOK_ALIKE.search(text) and any(_is_mixed(word[0]) for word in _WORD.finditer(text))
        for text in texts
    )


def _is_mixed(word: str) -> bool:
    return not word.isascii() and bool(_LOOK_ALIKE.search(word) and _LATIN.search(word))


def _mark_mixed(word: str) -> str:
    return _LOOK_ALIKE.sub(lambda found: _mark_letter(found[0]), word) if _is_mixed(word) else word


def _mark_letter(letter: str) -> str:
    return f'<span class="look-alike" title="U+{ord(letter):04X} {unicodedata.name(letter)}">{letter}</span>'


def _mark(sign: str) -> str:
    number = f"U+{ord(sign):04X}"
    name = unicodedata.name(sign, "")
    return f'<bdi class="hidden-sign" data-sign="{number}" title="{number} {name}">{sign}</bdi>'
