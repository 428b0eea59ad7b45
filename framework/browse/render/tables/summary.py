"""What the values of a table's columns are like: their kind, range, how many are missing, and how they are spread."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean

from framework.browse.render.tables.ordering import column_of
from framework.browse.render.tables.quantities import BOUNDS, is_missing, read_day, read_numbers

MOST_CELLS = 300_000
BINS = 12
MOST_COMMON = 3
LONGEST_EXAMPLE = 60
_WORDS_OF_TRUTH = {"true", "false", "yes", "no", "t", "f", "y", "n"}


@dataclass(frozen=True)
class Column:
    """A column: `kind` is number, whole number, date, true or false, text, or empty.

    `counted` rows were looked at. `least` and `most` are as they are written; `heights` are shares from 0 to 1 of
    the fullest of the bins between them. A text has its `common` values instead, each with how often it is there.
    """

    name: str
    kind: str
    counted: int
    missing: int
    distinct: int
    least: str = ""
    most: str = ""
    mean: str = ""
    heights: Sequence[float] = ()
    common: Sequence[tuple[str, int]] = ()


def summarize(
    header: Sequence[str], rows: Sequence[Sequence[str]], quantities: frozenset[int], *, likely_commas: bool
) -> list[Column]:
    """The columns of these names, told by the first rows, as many as a page can take."""
    looked_at = rows[: max(1, MOST_CELLS // max(1, len(header)))]
    made = []
    for number, name in enumerate(header):
        values = column_of(looked_at, number)
        made.append(_summarize_column(name, values, likely_commas=likely_commas, numeric=number in quantities))
    return made


def _summarize_column(name: str, values: Sequence[str], *, likely_commas: bool, numeric: bool) -> Column:
    every = Counter(values)
    counts = Counter({text: number for text, number in every.items() if not is_missing(text)})
    missing = len(values) - counts.total()
    if not counts:
        return Column(name, "empty", len(values), missing, 0)
    if numeric:
        texts = list(counts)
        numbers = read_numbers(texts, likely_commas=likely_commas)
        found = [(number, text) for number, text in zip(numbers, texts, strict=True) if number is not None]
        return _of_numbers(name, found, counts, len(values))
    days = [(day, text) for text in counts if (day := read_day(text))]
    if len(days) == len(counts):
        return Column(name, "date", len(values), missing, len(counts), min(days)[1], max(days)[1])
    kind = "true or false" if {value.casefold() for value in counts} <= _WORDS_OF_TRUTH else "text"
    common = [(text[:LONGEST_EXAMPLE], number) for text, number in counts.most_common(MOST_COMMON) if number > 1]
    return Column(name, kind, len(values), missing, len(counts), common=common)


def _of_numbers(name: str, found: Sequence[tuple[float, str]], counts: Counter[str], counted: int) -> Column:
    """A column of these numbers, each with the text that it was read from; infinite ones are in no bin.

    Where some are bounds, there is no mean.
    """
    missing = counted - counts.total()
    if not found:
        return Column(name, "text", counted, missing, len(counts))
    least, most = min(found), max(found)
    finite = [(number, counts[text]) for number, text in found if abs(number) != float("inf")]
    whole = all(number == int(number) for number, _count in finite) and len(finite) == len(found)
    many = sum(count for _number, count in finite)
    exact = bool(many) and not any(text.startswith(BOUNDS) for _number, text in found)
    mean = fmean([number for number, _count in finite], [count for _number, count in finite]) if exact else None
    return Column(
        name,
        "whole number" if whole else "number",
        counted,
        missing,
        len(counts),
        least[1],
        most[1],
        "" if mean is None else f"{mean:.6g}",
        _spread(finite),
    )


def _spread(numbers: Sequence[tuple[float, int]]) -> list[float]:
    """How full each of the bins between the least and the most number is."""
    least, most = min(numbers, default=(0.0, 0))[0], max(numbers, default=(0.0, 0))[0]
    if not least < most or most - least == float("inf"):
        return []
    bins = [0] * BINS
    for number, count in numbers:
        bins[min(BINS - 1, int((number - least) / (most - least) * BINS))] += count
    return [count / max(bins) for count in bins]
