"""Signs that nobody sees and that turn a text's own order around, so that it does something else than it says.

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


def turns_order(texts: Iterable[str]) -> bool:
    """Whether one of the texts has signs that change the order in which what follows is shown."""
    return any(_TURNING.search(text) for text in texts)


def show_signs(line: Markup) -> Markup:
    """The line of HTML with its hidden signs shown by their numbers; each keeps its place, and its effect to itself."""
    if line.isascii() or not _HIDDEN.search(line):
        return line
    return Markup(_HIDDEN.sub(lambda found: _mark(found[0]), line))  # noqa: S704 # what was escaped stays so


def _mark(sign: str) -> str:
    number = f"U+{ord(sign):04X}"
    name = unicodedata.name(sign, "")
    return f'<bdi class="hidden-sign" data-sign="{number}" title="{number} {name}">{sign}</bdi>'
