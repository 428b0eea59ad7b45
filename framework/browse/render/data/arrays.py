"""NumPy's arrays (NEP 1): what the header says, without pickle, and the first values as a table."""

import ast
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import IO

from framework.browse.render.data.numbers import NumberType
from framework.browse.render.tables.book import MOST_SHEETS, Book, book_of, choose
from framework.browse.render.tables.grid import Grid
from framework.browse.render.zip_ends import check_directory
from framework.browse.view_options import ViewOptions

START = b"\x93NUMPY"
LONGEST_HEADER_BYTES = 1 << 16
LONGEST_VALUES_BYTES = 32 << 20
LONGEST_DIRECTORY_BYTES = 1 << 20
MOST_ROWS, MOST_CELLS, MOST_ARRAY_COLUMNS = 1_000, 50_000, 200
_DAMAGE = (zipfile.BadZipFile, zlib.error, struct.error, RuntimeError, NotImplementedError, EOFError)

Field = tuple[str, NumberType, int]
"""A part of each element: its name, its type, and where it begins in the element."""


@dataclass(frozen=True)
class Header:
    """What an array's header says: the fields of an element, its size in bytes, the shape, and the order of values."""

    fields: Sequence[Field]
    element_bytes: int
    shape: Sequence[int]
    is_fortran: bool

    @property
    def facts(self) -> list[tuple[str, str]]:
        """The header in words."""
        shape = " × ".join(f"{length:,}" for length in self.shape) or "a single value"  # noqa: RUF001
        kinds = [f"{name}: {kind.words}" if name else kind.words for name, kind, _start in self.fields]
        shown = ", ".join(kinds[:12]) + (", …" if len(kinds) > 12 else "")
        return [("Shape", shape), ("Type", shown), *([("Order", "by column (Fortran)")] if self.is_fortran else [])]


def read_array(name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of an array, or of one of those in an `.npz` file.

    Raises:
        ValueError: it is no array of NumPy, or is damaged.
    """
    with Path(path).open("rb") as file:
        if name.endswith(".npz"):
            return _read_archive(file, asked)
        header = read_header(file)
        return book_of(("Values",), _read_values(header, file), asked, header.facts)


def read_array_grids(name: str, content: bytes) -> Iterator[tuple[str, Grid | None]]:
    """The first values of each array, by its name in an `.npz` file.

    Raises:
        ValueError: as `read_array`.
    """
    file = BytesIO(content)
    if not name.endswith(".npz"):
        yield "", _read_values(read_header(file), file)
        return
    check_directory(file, most_bytes=LONGEST_DIRECTORY_BYTES, most_entries=MOST_SHEETS)
    try:
        with zipfile.ZipFile(file) as archive:
            for one in archive.namelist():
                if one.endswith(".npy"):
                    with archive.open(one) as member:
                        yield one.removesuffix(".npy"), _read_values(read_header(member), member)
    except _DAMAGE as error:
        raise ValueError("it is damaged") from error


def _read_archive(file: IO[bytes], asked: ViewOptions) -> Book:
    check_directory(file, most_bytes=LONGEST_DIRECTORY_BYTES, most_entries=MOST_SHEETS)
    try:
        with zipfile.ZipFile(file) as archive:
            members = [one for one in archive.namelist() if one.endswith(".npy")]
            if not members:
                raise ValueError("it has no arrays")
            names = [one.removesuffix(".npy") for one in members]
            with archive.open(members[choose(asked, names)]) as member:
                header = read_header(member)
                facts = [("Arrays", f"{len(members):,}"), *header.facts]
                return book_of(names, _read_values(header, member), asked, facts)
    except _DAMAGE as error:
        raise ValueError("it is damaged") from error


def read_header(file: IO[bytes]) -> Header:
    """The header of an array, after which the values follow.

    Raises:
        ValueError: there is none.
    """
    if file.read(len(START)) != START:
        raise ValueError("it is no array of NumPy")
    version = file.read(2)
    width = 2 if version[:1] == b"\1" else 4
    length = int.from_bytes(file.read(width), "little")
    if length > LONGEST_HEADER_BYTES:
        raise ValueError("its header is too long")
    try:
        told = ast.literal_eval(file.read(length).decode("utf-8" if version[:1] == b"\3" else "latin-1").strip())
        shape = [int(part) for part in told["shape"]]
        fields, size_bytes = _read_fields(told["descr"])
        header = Header(fields, size_bytes, shape, bool(told["fortran_order"]) and len(shape) > 1)
    except (ValueError, SyntaxError, KeyError, TypeError, RecursionError, MemoryError) as error:
        raise ValueError("its header cannot be read") from error
    if min(shape, default=0) < 0:
        raise ValueError("its header cannot be read")
    return header


def _read_fields(described: object) -> tuple[list[Field], int]:
    if isinstance(described, str):
        kind = NumberType(described)
        return [("", kind, 0)], kind.size_bytes
    if not isinstance(described, list):
        raise TypeError
    fields, start = list[Field](), 0
    for name, described_type, *shape in described:
        title = str(name[0] if isinstance(name, tuple) else name)
        kind = NumberType(described_type if isinstance(described_type, str) and not shape else "|V0")
        size_bytes = kind.size_bytes
        if not isinstance(described_type, str) or shape:
            size_bytes = _read_fields(described_type)[1] * math.prod(map(int, shape[0] if shape else ()))
        fields.append((title, kind, start))
        start += size_bytes
    return fields, start


def _read_values(header: Header, file: IO[bytes]) -> Grid | None:
    """The first values; of more than two dimensions those at the start of all but the last two."""
    if not header.element_bytes or not all(header.shape):
        return None
    if not any(kind.is_readable for _name, kind, _start in header.fields):
        return None
    height = header.shape[-2] if len(header.shape) > 1 else header.shape[0] if header.shape else 1
    width = header.shape[-1] if len(header.shape) > 1 else 1
    columns = min(width, MOST_ARRAY_COLUMNS)
    rows = min(height, MOST_ROWS, max(1, MOST_CELLS // (columns * len(header.fields))))
    row_step, column_step = _find_steps(header, width)
    needed = ((rows - 1) * row_step + (columns - 1) * column_step + 1) * header.element_bytes
    data = file.read(min(LONGEST_VALUES_BYTES, needed))
    made = [
        [
            _write(data, (row * row_step + column * column_step) * header.element_bytes + start, kind)
            for column in range(columns)
            for _name, kind, start in header.fields
        ]
        for row in range(rows)
    ]
    names = [name for name, _kind, _start in header.fields] if header.fields[0][0] else [""]
    labels = [
        f"{column} {name}".strip() if width > 1 else name or "value" for column in range(columns) for name in names
    ]
    return Grid(labels, made, left_out=height - rows, first=0)


def _find_steps(header: Header, width: int) -> tuple[int, int]:
    """How many elements further the next row and the next column are."""
    if not header.is_fortran:
        return width, 1
    outer = math.prod(header.shape[:-2])
    return outer, outer * header.shape[-2]


def _write(data: bytes, start: int, kind: NumberType) -> str:
    part = data[start : start + kind.size_bytes]
    return kind.write(part) if kind.is_readable and len(part) == kind.size_bytes else "…"
