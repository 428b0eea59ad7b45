"""Tables in files of comma- or tab-separated values: sorted on request, a page at a time, ragged rows and all."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass

from framework.browse.view_options import ViewOptions

LONGEST_BYTES = 8 << 20
TABLE_PAGE = 200
MOST_COLUMNS = 200
MOST_ROWS = 200_000
DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Table:
    """A page of rows, each with its number in the file; `count` counts them all, `ragged` those of another length."""

    header: Sequence[str]
    rows: Sequence[tuple[int, Sequence[str]]]
    number: int
    more: bool
    count: int
    ragged: int
    sort: int | None
    descending: bool
    left_out_columns: int = 0


def read_table(name: str, text: str, asked: ViewOptions) -> Table:
    """The asked page of the table.

    Raises:
        ValueError: the text is no table.
    """
    everything = parse_rows(name, text)
    if not everything:
        raise ValueError("it has no rows")
    width = max(map(len, everything))
    header, rows = everything[0], list(enumerate(everything[1:], 1))
    ragged = sum(len(row) != len(header) for _number, row in rows)
    if asked.sort is not None and asked.sort < width:
        column = asked.sort
        rows.sort(key=lambda numbered: sort_key(numbered[1], column), reverse=asked.descending)
    start = (asked.number - 1) * TABLE_PAGE
    shown = min(width, MOST_COLUMNS)
    return Table(
        header=_pad(header, shown),
        rows=[(number, _pad(row, shown)) for number, row in rows[start : start + TABLE_PAGE]],
        number=asked.number,
        more=start + TABLE_PAGE < len(rows),
        count=len(rows),
        ragged=ragged,
        sort=asked.sort,
        descending=asked.descending,
        left_out_columns=width - shown,
    )


def parse_rows(name: str, text: str) -> list[list[str]]:
    """All rows of the text that are not empty, at most `MOST_ROWS`.

    Raises:
        ValueError: a field is longer than the standard library's reader takes, or there are too many rows.
    """
    delimiter = "\t" if name.endswith((".tsv", ".tab")) else find_delimiter(text)
    found = []
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            if row:
                found.append(row)
            if len(found) > MOST_ROWS:
                raise ValueError(f"it has more than {MOST_ROWS:,} rows")
    except csv.Error as error:
        raise ValueError(str(error)) from error
    return found


def sort_key(row: Sequence[str], column: int) -> tuple[int, float, str]:
    """Numbers before words, each in their order, and what is missing last."""
    text = row[column].strip() if column < len(row) else ""
    try:
        return (0, float(text.replace(",", "")), "")
    except ValueError:
        return (1 if text else 2, 0.0, text.casefold())


def find_delimiter(text: str) -> str:
    """What separates the values: that which the first line has most of."""
    first = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=first.count)


def _pad(row: Sequence[str], width: int) -> Sequence[str]:
    return [*row, *[""] * (width - len(row))][:width]
