"""Files that hold several tables: spreadsheets, databases, arrays."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from framework.browse.render.tables.grid import Grid, Table, page_of
from framework.browse.view_options import ViewOptions

MOST_SHEETS = 200
MOST_BOOK_ROWS = 20_000
MOST_BOOK_CELLS = 400_000
LISTS = {"Contents", "Variables"}
"""First tables of these names list the others."""


@dataclass(frozen=True)
class Book:
    """The tables of a file by their names, and a page of the one with this number; `facts` tell of the file.

    Without a table the file has none that can be shown, and the facts are all there is.
    """

    names: Sequence[str]
    number: int
    table: Table | None
    facts: Sequence[tuple[str, str]] = ()

    @property
    def links(self) -> Mapping[str, int]:
        """Which table each name leads to, in one that lists what the file has."""
        if self.number or not {*self.names[:1]} & LISTS:
            return {}
        return {name: number for number, name in enumerate(self.names) if number}


def book_of(names: Sequence[str], grid: Grid | None, asked: ViewOptions, facts: Sequence[tuple[str, str]] = ()) -> Book:
    """A book of these tables, of which the grid is the one that was asked for."""
    table = page_of(grid, asked) if grid and (grid.header or grid.rows) else None
    return Book(names[:MOST_SHEETS], choose(asked, names), table, facts)


def choose(asked: ViewOptions, names: Sequence[str]) -> int:
    """The number of the table that was asked for, the first where there is no such."""
    return asked.sheet if asked.sheet < min(len(names), MOST_SHEETS) else 0


def row_limit(width: int) -> int:
    """How many rows of a table of so many columns are looked at."""
    return min(MOST_BOOK_ROWS, max(1, MOST_BOOK_CELLS // max(1, width)))
