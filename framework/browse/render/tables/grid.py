"""Tables of whatever file: a page of their rows, sorted and filtered on request."""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.browse.render.tables.ordering import Numbered, Row, column_of, sort_rows
from framework.browse.render.tables.quantities import has_decimal_commas, is_missing, read_numbers, read_quantity
from framework.browse.render.tables.summary import Column, summarize
from framework.browse.view_options import ViewOptions

TABLE_PAGE = 200
MOST_COLUMNS = 200
JUDGED_ROWS = 200
LONGEST_CELL = 2_000
_YEARS = range(1500, 2201)


@dataclass(frozen=True)
class Grid:
    """The rows of a table, all those that are looked at, as text.

    `header` is empty where the columns have no names; `types` where the file does not tell their types.
    `left_out` rows follow that are not looked at. The first row has the number `first` in its file.
    `likely_commas` tells that the file is separated as those with decimal commas are.
    `quoted` is False for a text in which a quotation mark is never closed.
    """

    header: Row
    rows: Sequence[Row]
    types: Row = ()
    left_out: int = 0
    first: int = 1
    likely_commas: bool = False
    quoted: bool = True

    @property
    def width(self) -> int:
        """How many columns the widest row has."""
        return max(len(self.header), max(map(len, self.rows), default=0))


@dataclass(frozen=True)
class Table:
    """A page of rows, each with its number in the file; `ragged` counts those of another length than the header.

    `count` counts the rows that have the text that was asked for, of `total`; `left_out` more were not looked at.
    `quantities` are the columns of numbers. Where `summary` was asked for there are no rows. `named` is False where
    the columns' names are ours.
    """

    header: Row
    types: Row
    rows: Sequence[Numbered]
    asked: ViewOptions
    more: bool
    count: int
    total: int
    left_out: int
    columns: int
    quantities: frozenset[int]
    quoted: bool
    ragged: int
    named: bool
    summary: Sequence[Column] = ()

    @property
    def left_out_columns(self) -> int:
        """How many columns the page does not show."""
        return self.columns - len(self.header)


def grid_of(rows: Sequence[Row], *, likely_commas: bool = False, quoted: bool = True, first: int = 1) -> Grid:
    """The grid of these rows, of which the first has the columns' names, unless it consists of numbers as the next.

    Raises:
        ValueError: there are none.
    """
    if not rows:
        raise ValueError("it has no rows")
    if _has_names(rows, likely_commas=likely_commas):
        return Grid(rows[0], rows[1:], likely_commas=likely_commas, quoted=quoted, first=first)
    return Grid((), rows, likely_commas=likely_commas, quoted=quoted, first=first)


def _has_names(rows: Sequence[Row], *, likely_commas: bool) -> bool:
    """Whether the first row is no row of numbers; years in order are names."""
    if len(rows) == 1 or len(rows[0]) == 1:
        return True
    numbers, below = (
        [read_quantity(value, decimal_comma=has_decimal_commas(row, likely=likely_commas)) for value in row]
        for row in rows[:2]
    )
    found = [number for number in numbers if number is not None]
    if len(found) < len(numbers) or all(number is None for number in below):
        return True
    return found == sorted(set(found)) and all(number in _YEARS for number in found)


def page_of(grid: Grid, asked: ViewOptions) -> Table:
    """The asked page of the grid, or the summary of its columns."""
    rows: list[Numbered] = list(enumerate(grid.rows, grid.first))
    shown, total = min(grid.width, MOST_COLUMNS), len(rows)
    quantities = _find_quantities(rows, shown, grid)
    ragged = sum(len(row) != len(grid.header) for row in grid.rows) if grid.header else 0
    if asked.wanted:
        rows = [numbered for numbered in rows if _has(numbered[1], asked.wanted.casefold())]
    count = len(rows)
    header = _pad(grid.header, shown) if grid.header else [f"Column {number}" for number in range(1, shown + 1)]
    start = (asked.number - 1) * TABLE_PAGE
    summary: Sequence[Column] = ()
    if asked.summary:
        summary = summarize(header, [row for _number, row in rows], quantities, likely_commas=grid.likely_commas)
        rows = []
    elif asked.sort is not None and asked.sort < grid.width:
        rows = sort_rows(rows, asked.sort, likely_commas=grid.likely_commas, descending=asked.descending)
    return Table(
        header=header,
        types=_pad(grid.types, shown) if grid.types else (),
        rows=[(number, _pad(row, shown)) for number, row in rows[start : start + TABLE_PAGE]],
        asked=asked,
        more=start + TABLE_PAGE < len(rows),
        count=count,
        total=total,
        left_out=grid.left_out,
        columns=grid.width,
        quantities=quantities,
        quoted=grid.quoted,
        ragged=ragged,
        named=bool(grid.header),
        summary=summary,
    )


def _find_quantities(rows: Sequence[Numbered], width: int, grid: Grid) -> frozenset[int]:
    """The columns whose values are all numbers, in the first rows; those without any are none."""
    head = [row for _number, row in rows[:JUDGED_ROWS]]
    columns = (column_of(head, column) for column in range(width))
    return frozenset(
        number for number, values in enumerate(columns) if _is_quantity(values, likely_commas=grid.likely_commas)
    )


def _is_quantity(values: Sequence[str], *, likely_commas: bool) -> bool:
    there = [value for value in values if not is_missing(value)]
    return bool(there) and None not in read_numbers(there, likely_commas=likely_commas)


def _has(row: Row, wanted: str) -> bool:
    return any(wanted in value.casefold() for value in row)


def _pad(row: Row, width: int) -> Row:
    cut = [value if len(value) <= LONGEST_CELL else f"{value[:LONGEST_CELL]}…" for value in row[:width]]
    return [*cut, *[""] * (width - len(cut))]
