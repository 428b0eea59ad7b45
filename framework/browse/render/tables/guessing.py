"""Text files whose names do not tell whether they are tables: those that are, with whatever sign or spaces between."""

import csv
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from framework.browse.render.encodings import decode
from framework.browse.render.tables.grid import Grid, Table, page_of
from framework.browse.render.tables.naming import name_columns
from framework.browse.render.tables.ordering import Row
from framework.browse.render.tables.quantities import is_missing, read_quantity
from framework.browse.render.tables.reading import MOST_ROWS, MOST_TOLD, bare_comment, read_rows, require_whole, unused
from framework.browse.render.tables.separators import Separation, find_delimiter
from framework.browse.view_options import ViewOptions

COMMENTS = ("#", "%", "!", "//")
SAMPLED_LINES = 60
FEWEST_ROWS, FEWEST_TABS = 3, 2
EVEN_SHARE = 0.9
JUDGED_ROWS, LONGEST_UNIT = 20, 20
_FIELD = re.compile(r'"([^"]*)"(?=\s|$)|(\S+)')


def read_guessed_table(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: the text does not look like a table: its rows are uneven, or most values are no numbers.
    """
    return page_of(guess_grid(name, text), asked)


def read_guessed_grids(name: str, content: bytes) -> list[tuple[str, Grid]]:
    """The one table of these bytes, without a title.

    Raises:
        ValueError: they do not look like a table, or a quotation mark is never closed.
    """
    return [("", require_whole(guess_grid(name, decode(content).text)))]


def guess_grid(_name: str, text: str) -> Grid:
    """The rows of a text that is a table: of numbers, or of whatever stands between tabs.

    Lines of comments are left out, but for those before the first row that have a name or unit for each column.

    Raises:
        ValueError: it does not look like one.
    """
    lines = text.splitlines()
    head = [line for line in islice(lines, SAMPLED_LINES) if line.strip()]
    sample = [line for line in head if not _is_comment(line)]
    separation = Separation(find_delimiter("\n".join(sample)))
    if _looks_even(_read_sample(separation, sample), is_tabbed=separation.delimiter == "\t"):
        has_comments = len(sample) < len(head)
        rest = "\n".join(line for line in lines if not _is_comment(line)) if has_comments else text
        return _take_units(read_rows(separation, rest, _first_comments(lines)))
    if _looks_even([_split(line) for line in sample], mostly=True):
        return _take_units(_read_spaced(lines))
    raise ValueError("it does not look like a table")


def _read_sample(separation: Separation, lines: Sequence[str]) -> list[Row]:
    """The rows of these lines, of which the last may end within quotation marks; none if they cannot be read."""
    try:
        return [row for row in separation.read_lines(f"{line}\n" for line in lines) if row]
    except csv.Error:
        return []


def _take_units(grid: Grid) -> Grid:
    """The grid with its first row as the units of the columns, where it has one for each column of numbers below it."""
    first, below = (grid.rows[0], grid.rows[1:JUDGED_ROWS]) if grid.rows else ((), ())
    if not grid.header or not below or any(len(row) != len(first) for row in below):
        return grid
    numeric = [_are_numbers([row[at] for row in below]) for at in range(len(first))]
    units = [value for value, is_numeric in zip(first, numeric, strict=True) if is_numeric]
    if not units or any(is_missing(unit) or _is_number(unit) or len(unit) > LONGEST_UNIT for unit in units):
        return grid
    return replace(grid, rows=grid.rows[1:], types=first)


def _looks_even(rows: Sequence[Row], *, mostly: bool = False, is_tabbed: bool = False) -> bool:
    """Whether nearly all rows have one width, and half of the values below the first, or more than half, are numbers.

    Between tabs three columns of whatever values are a table. The first row may be one shorter, as R writes it.
    """
    width = Counter(map(len, rows[1:])).most_common(1)[0][0] if len(rows) >= FEWEST_ROWS else 0
    even = sum(len(row) == width for row in rows[1:]) + (width - len(rows[0]) in {0, 1} if rows else 0)
    if width < 2 or even < len(rows) * EVEN_SHARE:
        return False
    if is_tabbed and width > FEWEST_TABS:
        return True
    values = [value.strip() for row in rows[1:] for value in row]
    numbers = sum(is_missing(value) or _is_number(value) for value in values)
    enough = numbers * 2 > len(values) if mostly else numbers * 2 >= len(values)
    return enough and any(map(_is_number, values))


def _are_numbers(values: Sequence[str]) -> bool:
    return all(is_missing(value) or _is_number(value) for value in values) and any(map(_is_number, values))


def _is_number(value: str) -> bool:
    return any(read_quantity(value, decimal_comma=comma) is not None for comma in (False, True))


def _is_comment(line: str) -> bool:
    return line.lstrip().startswith(COMMENTS)


def _first_comments(lines: Sequence[str]) -> list[str]:
    """The comments before the first row."""
    found = list[str]()
    for line in lines:
        if line.strip():
            if not _is_comment(line):
                break
            found.append(line)
    return found


def _read_spaced(lines: Sequence[str]) -> Grid:
    """The rows between spaces."""
    rows = [_split(line) for line in lines if line.strip() and not _is_comment(line)]
    comments = _first_comments(lines)
    told = [_split(bare_comment(line)) for line in comments[-MOST_TOLD:]]
    header, found, above = name_columns(rows[: MOST_ROWS + 1], told)
    above_lines = [*unused(comments, told, header), *(" ".join(row) for row in above)]
    return Grid(header, found, left_out=max(0, len(rows) - MOST_ROWS - 1), above=above_lines)


def _split(line: str) -> list[str]:
    """The values between spaces, of which those in quotation marks may have some."""
    if '"' not in line:
        return line.split()
    return [quoted or bare for quoted, bare in _FIELD.findall(line)]
