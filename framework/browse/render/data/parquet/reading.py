"""A Parquet file as a table: the footer says what is where, and only the pages with the first rows are read."""

import struct
from collections.abc import Iterable, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from framework.browse.render.data.cursor import LONGEST_READ_BYTES, Damaged
from framework.browse.render.data.parquet.schema import Column, read_columns
from framework.browse.render.data.parquet.thrift import Compact, Fields
from framework.browse.render.data.parquet.values import Cell, NotDecoded, read_cells
from framework.browse.render.tables.book import Book, book_of
from framework.browse.render.tables.grid import Grid
from framework.browse.view_options import ViewOptions

MARK = b"PAR1"
LONGEST_FOOTER_BYTES = 4 << 20
MOST_ROWS, MOST_CELLS, MOST_READ_COLUMNS = 1_000, 50_000, 200
_CODECS = {0: "not compressed", 1: "Snappy", 2: "gzip", 3: "LZO", 4: "Brotli", 5: "LZ4", 6: "Zstandard", 7: "LZ4"}


def read_parquet(_name: str, path: str, asked: ViewOptions) -> Book:
    """The asked page of the first rows.

    Raises:
        ValueError: it is no Parquet file, is damaged or encrypted.
    """
    with Path(path).open("rb") as file:
        grid, facts = _read(file, Path(path).stat().st_size)
    return book_of(("Rows",), grid, asked, facts)


def read_parquet_grids(_name: str, content: bytes) -> list[tuple[str, Grid | None]]:
    """The first rows of these bytes, without a title.

    Raises:
        ValueError: as `read_parquet`.
    """
    return [("", _read(BytesIO(content), len(content))[0])]


def _read(file: IO[bytes], size_bytes: int) -> tuple[Grid, list[tuple[str, str]]]:
    """The first rows, and what the file tells of itself."""
    footer = _read_footer(file, size_bytes)
    try:
        columns = read_columns(footer[2])[:MOST_READ_COLUMNS]
        groups, total = footer[4], int(footer[3])
        most = min(MOST_ROWS, total, max(1, MOST_CELLS // max(1, len(columns))))
        made = [_read_column(file, groups, number, column, most) for number, column in enumerate(columns)]
        codecs = sorted({_CODECS.get(chunk[3][4], "unknown") for group in groups[:1] for chunk in group[1]})
    except (KeyError, TypeError, IndexError, AttributeError, struct.error) as error:
        raise Damaged from error
    rows = [[values[row] if row < len(values) else "…" for values in made] for row in range(most)]
    facts = [("Parquet file", ", ".join(codecs) or "empty"), ("Row groups", f"{len(groups):,}")]
    grid = Grid([column.name for column in columns], rows, [column.words for column in columns], total - len(rows))
    return grid, facts


def _read_footer(file: IO[bytes], size_bytes: int) -> Fields:
    if size_bytes < 12 or file.read(4) != MARK:
        raise ValueError("it is no Parquet file")
    file.seek(size_bytes - 8)
    length, mark = struct.unpack("<I4s", file.read(8))
    if mark != MARK:
        raise Damaged
    if length > min(LONGEST_FOOTER_BYTES, size_bytes - 12):
        raise ValueError("its description is too long")
    file.seek(size_bytes - 8 - length)
    return Compact(file.read(length)).read_fields()


def _read_column(file: IO[bytes], groups: Sequence[Any], number: int, column: Column, most: int) -> list[str]:
    """The values of the first rows as text; as far as they can be decoded."""
    made = list[str]()
    for group in groups:
        if len(made) >= most:
            break
        chunk = group[1][number][3]
        start = min(place for place in (chunk[9], chunk.get(11) or chunk[9]) if place > 0)
        file.seek(start)
        data = file.read(max(0, min(chunk[7], LONGEST_READ_BYTES)))
        wanted = most - len(made) if not column.most_repeated else min(chunk[5], MOST_CELLS)
        try:
            cells = read_cells(data, column, chunk[4], wanted)
            made += _assemble(cells, column, most - len(made))
        except NotDecoded:
            return made
    return made


def _assemble(cells: Iterable[Cell], column: Column, most: int) -> list[str]:
    """The rows of a column; the values of one that is repeated are a list."""
    if not column.most_repeated:
        return [column.write(value) for _defined, _repeated, value in cells][:most]
    made = list[list[str]]()
    for defined, repeated, value in cells:
        if not repeated:
            if len(made) == most:
                break
            made.append([])
        if made and defined == column.most_defined:
            made[-1].append(column.write(value))
    return ["[" + ", ".join(row) + "]" if row else "" for row in made]
