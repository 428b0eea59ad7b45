"""Tables in files of separated values: whatever separates them, ragged rows and all."""

import csv
import re
from collections.abc import Sequence
from itertools import chain, islice

from framework.browse.render.encodings import decode
from framework.browse.render.tables.grid import Grid, Table, page_of
from framework.browse.render.tables.naming import name_columns
from framework.browse.render.tables.ordering import Row
from framework.browse.render.tables.separators import END, Separation, find_separation
from framework.browse.view_options import ViewOptions

MOST_ROWS = 200_000
MOST_TOLD = 2
"""So many comments before the rows may have the names and the units of columns."""
_LINE = re.compile(r"[^\r\n]*(?:\r\n?|\n)")


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
    return [("", require_whole(read_grid(name, decode(content).text)))]


def require_whole(grid: Grid) -> Grid:
    """A grid that can be compared with another.

    Raises:
        ValueError: a quotation mark is never closed, or there are too many rows.
    """
    if not grid.quoted:
        raise ValueError("a quotation mark is never closed")
    if grid.left_out:
        raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    return grid


def read_grid(name: str, text: str) -> Grid:
    """The rows of the text, the first `MOST_ROWS` of them.

    Comments at its start, and short lines before the table, are above it. Quotation marks of which one is never closed
    are read as they stand, since everything behind it would be one value.

    Raises:
        ValueError: the text is no table.
    """
    comments, start = _take_comments(text)
    separation = find_separation(name, text[start:] if comments else text)
    if comments and comments[-1].startswith(f"#{separation.delimiter}"):  # a column has this name
        start = text.rindex(comments.pop(), 0, start)
    return read_rows(separation, text[start:] if start else text, comments)


def read_rows(separation: Separation, text: str, comments: Sequence[str] = ()) -> Grid:
    """The rows of the text, separated like this, after these comments.

    Raises:
        ValueError: the text is no table.
    """
    found = _parse_rows(separation, text)
    if found is None:
        separation = separation.without_quotes
        found = _parse_rows(separation, text)
    parsed, left_out = found or ([], 0)
    if not parsed:
        raise ValueError("it has no rows")
    likely_commas = separation.has_likely_commas
    told = list(separation.read_lines(bare_comment(line) for line in comments[-MOST_TOLD:]))
    header, rows, above = name_columns(parsed, told, likely_commas=likely_commas)
    lines = [*unused(comments, told, header), *(f"{separation.delimiter} ".join(row).strip() for row in above)]
    return Grid(header, rows, left_out=left_out, likely_commas=likely_commas, quoted=separation.quoted, above=lines)


def unused(comments: Sequence[str], told: Sequence[Row], header: Row) -> list[str]:
    """The comments but for those from which the names of columns were taken; `told` are the values of the last ones."""
    used = len(told) - told.index(header) if header in told else 0
    return [line.strip() for line in comments[: len(comments) - used]]


def bare_comment(line: str) -> str:
    """A line without the signs that make it a comment."""
    return line.strip().lstrip("#%!/").strip(" ")


def _take_comments(text: str) -> tuple[list[str], int]:
    """The lines before the first that is neither empty nor a comment, and how many characters they take."""
    comments, start = list[str](), 0
    while (line := _LINE.match(text, start)) and (not line[0].strip() or line[0].startswith("#")):
        comments += [line[0]] if line[0].strip() else []
        start = line.end()
    return comments, start


def _parse_rows(separation: Separation, text: str) -> tuple[list[list[str]], int] | None:
    """The rows of the text that are not empty, and how many more than `MOST_ROWS` there are.

    None when it ends within quotation marks.

    Raises:
        ValueError: an unquoted field is longer than the standard library's reader takes.
    """
    lines = chain(separation.split_lines(text), [END] if separation.quoted else [])
    try:
        rows = filter(None, separation.read_lines(lines))
        found = list(islice(rows, MOST_ROWS + 1))
        left_out, last = 0, found[-1] if found else []
        for last in rows:  # noqa: B007 - the last one tells below whether a quotation mark is open
            left_out += 1
    except csv.Error as error:
        if separation.quoted:
            return None
        raise ValueError(str(error)) from error
    if not separation.quoted:
        return found, left_out
    if last != [END]:
        return None
    return (found, left_out - 1) if left_out else (found[:-1], 0)
