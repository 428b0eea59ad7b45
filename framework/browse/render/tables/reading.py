"""Tables in files of comma- or tab-separated values: sorted on request, a page at a time, ragged rows and all."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass

from framework.browse.render.tables.quantities import has_decimal_commas, is_missing, read_quantity
from framework.browse.render.tables.separators import Separation, find_separation
from framework.browse.view_options import ViewOptions

TABLE_PAGE = 200
MOST_COLUMNS = 200
MOST_ROWS = 200_000
JUDGED_ROWS = 200

Numbered = tuple[int, Sequence[str]]
"""A row with its number in the file."""


@dataclass(frozen=True)
class Table:
    """A page of rows, each with its number in the file; `ragged` counts those of another length.

    `count` counts the rows that have the text `wanted`, of `total`. `quantities` are the columns of numbers. The text
    is not `quoted` where a quotation mark is never closed.
    """

    header: Sequence[str]
    rows: Sequence[Numbered]
    number: int
    more: bool
    count: int
    total: int
    columns: int
    wanted: str
    quantities: frozenset[int]
    quoted: bool
    ragged: int
    sort: int | None
    descending: bool
    left_out_columns: int = 0


def read_table(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: the text is no table.
    """
    separation = find_separation(name, text)
    return page_of(parse_rows(separation, text), separation, asked)


def page_of(everything: Sequence[Sequence[str]], separation: Separation, asked: ViewOptions) -> Table:
    """The asked page of a table of these rows, of which the first has the names of the columns.

    Raises:
        ValueError: there are none.
    """
    if not everything:
        raise ValueError("it has no rows")
    width = max(map(len, everything))
    header = everything[0]
    rows: list[Numbered] = list(enumerate(everything[1:], 1))
    ragged = sum(len(row) != len(header) for _number, row in rows)
    shown, total = min(width, MOST_COLUMNS), len(rows)
    quantities = _find_quantities(rows, shown, separation)
    if asked.wanted:
        rows = [numbered for numbered in rows if _has(numbered[1], asked.wanted.casefold())]
    if asked.sort is not None and asked.sort < width:
        rows = sort_rows(rows, asked.sort, separation, descending=asked.descending)
    start = (asked.number - 1) * TABLE_PAGE
    return Table(
        header=_pad(header, shown),
        rows=[(number, _pad(row, shown)) for number, row in rows[start : start + TABLE_PAGE]],
        number=asked.number,
        more=start + TABLE_PAGE < len(rows),
        count=len(rows),
        total=total,
        columns=width,
        wanted=asked.wanted,
        quantities=quantities,
        quoted=separation.quoted,
        ragged=ragged,
        sort=asked.sort,
        descending=asked.descending,
        left_out_columns=width - shown,
    )


def parse_rows(separation: Separation, text: str) -> list[list[str]]:
    """All rows of the text that are not empty, at most `MOST_ROWS`.

    Raises:
        ValueError: a field is longer than the standard library's reader takes, or there are too many rows.
    """
    found = []
    try:
        for row in separation.read(text):
            if row:
                found.append(row)
            if len(found) > MOST_ROWS:
                raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return found


def sort_rows(rows: Sequence[Numbered], column: int, separation: Separation, *, descending: bool) -> list[Numbered]:
    """The rows by this column: numbers, then words, and in both directions last those that miss it."""
    values = [_value(row, column) for _number, row in rows]
    commas = separation.has_decimal_commas or has_decimal_commas(values)
    found, missing = list[tuple[tuple[int, float, str], Numbered]](), list[Numbered]()
    for value, numbered in zip(values, rows, strict=True):
        if is_missing(value):
            missing.append(numbered)
        else:
            quantity = read_quantity(value, decimal_comma=commas)
            found.append(((1, 0.0, value.casefold()) if quantity is None else (0, quantity, ""), numbered))
    found.sort(key=lambda keyed: keyed[0], reverse=descending)
    return [*(numbered for _key, numbered in found), *missing]


def _find_quantities(rows: Sequence[Numbered], width: int, separation: Separation) -> frozenset[int]:
    """The columns whose values are all numbers, in the first rows; those without any are none."""
    head = rows[:JUDGED_ROWS]
    columns = ([_value(row, column) for _number, row in head] for column in range(width))
    return frozenset(number for number, values in enumerate(columns) if _is_quantity(values, separation))


def _is_quantity(values: Sequence[str], separation: Separation) -> bool:
    there = [value for value in values if not is_missing(value)]
    commas = separation.has_decimal_commas or has_decimal_commas(there)
    return bool(there) and all(read_quantity(value, decimal_comma=commas) is not None for value in there)


def _has(row: Sequence[str], wanted: str) -> bool:
    return any(wanted in value.casefold() for value in row)


def _value(row: Sequence[str], column: int) -> str:
    return row[column].strip() if column < len(row) else ""


def _pad(row: Sequence[str], width: int) -> Sequence[str]:
    return [*row, *[""] * (width - len(row))][:width]
