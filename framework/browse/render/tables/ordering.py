"""Rows of a table in the order of one of its columns."""

from collections.abc import Iterable, Sequence

from framework.browse.render.tables.quantities import is_missing, read_day, read_numbers

Row = Sequence[str]
Numbered = tuple[int, Row]
"""A row with its number in the file."""


def sort_values(values: Sequence[str], *, likely_commas: bool, descending: bool) -> list[int]:
    """The places of a column's values: numbers, then days and words, and in both directions last those that miss it."""
    numbers = read_numbers(values, likely_commas=likely_commas)
    measured = [place for place, number in enumerate(numbers) if number is not None]
    measured.sort(key=numbers.__getitem__, reverse=descending)  # type: ignore[arg-type] # those that are None are not in it
    others = [place for place, number in enumerate(numbers) if number is None]
    keys = {text: None if is_missing(text) else _key(text) for text in {values[place] for place in others}}
    missing = [place for place in others if keys[values[place]] is None]
    named = [place for place in others if keys[values[place]] is not None]
    named.sort(key=lambda place: keys[values[place]] or "", reverse=descending)
    there = [*named, *measured] if descending else [*measured, *named]
    return [*there, *missing]


def _key(text: str) -> str:
    return read_day(text) or text.casefold()


def column_of(rows: Iterable[Row], column: int) -> list[str]:
    """The values of a column, empty where a row is too short."""
    return [row[column].strip() if column < len(row) else "" for row in rows]
