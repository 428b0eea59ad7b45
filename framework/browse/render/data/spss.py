"""SPSS system files (as GNU PSPP's developers describe them): names, labels, and the first rows."""

import io
import struct
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from framework.browse.render.data.cursor import Cursor, Damaged
from framework.browse.render.data.moments import SPSS, write_day, write_moment, write_number
from framework.browse.render.tables.book import Book, book_of, row_limit
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MOST_VARIABLES = 20_000
LONGEST_INFLATED_BYTES = 16 << 20
_DAYS, _MOMENTS = {20, 23, 24, 38, 39}, {22}
"""Formats of numbers that are days and moments."""
_MISSING = -sys.float_info.max


@dataclass
class Variable:
    """A column: its name, label, format, and its width in bytes, 0 for a number."""

    name: str
    label: str
    format: int
    width: int

    @property
    def segments(self) -> int:
        """How many parts of eight bytes a value takes."""
        return max(1, -(-self.width // 8))


def read_spss(_name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of the data set.

    Raises:
        ValueError: it is none, or is damaged.
    """
    with Path(path).open("rb") as file:
        grid = _read(file)
    return book_of(("Data",), grid, asked, [("SPSS data set", f"{len(grid.header):,} variables")])


def read_spss_grids(_name: str, content: bytes) -> list[tuple[str, Grid | None]]:
    """The one table of these bytes, without a title.

    Raises:
        ValueError: as `read_spss`.
    """
    return [("", _read(io.BytesIO(content)))]


def _read(file: IO[bytes]) -> Grid:
    """The first rows."""
    cursor = Cursor(file)
    if cursor.take(4) not in {b"$FL2", b"$FL3"}:
        raise ValueError("it is no system file of SPSS")
    cursor.skip(60)
    cursor.order = "<" if cursor.take(4) in {b"\2\0\0\0", b"\3\0\0\0"} else ">"
    _size, compression, _weight, count = cursor.numbers("4i")
    (bias,) = cursor.numbers("d")
    cursor.skip(17 + 64 + 3)
    variables, encoding = _Dictionary(cursor).read()
    parts = _read_parts(cursor, compression, bias)
    rows = list(_read_rows(parts, variables, encoding, count, cursor.order))
    left_out = max(0, count - len(rows))
    return Grid([it.name for it in variables], rows, [it.label for it in variables], left_out=left_out)


class _Dictionary:
    """The records before the data, one after another."""

    def __init__(self, cursor: Cursor) -> None:
        self._cursor = cursor
        self._variables: list[tuple[int, int, bytes, bytes]] = []
        self._names: dict[str, str] = {}
        self._encoding = "cp1252"

    def read(self) -> tuple[list[Variable], str]:
        """The variables, and the encoding of texts; behind it the data begin.

        Raises:
            Damaged. ValueError: there are too many variables.
        """
        cursor = self._cursor
        skip = {4: lambda: 4 * cursor.number("i"), 6: lambda: 80 * cursor.number("i")}
        while (kind := cursor.number("i")) != 999:
            if kind == 2:
                self._variables += _read_variable(cursor)
            elif kind == 3:
                self._skip_value_labels()
            elif kind == 7:
                self._read_extension()
            elif kind in skip:
                cursor.skip(skip[kind]())
            else:
                raise Damaged
            if len(self._variables) > MOST_VARIABLES:
                raise ValueError(f"it has more than {MOST_VARIABLES:,} variables")
        cursor.skip(4)
        if not self._variables:
            raise Damaged
        return [self._make(*each) for each in self._variables], self._encoding

    def _make(self, width: int, shown: int, name: bytes, label: bytes) -> Variable:
        short, long = (part.decode(self._encoding, "replace").strip() for part in (name, label))
        return Variable(self._names.get(short, short), long, shown, width)

    def _skip_value_labels(self) -> None:
        for _number in range(self._cursor.number("i")):
            self._cursor.take(8)
            self._cursor.skip((self._cursor.number("B") + 8) // 8 * 8 - 1)

    def _read_extension(self) -> None:
        subtype, size_bytes, many = self._cursor.numbers("3i")
        content = self._cursor.take(size_bytes * many)
        if subtype == 13:
            pairs = (part.partition("=") for part in content.decode("utf-8", "replace").split("\t"))
            self._names = {short: long for short, _sign, long in pairs}
        elif subtype == 20:
            self._encoding = _find_encoding(content.decode("ascii", "replace"))


def _find_encoding(name: str) -> str:
    try:
        return "".encode(name).decode() or name
    except LookupError:
        return "cp1252"


def _read_variable(cursor: Cursor) -> Iterator[tuple[int, int, bytes, bytes]]:
    """The width, format, name and label of a variable; nothing for what goes on with the one before."""
    width, has_label, missing, shown, _written = cursor.numbers("5i")
    name, label = cursor.take(8), b""
    if has_label:
        size_bytes = cursor.number("i")
        label = cursor.take(-(-size_bytes // 4) * 4)[:size_bytes]
    cursor.skip(8 * abs(missing))
    if width >= 0:
        yield width, shown >> 16 & 0xFF, name, label


def _read_parts(cursor: Cursor, compression: int, bias: float) -> Iterator[bytes]:
    """The parts of eight bytes that values consist of, until the data end."""
    try:
        if compression == 2:
            cursor.skip(24)
            data = zlib.decompressobj().decompress(cursor.take_rest(), LONGEST_INFLATED_BYTES)
            cursor, compression = Cursor(io.BytesIO(data), cursor.order), 1
        while True:
            if not compression:
                yield cursor.take(8)
                continue
            for code in cursor.take(8):
                if code == 252:
                    return
                if code == 253:
                    yield cursor.take(8)
                elif code:
                    value = _MISSING if code == 255 else code - bias
                    yield b" " * 8 if code == 254 else struct.pack(cursor.order + "d", value)
    except Damaged:
        return
    except zlib.error as error:
        raise Damaged from error


def _read_rows(
    parts: Iterator[bytes], variables: Sequence[Variable], encoding: str, count: int, order: str
) -> Iterator[list[str]]:
    most = row_limit(len(variables))
    for _number in range(min(count, most) if count >= 0 else most):
        row = []
        for variable in variables:
            data = b"".join(part for _segment, part in zip(range(variable.segments), parts, strict=False))
            if len(data) < variable.segments * 8:
                return
            row.append(_write(variable, data, encoding, order))
        yield row


def _write(variable: Variable, data: bytes, encoding: str, order: str) -> str:
    if variable.width:
        return data[: variable.width].decode(encoding, "replace").rstrip()
    (value,) = struct.unpack(order + "d", data)
    if value == _MISSING:
        return ""
    if variable.format in _DAYS:
        return write_day(SPSS, value / 86_400)
    return write_moment(SPSS, value) if variable.format in _MOMENTS else write_number(value)
