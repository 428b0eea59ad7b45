"""MATLAB's MAT-files of level 5 ("MAT-File Format", The MathWorks): variables, their sizes, and values of matrices.

Those of level 7.3 are HDF5.
"""

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from framework.browse.render.data.cursor import LONGEST_READ_BYTES, Cursor, Damaged
from framework.browse.render.data.hdf5.reading import read_hdf5
from framework.browse.render.data.moments import write_number
from framework.browse.render.tables.book import MOST_SHEETS, Book, book_of, choose
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MOST_ROWS, MOST_COLUMNS = 1_000, 200
MOST_INFLATED_BYTES = 48 << 20
_MATRIX, _COMPRESSED = 14, 15
_NUMBERS = {1: "b", 2: "B", 3: "h", 4: "H", 5: "i", 6: "I", 7: "f", 9: "d", 12: "q", 13: "Q"}
_TEXTS = {4: "utf-16", 16: "utf-8", 17: "utf-16", 18: "utf-32", 2: "latin-1", 1: "latin-1"}
_CLASSES = {1: "cell array", 2: "structure", 3: "object", 4: "text", 5: "sparse matrix", 6: "double", 7: "single",
            8: "int8", 9: "uint8", 10: "int16", 11: "uint16", 12: "int32", 13: "uint32", 14: "int64", 15: "uint64",
            16: "function", 17: "object"}  # fmt: skip
_TEXT, _FIRST_NUMBER, _LAST_NUMBER = 4, 6, 15
_COMPLEX = 0x800


@dataclass(frozen=True)
class Variable:
    """A variable: its name, its kind in words, its size, and its values as the file has them (a type, bytes)."""

    name: str
    kind: str
    shape: Sequence[int]
    values: tuple[int, bytes] | None

    @property
    def size(self) -> str:
        """The size as people write it."""
        return " × ".join(f"{length:,}" for length in self.shape)  # noqa: RUF001


def read_matlab(name: str, path: str, asked: ViewOptions) -> Book:
    """The variables, and the asked page of the values of one.

    Raises:
        ValueError: it is no such file, or is damaged.
    """
    with Path(path).open("rb") as file:
        cursor = Cursor(file)
        start = cursor.take(128)
        if start.startswith(b"MATLAB 7.3"):  # which is HDF5
            return read_hdf5(name, path, asked)
        if not start.startswith(b"MATLAB 5.0") or start[126:] not in {b"IM", b"MI"}:
            raise ValueError("it is no MAT-file of level 5")
        cursor.order = "<" if start[126:] == b"IM" else ">"
        found = list(_read_variables(cursor))
    names = ["Variables", *(variable.name for variable in found if variable.values)]
    number = choose(asked, names)
    shown = [variable for variable in found if variable.values]
    overview = Grid(["name", "class", "size"], [[it.name, it.kind, it.size] for it in found])
    grid = _read_values(shown[number - 1], cursor.order) if number else overview
    return book_of(names, grid, asked, [("MATLAB file", f"{len(found):,} variable{'' if len(found) == 1 else 's'}")])


def _read_variables(cursor: Cursor) -> Iterator[Variable]:
    room = MOST_INFLATED_BYTES
    for _number in range(MOST_SHEETS):
        try:
            kind, data = _read_element(cursor)
        except Damaged:
            return
        if kind == _COMPRESSED:
            try:
                data = zlib.decompressobj().decompress(data, min(room, LONGEST_READ_BYTES))
            except zlib.error as error:
                raise Damaged from error
            room -= len(data)
            if room <= 0:
                return
            kind = struct.unpack(cursor.order + "I", data[:4].ljust(4, b"\0"))[0]
            data = data[8:]
        if kind == _MATRIX:
            yield _read_matrix(Cursor(io.BytesIO(data), cursor.order))


def _read_element(cursor: Cursor) -> tuple[int, bytes]:
    """The type of an element and its bytes, which begin at a place that can be divided by eight."""
    first = cursor.number("I")
    if first >> 16:  # a small one
        return first & 0xFFFF, cursor.take(4)[: min(4, first >> 16)]
    size_bytes = cursor.number("I")
    data = cursor.take(size_bytes)
    if first != _COMPRESSED and size_bytes % 8:
        cursor.skip(8 - size_bytes % 8)
    return first, data


def _read_matrix(cursor: Cursor) -> Variable:
    _kind, flags = _read_element(cursor)
    (told,) = struct.unpack(cursor.order + "I", flags[:4])
    _kind, lengths = _read_element(cursor)
    shape = struct.unpack(f"{cursor.order}{len(lengths) // 4}i", lengths[: len(lengths) // 4 * 4])
    _kind, name = _read_element(cursor)
    number, values = told & 0xFF, None
    if number == _TEXT or (_FIRST_NUMBER <= number <= _LAST_NUMBER and not told & _COMPLEX):
        values = _read_element(cursor) if len(shape) == 2 and min(shape) > 0 else None
    kind = ("complex " if told & _COMPLEX else "") + _CLASSES.get(number, "unknown")
    return Variable(name.decode("latin-1"), kind, shape, values)


def _read_values(variable: Variable, order: str) -> Grid:
    """The first values of a matrix, which lie one column after the other; a text's rows."""
    assert variable.values
    height, width = variable.shape
    kind, data = variable.values
    rows, columns = min(height, MOST_ROWS), min(width, MOST_COLUMNS)
    if variable.kind == "text":
        encoding = _TEXTS.get(kind, "latin-1")
        ordered = encoding + ("" if encoding in {"utf-8", "latin-1"} else "-le" if order == "<" else "-be")
        signs = data.decode(ordered, "replace")
        return Grid(["text"], [["".join(signs[row::height])] for row in range(rows)], left_out=height - rows)
    if kind not in _NUMBERS:
        raise Damaged
    count = min(height * columns, len(data) // struct.calcsize(_NUMBERS[kind]))
    size_bytes = struct.calcsize(_NUMBERS[kind])
    values = struct.unpack(f"{order}{count}{_NUMBERS[kind]}", data[: count * size_bytes])
    digits = 7 if _NUMBERS[kind] == "f" else 15
    made = [
        [
            write_number(values[column * height + row], digits) if column * height + row < count else "…"
            for column in range(columns)
        ]
        for row in range(rows)
    ]
    return Grid([str(column) for column in range(1, columns + 1)], made, left_out=height - rows)
