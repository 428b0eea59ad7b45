"""The columns of a Parquet file: where each lies, of what type it is, and how its values are written."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from framework.browse.render.data.cursor import Damaged
from framework.browse.render.data.moments import UNIX, write_day, write_moment, write_number
from framework.browse.render.data.parquet.thrift import DEEPEST, Fields

BOOLEAN, INT32, INT64, INT96, FLOAT, DOUBLE, BYTES, FIXED = range(8)
_WORDS = ("boolean", "int32", "int64", "timestamp", "float", "double", "binary", "binary")
_OPTIONAL, _REPEATED = 1, 2
_UTF8, _ENUM, _DECIMAL, _DATE, _MILLIS, _MICROS, _JSON = 0, 4, 5, 6, 9, 10, 19
_CONVERTED = {_UTF8: "string", _ENUM: "string", _JSON: "JSON", _DECIMAL: "decimal", _DATE: "date",
              _MILLIS: "timestamp", _MICROS: "timestamp", 11: "uint8", 12: "uint16", 13: "uint32", 14: "uint64",
              15: "int8", 16: "int16"}  # fmt: skip
_TICKS = {1: 1_000, 2: 1_000_000, 3: 1_000_000_000}
_JULIAN_UNIX = 2_440_588
_NANOSECONDS = 1_000_000_000

Value = bool | int | float | bytes | None


@dataclass(frozen=True)
class Column:
    """A column of values: its path, its physical type, how long a fixed value is, what it means, how deep it lies.

    `ticks` is how many units of a timestamp a second has.
    """

    path: Sequence[str]
    type: int
    length: int
    converted: int | None
    scale: int
    ticks: int
    most_defined: int
    most_repeated: int

    @property
    def name(self) -> str:
        """The path as people write it; the levels that lists have by themselves are left out."""
        own = [part for part in self.path if part not in {"list", "element", "item", "array"}] or self.path
        return ".".join(own)

    @property
    def words(self) -> str:
        """The type in a word."""
        word = "timestamp" if self.ticks else ""
        if not word and self.converted is not None:
            word = _CONVERTED.get(self.converted, "")
        word = word or _WORDS[self.type]
        return f"list of {word}" if self.most_repeated else word

    def write(self, value: Value) -> str:
        """A value as a page shows it; empty for one that is missing."""
        if value is None:
            return ""
        if isinstance(value, bytes):
            return self._write_bytes(value)
        return self._write_whole(value) if type(value) is int else self._write_other(value)

    def _write_other(self, value: float) -> str:
        if isinstance(value, bool):
            return "true" if value else "false"
        return write_number(value, 7 if self.type == FLOAT else 15)

    def _write_whole(self, value: int) -> str:
        if self.ticks:
            return write_moment(UNIX, value / self.ticks)
        if self.converted == _DATE:
            return write_day(UNIX, value)
        return str(Decimal(value).scaleb(-self.scale)) if self.converted == _DECIMAL else str(value)

    def _write_bytes(self, value: bytes) -> str:
        if self.type == INT96:
            nanoseconds, day = struct.unpack("<qi", value)
            return write_moment(UNIX, (day - _JULIAN_UNIX) * 86_400 + nanoseconds / _NANOSECONDS)
        if self.converted == _DECIMAL:
            return str(Decimal(int.from_bytes(value, "big", signed=True)).scaleb(-self.scale))
        if self.converted in {_UTF8, _ENUM, _JSON}:
            return value.decode(errors="replace")
        return f"{len(value):,} bytes"


def read_columns(elements: Sequence[Fields]) -> list[Column]:
    """The columns of the schema, whose elements come one after another, parents first.

    Raises:
        Damaged: the elements are no schema.
    """
    waiting = iter(elements)
    try:
        root = next(waiting)
        found = [column for _number in range(root.get(5, 0)) for column in _read_column(waiting, (), 0, 0)]
    except (StopIteration, RuntimeError, KeyError, TypeError) as error:
        raise Damaged from error
    return found


def _read_column(waiting: Iterator[Fields], parents: tuple[str, ...], defined: int, repeated: int) -> Iterator[Column]:
    element = next(waiting)
    path = (*parents, element[4].decode(errors="replace"))
    if len(path) > DEEPEST:
        raise Damaged
    defined += element.get(3, 0) in {_OPTIONAL, _REPEATED}
    repeated += element.get(3, 0) == _REPEATED
    if element.get(5):
        for _number in range(element[5]):
            yield from _read_column(waiting, path, defined, repeated)
        return
    if not 0 <= element[1] < len(_WORDS):
        raise Damaged
    yield Column(
        path,
        element[1],
        element.get(2, 0),
        element.get(6, _UTF8 if 1 in element.get(10, {}) else None),
        element.get(7, 0),
        _find_ticks(element),
        defined,
        repeated,
    )


def _find_ticks(element: Fields) -> int:
    told: Any = element.get(10, {}).get(8)
    if told:
        return next((_TICKS[unit] for unit in told.get(2, {}) if unit in _TICKS), 0)
    return {_MILLIS: 1_000, _MICROS: 1_000_000}.get(element.get(6, -1), 0)
