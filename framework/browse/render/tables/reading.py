"""Tables in files of separated values: whatever separates them, ragged rows and all."""

import csv
from itertools import chain

from framework.browse.render.encodings import decode
from framework.browse.render.tables.grid import Grid, Table, grid_of, page_of
from framework.browse.render.tables.separators import END, Separation, find_separation
from framework.browse.view_options import ViewOptions

MOST_ROWS = 200_000


def read_table(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: the text is no table.
    """
    return page_of(read_grid(name, text), asked)


def read_grids(name: str, content: bytes) -> list[tuple[str, Grid]]:
    """The one table of these bytes, without a title.

    Raises:
        ValueError: they are no table, or a quotation mark is never closed.
    """
    grid = read_grid(name, decode(content).text)
    if not grid.quoted:
        raise ValueError("a quotation mark is never closed")
    return [("", grid)]


def read_grid(name: str, text: str) -> Grid:
    """All rows of the text.

    Quotation marks of which one is never closed are read as they stand, since everything behind it would be one value.

    Raises:
        ValueError: the text is no table.
    """
    separation = find_separation(name, text)
    rows = _parse_rows(separation, text)
    if rows is None:
        separation = separation.without_quotes
        rows = _parse_rows(separation, text)
    return grid_of(rows or [], likely_commas=separation.has_likely_commas, quoted=separation.quoted)


def _parse_rows(separation: Separation, text: str) -> list[list[str]] | None:
    """All rows of the text that are not empty, at most `MOST_ROWS`; None when it ends within quotation marks.

    Raises:
        ValueError: an unquoted field is longer than the standard library's reader takes, or there are too many rows.
    """
    found: list[list[str]] = []
    try:
        for row in separation.read_lines(chain(separation.split_lines(text), [END] if separation.quoted else [])):
            if row:
                found.append(row)
            if len(found) > MOST_ROWS + 1:
                raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    except csv.Error as error:
        if separation.quoted:
            return None
        raise ValueError(str(error)) from error
    return found if not separation.quoted else found[:-1] if found[-1] == [END] else None
