"""NetCDF files of the classic formats (the NetCDF Classic Format Specification): their dimensions and variables."""

import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

from framework.browse.render.data.cursor import Cursor, Damaged
from framework.browse.render.data.hdf5.blocks import MARK
from framework.browse.render.data.hdf5.reading import read_hdf5
from framework.browse.render.tables.book import Book, book_of
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MOST_ENTRIES, MOST_AXES = 2_000, 64
MOST_FACTS, LONGEST_TEXT, MOST_VALUES = 40, 500, 20
_FORMATS = {1: "NetCDF classic", 2: "NetCDF with 64-bit offsets", 5: "NetCDF with 64-bit data"}
_DIMENSIONS, _VARIABLES, _ATTRIBUTES = 10, 11, 12
_TYPES = {1: ("byte", "b"), 2: ("char", "s"), 3: ("short", "h"), 4: ("int", "i"), 5: ("float", "f"),
          6: ("double", "d"), 7: ("ubyte", "B"), 8: ("ushort", "H"), 9: ("uint", "I"), 10: ("int64", "q"),
          11: ("uint64", "Q")}  # fmt: skip
_HEADER = ("Variable", "Type", "Dimensions", "Values", "Units", "Description")


@dataclass(frozen=True)
class _Variable:
    name: str
    kind: str
    axes: tuple[tuple[str, int], ...]
    attributes: Mapping[str, str]


def read_netcdf(name: str, path: str, asked: ViewOptions) -> Book:
    """The variables as a table; a file of NetCDF 4 is read as one of HDF5.

    Raises:
        ValueError: it is neither, or is damaged.
    """
    with Path(path).open("rb") as file:
        mark = file.read(len(MARK))
        if mark == MARK:
            return read_hdf5(name, path, asked)
        version = mark[3] if len(mark) > 3 and mark.startswith(b"CDF") else 0
        if version not in _FORMATS:
            raise ValueError("it is no file of NetCDF")
        file.seek(4)
        return _read(_Reader(Cursor(file, ">"), version), asked)


def _read(reader: "_Reader", asked: ViewOptions) -> Book:
    records = reader.count()
    dimensions = [(name, length or records) for name, length in reader.dimensions()]
    attributes = dict(reader.attributes())
    rows = [_row(variable) for variable in reader.variables(dimensions)]
    sizes = ", ".join(f"{name} = {length:,}" for name, length in dimensions)
    facts = [("Format", _FORMATS[reader.version]), ("Dimensions", sizes[:LONGEST_TEXT]), *attributes.items()]
    grid = Grid(_HEADER, rows) if rows else None
    return book_of(["Variables"], grid, asked, [fact for fact in facts if fact[1]][:MOST_FACTS])


def _row(variable: _Variable) -> list[str]:
    told = variable.attributes
    axes = " \N{MULTIPLICATION SIGN} ".join(f"{name} ({length:,})" for name, length in variable.axes)
    count = prod(length for _name, length in variable.axes)
    description = told.get("long_name") or told.get("standard_name", "")
    return [variable.name, variable.kind, axes, str(count), told.get("units", ""), description]


class _Reader:
    """The parts of a file's head, to be read in their order; whole numbers have 8 bytes in the newest format."""

    def __init__(self, cursor: Cursor, version: int) -> None:
        self._cursor, self.version = cursor, version
        self._size = "Q" if version == 5 else "I"

    def count(self) -> int:
        """A number of things; that of records is 0 where it is left to the file's length."""
        found = self._cursor.number(self._size)
        return 0 if found == (1 << (64 if self.version == 5 else 32)) - 1 else found

    def dimensions(self) -> Iterator[tuple[str, int]]:
        """Names and lengths; that of the unlimited one is 0."""
        for _number in range(self._entries(_DIMENSIONS)):
            yield self._name(), self.count()

    def attributes(self) -> Iterator[tuple[str, str]]:
        """Names and values, as text."""
        for _number in range(self._entries(_ATTRIBUTES)):
            yield self._name(), self._values()

    def variables(self, dimensions: list[tuple[str, int]]) -> Iterator[_Variable]:
        """The variables; where their values are is passed over."""
        for _number in range(self._entries(_VARIABLES)):
            name, axes = self._name(), self.count()
            if axes > MOST_AXES:
                raise Damaged
            chosen = self._cursor.numbers(self._size * axes)
            if any(number >= len(dimensions) for number in chosen):
                raise Damaged
            attributes = dict(self.attributes())
            kind, _letter = self._type()
            self.count()
            self._cursor.number("I" if self.version == 1 else "Q")
            yield _Variable(name, kind, tuple(dimensions[number] for number in chosen), attributes)

    def _entries(self, wanted: int) -> int:
        """How many entries the list has that begins here; it may be absent."""
        tag, count = self._cursor.number("I"), self.count()
        if tag not in {0, wanted} or count > MOST_ENTRIES or (tag == 0 and count):
            raise Damaged
        return count

    def _name(self) -> str:
        return self._padded(self.count()).decode(errors="replace")[:LONGEST_TEXT]

    def _type(self) -> tuple[str, str]:
        found = _TYPES.get(self._cursor.number("I"))
        if found is None:
            raise Damaged
        return found

    def _values(self) -> str:
        _kind, letter = self._type()
        count = self.count()
        data = self._padded(count * struct.calcsize(letter))
        if letter == "s":
            return data.decode(errors="replace").strip("\0 \n")[:LONGEST_TEXT]
        shown = struct.unpack_from(f">{min(count, MOST_VALUES)}{letter}", data)
        return ", ".join(f"{value:.9g}" if isinstance(value, float) else str(value) for value in shown)

    def _padded(self, size_bytes: int) -> bytes:
        data = self._cursor.take(size_bytes)
        self._cursor.take(-size_bytes % 4)
        return data
