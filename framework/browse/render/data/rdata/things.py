"""Objects of R: what they are, how large, and their first values."""

import math
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from framework.browse.render.data.moments import UNIX, write_day, write_moment, write_number

MISSING = "NA"
_MISSING_WHOLE = -(1 << 31)
_MISSING_WORD = (1954).to_bytes(4, "big")
"""The lower half of the bits of a missing double (`R_NaReal`)."""
_TIMES = " × "  # noqa: RUF001
_WORDS = {"logical": "logical", "integer": "integer", "double": "numeric", "complex": "complex", "text": "character"}
ATOMS = frozenset(_WORDS)


@dataclass
class Thing:
    """`kind` is logical, integer, double, complex, text, list, pairs, symbol, function, S4 and so on.

    `values` are its first ones of `length`: numbers, texts (None where one is missing), or things. `tags` are the
    names of what a list of pairs has.
    """

    kind: str
    length: int = 0
    values: Sequence[object] = ()
    attributes: Mapping[str, "Thing"] = field(default_factory=dict)
    tags: Sequence[str] = ()

    def texts(self, name: str) -> list[str]:
        """The texts of an attribute; none where there is no such."""
        found = self.attributes.get(name)
        if found is None or found.kind != "text":
            return []
        return [text if isinstance(text, str) else MISSING for text in found.values]

    @property
    def classes(self) -> list[str]:
        """What R calls it by itself."""
        return self.texts("class")

    @property
    def dimensions(self) -> list[int]:
        """The lengths along each axis of a matrix or an array."""
        found = self.attributes.get("dim")
        return [int(value) for value in found.values if isinstance(value, int | float)] if found else []

    @property
    def names(self) -> list[str]:
        """The names of its members."""
        return list(self.tags) or self.texts("names")

    @property
    def is_frame(self) -> bool:
        """Whether it is a data frame."""
        return self.kind == "list" and "data.frame" in self.classes

    @property
    def words(self) -> str:
        """What it is, as R's `class()` says it."""
        if self.classes:
            return ", ".join(self.classes[:4])
        axes = len(self.dimensions)
        made = "matrix of " if axes == 2 else "array of " if axes else ""
        return made + _WORDS.get(self.kind, self.kind)

    @property
    def size(self) -> str:
        """How large it is."""
        if self.is_frame:
            return f"{count_rows(self):,} rows{_TIMES}{self.length:,} columns"
        if self.dimensions:
            return _TIMES.join(f"{length:,}" for length in self.dimensions)
        return f"{self.length:,}" if self.kind in ATOMS or self.kind in {"list", "pairs", "raw"} else ""


def count_rows(frame: Thing) -> int:
    """How many rows a data frame has; its row names may be the number of them, negative, behind a missing value."""
    names = frame.attributes.get("row.names")
    if names and names.kind in {"integer", "double"} and names.length == 2 and is_missing(names.values[0]):
        second = names.values[1]
        return abs(int(second)) if isinstance(second, int | float) and not math.isnan(second) else 0
    if names:
        return names.length
    first = frame.values[0] if frame.values else None
    return first.length if isinstance(first, Thing) else 0


def is_missing(value: object) -> bool:
    """Whether R takes this for a missing value."""
    if isinstance(value, float) and math.isnan(value):
        return struct.pack(">d", value).endswith(_MISSING_WORD)
    return value is None or value == _MISSING_WHOLE


def write_values(thing: Thing) -> list[str]:
    """Its values as R prints them: levels of factors, days and moments by ISO 8601."""
    return list(map(writer_of(thing), thing.values))


def writer_of(thing: Thing) -> Callable[[object], str]:
    """What writes the values of this thing."""
    write = _choose_writer(thing.kind, thing.texts("levels"), set(thing.classes))

    def write_any(value: object) -> str:
        if isinstance(value, Thing):
            return _write_thing(value)
        return MISSING if is_missing(value) else write(value)

    return write_any


def _choose_writer(kind: str, levels: Sequence[str], classes: set[str]) -> Callable[[Any], str]:
    """What writes a value that is there."""
    if levels and kind == "integer":
        return lambda value: levels[value - 1] if 1 <= value <= len(levels) else MISSING
    if "Date" in classes and kind in _NUMBERS:
        return lambda value: write_day(UNIX, value)
    if "POSIXct" in classes and kind in _NUMBERS:
        return lambda value: write_moment(UNIX, value)
    return _WRITERS.get(kind, str)


def _write_complex(value: complex) -> str:
    return f"{write_number(value.real)}{'' if value.imag < 0 else '+'}{write_number(value.imag)}i"


_NUMBERS = {"integer", "double"}
_WRITERS: dict[str, Callable[[Any], str]] = {
    "logical": lambda value: "TRUE" if value else "FALSE",
    "double": write_number,
    "complex": _write_complex,
}


def _write_thing(thing: Thing) -> str:
    if thing.kind in ATOMS and 0 < thing.length <= 5 and len(thing.values) == thing.length:
        return ", ".join(write_values(thing))
    return f"{thing.words} ({thing.size})" if thing.size else thing.words
