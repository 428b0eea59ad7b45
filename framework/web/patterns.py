"""The pattern that stands for somebody without a picture: the same for a name everywhere, in one of twelve colours.

Four columns of tiles, the right half a mirror of the left one. Colours are the style sheet's, so that a pattern suits
light and dark.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from flask import Flask

TONES = 12
SIDE = 4
REMEMBERED = 2048

# A tile of side 1 that begins at its upper left corner: as it is, and mirrored.
_TILES = (
    ("h1v1h-1z", "h1v1h-1z"),  # a square
    ("h1a1 1 0 0 1-1 1z", "h1v1a1 1 0 0 1-1-1z"),  # a quarter of a disc, the corner in the upper left
    ("h1v1a1 1 0 0 1-1-1z", "h1a1 1 0 0 1-1 1z"),
    ("m0 1v-1a1 1 0 0 1 1 1z", "m0 1a1 1 0 0 1 1-1v1z"),
    ("m0 1a1 1 0 0 1 1-1v1z", "m0 1v-1a1 1 0 0 1 1 1z"),
    ("m0 .5a.5.5 0 0 1 1 0a.5.5 0 0 1-1 0z", "m0 .5a.5.5 0 0 1 1 0a.5.5 0 0 1-1 0z"),  # a disc
)
_EMPTY_OF_16 = 4
"""Of sixteen tiles so many are empty, on average."""


@dataclass(frozen=True)
class Pattern:
    """Two SVG paths in a square of `SIDE`, the second one to be drawn fainter, and the number of their colour."""

    tone: int
    path: str
    faint: str


def register(app: Flask) -> None:
    """Give templates `pattern`."""
    app.jinja_env.globals["pattern"] = draw_pattern


@lru_cache(maxsize=REMEMBERED)
def draw_pattern(name: str) -> Pattern:
    """The pattern of this name, in any case."""
    digest = hashlib.sha256(name.casefold().encode(errors="surrogateescape")).digest()
    strong: list[str] = []
    faint: list[str] = []
    for number in range(SIDE * SIDE // 2):
        byte, (row, column) = digest[number + 1], divmod(number, SIDE // 2)
        if byte % 16 < _EMPTY_OF_16:
            continue
        left, right = _TILES[byte // 16 % len(_TILES)]
        drawn = faint if digest[number + 16] % 3 == 0 else strong
        drawn += [f"M{column} {row}{left}", f"M{SIDE - 1 - column} {row}{right}"]
    return Pattern(digest[0] % TONES, "".join(strong), "".join(faint))
