"""Stata's data sets, formats 113 to 119 (`help dta`): names, labels, and the first rows."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from framework.browse.render.data.cursor import Cursor, Damaged
from framework.browse.render.data.moments import STATA, write_day, write_moment, write_number
from framework.browse.render.tables.book import Book, book_of, row_limit
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MOST_VARIABLES = 5_000
_NEW, _OLD = {117: (33, 49, 81), 118: (129, 57, 321), 119: (129, 57, 321)}, {113: 12, 114: 49, 115: 49}
"""How long a name, a format and a label are; a format of the older kind of file."""
# What stands for a missing value is larger than these (`help missing`).
_LARGEST = {"b": 100, "h": 32_740, "i": 2_147_483_620, "f": 1.7014117331926443e38, "d": 8.98846567431157e307}
_NEW_KINDS = {65530: "b", 65529: "h", 65528: "i", 65527: "f", 65526: "d"}
_OLD_KINDS = {251: "b", 252: "h", 253: "i", 254: "f", 255: "d"}
_LONG_TEXT = 32_768


@dataclass(frozen=True)
class Variables:
    """The columns: how `struct` reads each, their names, formats and labels; and how many rows there are."""

    kinds: Sequence[str]
    names: Sequence[str]
    formats: Sequence[str]
    labels: Sequence[str]
    count: int
    encoding: str


def read_stata(_name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of the data set.

    Raises:
        ValueError: it is none, or is damaged.
    """
    with Path(path).open("rb") as file:
        grid, release = _read(file)
    return book_of(("Data",), grid, asked, [("Stata data set", f"format {release}")])


def read_stata_grids(_name: str, content: bytes) -> list[tuple[str, Grid | None]]:
    """The one table of these bytes, without a title.

    Raises:
        ValueError: as `read_stata`.
    """
    return [("", _read(BytesIO(content))[0])]


def _read(file: IO[bytes]) -> tuple[Grid, int]:
    """The first rows, and the version of the format."""
    cursor, release = _open(file)
    variables = _read_new(cursor, release) if release >= 117 else _read_old(cursor, release)
    return _read_rows(cursor, variables), release


def _open(file: IO[bytes]) -> tuple[Cursor, int]:
    cursor = Cursor(file)
    start = cursor.take(28)
    if start.startswith(b"<stata_dta><header><release>"):
        release = int(cursor.text(3)) if start else 0
        if release in _NEW:
            cursor.skip(len("</release><byteorder>"))
            cursor.order = ">" if cursor.take(3) == b"MSF" else "<"
            cursor.skip(len("</byteorder><K>"))
            return cursor, release
    elif start[0] in _OLD:
        cursor.order = ">" if start[1] == 1 else "<"
        cursor.seek(4)
        return cursor, start[0]
    raise ValueError("it is no data set of Stata that is known here")


def _read_new(cursor: Cursor, release: int) -> Variables:
    name_bytes, format_bytes, label_bytes = _NEW[release]
    width = _check(cursor.number("i" if release == 119 else "H"))
    cursor.skip(len("</K><N>"))
    count = cursor.number("I" if release == 117 else "Q")
    cursor.skip(len("</N><label>"))
    cursor.skip(cursor.number("B" if release == 117 else "H") + len("</label><timestamp>"))
    cursor.skip(cursor.number("B") + len("</timestamp></header><map>"))
    places = cursor.numbers("14Q")
    encoding = "cp1252" if release == 117 else "utf-8"

    def texts(place: int, tag: str, size_bytes: int) -> list[str]:
        cursor.seek(places[place] + len(tag))
        return [cursor.text(size_bytes, encoding) for _number in range(width)]

    cursor.seek(places[2] + len("<variable_types>"))
    kinds = [_name_kind(kind, _NEW_KINDS, 2_045) for kind in cursor.numbers(f"{width}H")]
    names = texts(3, "<varnames>", name_bytes)
    formats = texts(5, "<formats>", format_bytes)
    labels = texts(7, "<variable_labels>", label_bytes)
    cursor.seek(places[9] + len("<data>"))
    return Variables(kinds, names, formats, labels, count, encoding)


def _read_old(cursor: Cursor, release: int) -> Variables:
    width = _check(cursor.number("H"))
    count = cursor.number("I")
    cursor.skip(81 + 18)
    kinds = [_name_kind(kind, _OLD_KINDS, 244) for kind in cursor.take(width)]
    names = [cursor.text(33, "cp1252") for _number in range(width)]
    cursor.skip(2 * (width + 1))
    formats = [cursor.text(_OLD[release], "cp1252") for _number in range(width)]
    cursor.skip(33 * width)
    labels = [cursor.text(81, "cp1252") for _number in range(width)]
    while True:
        kind, size_bytes = cursor.numbers("bi")
        if not kind and not size_bytes:
            return Variables(kinds, names, formats, labels, count, "cp1252")
        cursor.skip(max(0, size_bytes))


def _check(width: int) -> int:
    if not 0 < width <= MOST_VARIABLES:
        raise ValueError(f"it has no variables, or more than {MOST_VARIABLES:,}")
    return width


def _name_kind(kind: int, kinds: dict[int, str], longest: int) -> str:
    if kind == _LONG_TEXT:
        return "8s"
    if kind not in kinds and not 0 < kind <= longest:
        raise Damaged
    return kinds.get(kind, f"{kind}s")


def _read_rows(cursor: Cursor, variables: Variables) -> Grid:
    row = struct.Struct(cursor.order + "".join(variables.kinds))
    rows = min(variables.count, row_limit(len(variables.kinds)))
    writers = [_find_writer(*each, variables.encoding) for each in zip(variables.kinds, variables.formats, strict=True)]
    made = [
        [write(value) for write, value in zip(writers, row.unpack(cursor.take(row.size)), strict=True)]
        for _number in range(rows)
    ]
    return Grid(variables.names, made, variables.labels, left_out=variables.count - rows)


def _find_writer(kind: str, shown: str, encoding: str) -> Callable[[object], str]:
    largest, digits = _LARGEST.get(kind), 7 if kind == "f" else 15

    def write(value: object) -> str:
        if isinstance(value, bytes):
            return "…" if shown.endswith("strL") else value.split(b"\0")[0].decode(encoding, "replace")
        assert isinstance(value, int | float)
        assert largest is not None
        if value > largest:
            return ""
        if shown.startswith("%td"):
            return write_day(STATA, value)
        return write_moment(STATA, value / 1_000) if shown.startswith(("%tc", "%tC")) else write_number(value, digits)

    return write
