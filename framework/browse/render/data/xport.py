"""SAS transport files of version 5 ("Record Layout of a SAS Version 5 or 6 Data Set", TS-140): names, labels, rows."""

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

from framework.browse.render.data.cursor import LONGEST_READ_BYTES, Damaged
from framework.browse.render.data.moments import STATA, write_day, write_moment, write_number
from framework.browse.render.tables.book import MOST_SHEETS, Book, book_of, choose, row_limit
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

RECORD_BYTES = 80
MOST_VARIABLES = 5_000
_START = b"HEADER RECORD*******"
_LIBRARY, _MEMBER, _NAMES, _ROWS = b"LIBRARY HEADER", b"MEMBER  HEADER", b"NAMESTR HEADER", b"OBS     HEADER"
_NEWER = b"LIBV8   HEADER"
_NUMBER, _MISSING = 1, b"._ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_DAYS = ("DATE", "MMDDYY", "DDMMYY", "YYMMDD", "E8601DA", "JULIAN", "WEEKDATE", "WORDDATE")
_MOMENTS = ("DATETIME", "E8601DT", "DATEAMPM")


@dataclass(frozen=True)
class Variable:
    """A column: where its values are in a row, and how they are shown."""

    name: str
    label: str
    form: str
    is_number: bool
    start: int
    size_bytes: int


def read_xport(_name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of a data set in the file.

    Raises:
        ValueError: it is none of version 5, or is damaged.
    """
    with Path(path).open("rb") as file:
        data = file.read(LONGEST_READ_BYTES)
    if data.startswith(_START + _NEWER):
        raise ValueError("it is of version 8, which SAS, and haven in R, open")
    if not data.startswith(_START + _LIBRARY):
        raise ValueError("it is no transport file of SAS")
    places = _find_members(data)
    names = [_text(data[place + 168 : place + 176]) or f"Data set {number}" for number, place in enumerate(places, 1)]
    number = choose(asked, names)
    end = places[number + 1] if number + 1 < len(places) else len(data)
    facts = [("SAS transport file", "version 5"), ("Label", _text(data[places[number] + 272 : places[number] + 312]))]
    return book_of(names, _read_member(data, places[number], end), asked, [fact for fact in facts if fact[1]])


def _find_members(data: bytes) -> list[int]:
    """Where each data set begins."""
    places, place = list[int](), data.find(_START + _MEMBER)
    while place >= 0 and len(places) < MOST_SHEETS:
        places.append(place)
        place = data.find(_START + _MEMBER, place + RECORD_BYTES)
    if not places:
        raise Damaged
    return places


def _read_member(data: bytes, start: int, end: int) -> Grid:
    names = data.find(_START + _NAMES, start, end)
    rows = data.find(_START + _ROWS, start, end)
    try:
        width, count = int(data[start + 74 : start + 78]), int(data[names + 54 : names + 58])
    except ValueError as error:
        raise Damaged from error
    if names < 0 or rows < 0 or width < 88 or not 0 < count <= MOST_VARIABLES:
        raise Damaged
    first = names + RECORD_BYTES
    variables = [_read_variable(data[first + width * number :][:width]) for number in range(count)]
    return _read_rows(data[rows + RECORD_BYTES : end], variables)


def _read_variable(described: bytes) -> Variable:
    if len(described) < 88:
        raise Damaged
    kind, _hash, size_bytes, _number = struct.unpack_from(">4h", described)
    (start,) = struct.unpack_from(">i", described, 84)
    if size_bytes <= 0 or start < 0:
        raise Damaged
    name, label, form = (_text(described[place : place + length]) for place, length in ((8, 8), (16, 40), (56, 8)))
    return Variable(name, label, form, kind == _NUMBER, start, size_bytes)


def _read_rows(data: bytes, variables: Sequence[Variable]) -> Grid:
    """The rows; what fills the last record is blank."""
    row_bytes = max(variable.start + variable.size_bytes for variable in variables)
    starts = range(0, len(data) - row_bytes + 1, row_bytes)
    blank = sum(1 for _start in takewhile(lambda start: not data[start : start + row_bytes].strip(b" "), starts[::-1]))
    count = len(starts) - blank if blank * row_bytes < RECORD_BYTES else len(starts)
    writers = [_find_writer(variable) for variable in variables]
    made = [
        [
            write(data[start + variable.start : start + variable.start + variable.size_bytes])
            for write, variable in zip(writers, variables, strict=True)
        ]
        for start in starts[: min(count, row_limit(len(variables)))]
    ]
    labels = [variable.label for variable in variables]
    return Grid([variable.name for variable in variables], made, labels, left_out=count - len(made))


def _find_writer(variable: Variable) -> Callable[[bytes], str]:
    if not variable.is_number:
        return _text

    def write(data: bytes) -> str:
        value = _read_number(data)
        if value is None:
            return ""
        if variable.form.startswith(_MOMENTS):
            return write_moment(STATA, value)
        return write_day(STATA, value) if variable.form.startswith(_DAYS) else write_number(value)

    return write


def _read_number(data: bytes) -> float | None:
    """A number as IBM's mainframes have it, cut to as few bytes as it needs; None for a missing one."""
    if data[0] in _MISSING and not data[1:].strip(b"\0"):
        return None
    fraction = int.from_bytes(data[1:8].ljust(7, b"\0"), "big")
    value = fraction * 16.0 ** ((data[0] & 0x7F) - 64 - 14)
    return -value if data[0] & 0x80 else value


def _text(data: bytes) -> str:
    """The text, whose encoding the file does not tell."""
    told = data.split(b"\0")[0].rstrip()
    try:
        return told.decode()
    except UnicodeDecodeError:
        return told.decode("cp1252", "replace")
