"""Where the rows of a table in a text begin, and what names its columns."""

import re
from collections import Counter
from collections.abc import Sequence

from framework.browse.render.tables.ordering import Row, column_of
from framework.browse.render.tables.quantities import is_missing, read_day, read_quantity

JUDGED_ROWS, JUDGED_COLUMNS, SAMPLED_ROWS = 20, 300, 60
LONGEST_NAME_WORDS = 2
_YEARS = range(1500, 2201)
_MOMENT = re.compile(r"(?:\d{1,4}/\d{1,2}/\d{1,4})?[ T]?(?:\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?)?")


def name_columns(
    rows: Sequence[Row], told: Sequence[Row] = (), *, likely_commas: bool = False
) -> tuple[Row, Sequence[Row], Sequence[Row]]:
    """The names of the columns, empty where they have none, the rows below, and rows above that are none of the table.

    `told` are the last comments before the rows, split as these are: one may have the names, one below it the units.
    """
    start = _find_start(rows)
    above, rows = rows[:start], rows[start:]
    named = has_names(rows, likely_commas=likely_commas)
    if not named and above and (names := _fill_names(above[-1], rows)):
        return names, rows, above[:-1]
    fitting = [row for row in told if rows and len(row) == len(rows[0])]
    if fitting and (named is False or (named is None and all(map(_is_name, fitting[0])))):
        return fitting[0], [*fitting[1:], *rows], above
    return ((), rows, above) if named is False else (rows[0], rows[1:], above)


def has_names(rows: Sequence[Row], *, likely_commas: bool = False) -> bool | None:
    """Whether the first row has the names of columns: it has a word where numbers or days follow.

    None where that tells nothing, since all values are words. Years in order are names, and so is a row that begins
    with an empty value above values that are all there, as pandas writes it.
    """
    first, below = rows[0] if rows else (), rows[1 : JUDGED_ROWS + 1]
    columns = [column_of(below, place) for place in range(min(len(first), JUDGED_COLUMNS))]
    measured = [place for place, values in enumerate(columns) if _are_measured(values)]
    if not measured:
        return None
    heads = [first[place].strip() for place in measured]
    if any(not is_missing(head) and not is_measured(head) for head in heads):
        return True
    is_corner = len(first) > 1 and not first[0].strip() and all(columns[0]) and all(map(str.strip, first[1:]))
    return (is_corner and len(set(first)) == len(first)) or _are_years(heads, [columns[place][0] for place in measured])


def is_measured(text: str) -> bool:
    """Whether the text is a number, a day or a time, as values are and names are not."""
    return bool(
        any(read_quantity(text, decimal_comma=comma) is not None for comma in (False, True))
        or read_day(text)
        or (text and _MOMENT.fullmatch(text))
    )


def _are_measured(values: Sequence[str]) -> bool:
    """Whether more than half of the values that are there are no words."""
    there = [value for value in values if not is_missing(value)]
    return sum(map(is_measured, there)) * 2 > len(there)


def _are_years(heads: Sequence[str], below: Sequence[str]) -> bool:
    years = [int(head) if head.isdecimal() else 0 for head in heads]
    return years == sorted(set(years)) and all(year in _YEARS for year in years) and not all(map(_is_year, below))


def _is_year(text: str) -> bool:
    return text.isdecimal() and int(text) in _YEARS


def _is_name(text: str) -> bool:
    return len(text.split()) <= LONGEST_NAME_WORDS and not is_measured(text)


def _find_start(rows: Sequence[Row]) -> int:
    """The place of the first row that is as wide as most; what is above tells of the table."""
    counts = Counter(map(len, rows[:SAMPLED_ROWS]))
    width = max(counts, key=lambda each: (counts[each], each), default=1)
    if width == 1 or counts[width] == 1:
        return 0
    return next(place for place, row in enumerate(rows) if len(row) >= width)


def _fill_names(names: Row, rows: Sequence[Row]) -> Row:
    """The names of a row that is one shorter than those below: R names no column of row names.

    Where the last column is empty, it is only that rows end with a separator. Empty if they are no names.
    """
    width = len(rows[0])
    if width < 3 or len(names) != width - 1 or any(is_missing(name) or is_measured(name) for name in names):
        return ()
    return ["", *names] if any(column_of(rows[:JUDGED_ROWS], width - 1)) else [*names, ""]
