"""Tables of whatever file: a page of their rows, sorted and filtered on request."""

from collections.abc import Sequence
from dataclasses import dataclass

from framework.browse.render.tables.naming import has_names
from framework.browse.render.tables.ordering import Numbered, Row, column_of, sort_values
from framework.browse.render.tables.quantities import is_missing, read_numbers
from framework.browse.render.tables.summary import Column, summarize
from framework.browse.view_options import ViewOptions

TABLE_PAGE = 200
MOST_COLUMNS = 200
JUDGED_ROWS = 200
LONGEST_CELL = 2_000
MOST_LINES_ABOVE = 40


@dataclass(frozen=True)
class Grid:
    """The rows of a table, all those that are looked at, as text.

    `header` is empty where the columns have no names; `types` where the file does not tell their types.
    `left_out` rows follow that are not looked at. The first row has the number `first` in its file.
    `likely_commas` tells that the file is separated as those with decimal commas are.
    `quoted` is False for a text in which a quotation mark is never closed. `above` are lines that tell of the table.
    """

    header: Row
    rows: Sequence[Row]
    types: Row = ()
    left_out: int = 0
    first: int = 1
    likely_commas: bool = False
    quoted: bool = True
    above: Sequence[str] = ()

    @property
    def width(self) -> int:
        """How many columns the widest row has."""
        return max(len(self.header), max(map(len, self.rows), default=0))


@dataclass(frozen=True)
class Table:
    """A page of rows, each with its number in the file; `ragged` counts those of another length than the header.

    `count` counts the rows that have the text that was asked for, of `total`; `left_out` more were not looked at.
    `quantities` are the columns of numbers. Where `summary` was asked for there are no rows. `named` is False where
    the columns' names are ours. `above` are lines of the file that tell of the table.
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
    above: Sequence[str] = ()

    @property
    def left_out_columns(self) -> int:
        """How many columns the page does not show."""
        return self.columns - len(self.header)


def grid_of(rows: Sequence[Row], *, first: int = 1) -> Grid:
    """The grid of these rows, of which the first has the columns' names, unless its values are as those below.

    Raises:
        ValueError: there are none.
    """
    if not rows:
        raise ValueError("it has no rows")
    if has_names(rows) is False:
        return Grid((), rows, first=first)
    return Grid(rows[0], rows[1:], first=first)


def page_of(grid: Grid, asked: ViewOptions) -> Table:
    """The asked page of the grid, or the summary of its columns."""
    shown, total = min(grid.width, MOST_COLUMNS), len(grid.rows)
    places: Sequence[int] = range(total)
    quantities = _find_quantities(shown, grid)
    ragged = sum(len(row) != len(grid.header) for row in grid.rows) if grid.header else 0
    if asked.wanted:
        wanted = asked.wanted.casefold()
        places = [place for place in places if _has(grid.rows[place], wanted)]
    count = len(places)
    header = _pad(grid.header, shown) if grid.header else [f"Column {number}" for number in range(1, shown + 1)]
    start = (asked.number - 1) * TABLE_PAGE
    summary: Sequence[Column] = ()
    if asked.summary:
        summary = summarize(
            header, [grid.rows[place] for place in places], quantities, likely_commas=grid.likely_commas
        )
        places = ()
    elif asked.sort is not None and asked.sort < grid.width:
        values = column_of((grid.rows[place] for place in places), asked.sort)
        order = sort_values(values, likely_commas=grid.likely_commas, descending=asked.descending)
        places = [places[place] for place in order]
    return Table(
        header=header,
        types=_pad(grid.types, shown) if grid.types else (),
        rows=[(grid.first + place, _pad(grid.rows[place], shown)) for place in places[start : start + TABLE_PAGE]],
        asked=asked,
        more=start + TABLE_PAGE < len(places),
        count=count,
        total=total,
        left_out=grid.left_out,
        columns=grid.width,
        quantities=quantities,
        quoted=grid.quoted,
        ragged=ragged,
        named=bool(grid.header),
        summary=summary,
        above=_pad(grid.above, min(len(grid.above), MOST_LINES_ABOVE)),
    )


def _find_quantities(width: int, grid: Grid) -> frozenset[int]:
    """The columns whose values are all numbers, in the first rows; those without any are none."""
    head = grid.rows[:JUDGED_ROWS]
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
