"""Text files whose names do not tell whether they are tables: those that are, with whatever sign or spaces between."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import islice

from framework.browse.render.tables.grid import Grid, Table, grid_of, page_of
from framework.browse.render.tables.quantities import is_missing, read_quantity
from framework.browse.render.tables.reading import MOST_ROWS, read_grid
from framework.browse.render.tables.separators import find_delimiter
from framework.browse.view_options import ViewOptions

COMMENTS = ("#", "%", "!", "//")
SAMPLED_LINES = 60
FEWEST_ROWS = 3
JUDGED_ROWS, LONGEST_UNIT = 20, 20


def read_guessed_table(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: the text does not look like a table: its rows are uneven, or most values are no numbers.
    """
    return page_of(guess_grid(name, text), asked)


def guess_grid(name: str, text: str) -> Grid:
    """All rows of a text that is a table of numbers.

    Lines of comments are left out, but for one before the first row that has a name for each column.

    Raises:
        ValueError: it does not look like one.
    """
    lines = text.splitlines()
    head = [line for line in islice(lines, SAMPLED_LINES) if line.strip()]
    sample = [line for line in head if not line.lstrip().startswith(COMMENTS)]
    delimiter = find_delimiter("\n".join(sample))
    if _looks_even([line.split(delimiter) for line in sample]):
        found = read_grid(name, text if len(sample) == len(head) else "\n".join(_without_comments(lines)))
    elif _looks_even([line.split() for line in sample], mostly=True):
        found = grid_of(_split(lines))
    else:
        raise ValueError("it does not look like a table")
    return _take_units(found)


def _take_units(grid: Grid) -> Grid:
    """The grid with its first row as the units of the columns, where it has one for each column of numbers below it."""
    first, below = (grid.rows[0], grid.rows[1:JUDGED_ROWS]) if grid.rows else ((), ())
    if not grid.header or not below or any(len(row) != len(first) for row in below):
        return grid
    numeric = [all(is_missing(row[at]) or _is_number(row[at]) for row in below) for at in range(len(first))]
    units = [value for value, is_numeric in zip(first, numeric, strict=True) if is_numeric]
    if not units or any(is_missing(unit) or _is_number(unit) or len(unit) > LONGEST_UNIT for unit in units):
        return grid
    return replace(grid, rows=grid.rows[1:], types=first)


def _looks_even(rows: Sequence[Sequence[str]], *, mostly: bool = False) -> bool:
    """Whether these rows have one width, and half of the values below the first, or more than half, are numbers."""
    width = len(rows[0]) if rows else 0
    if len(rows) < FEWEST_ROWS or width < 2 or any(len(row) != width for row in rows):
        return False
    values = [value.strip() for row in rows[1:] for value in row]
    numbers = sum(is_missing(value) or _is_number(value) for value in values)
    enough = numbers * 2 > len(values) if mostly else numbers * 2 >= len(values)
    return enough and any(map(_is_number, values))


def _is_number(value: str) -> bool:
    return any(read_quantity(value, decimal_comma=comma) is not None for comma in (False, True))


def _without_comments(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if not line.lstrip().startswith(COMMENTS)]


def _split(lines: Sequence[str]) -> list[list[str]]:
    """The rows between spaces, after the names and units of the columns where comments before the first have them."""
    rows, told = list[list[str]](), list[list[str]]()
    for line in lines:
        bare = line.strip()
        if not bare:
            continue
        if bare.startswith(COMMENTS):
            told = [*told[-1:], bare.lstrip("#%!/ ").split()] if not rows else told
        else:
            rows.append(bare.split())
        if len(rows) > MOST_ROWS + 1:
            raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    return [*(names for names in told if rows and len(names) == len(rows[0])), *rows]
