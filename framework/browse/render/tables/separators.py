"""How the values of a table in a text file are separated, told by its first rows."""

import csv
import io
import re
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain, islice

from framework.browse.render.tables.quantities import DECIMAL_COMMA

DELIMITERS = ",;\t|"
SAMPLED_ROWS = 20
SAMPLED_CHARACTERS = 1 << 16
_TOLD = re.compile(r"\ufeff?sep=([,;|\t])\r?\n?", re.ASCII)
_END = "\ufffe"
"""A line of this character alone is in no text; it is a row of its own unless a quotation mark before it is open."""


@dataclass(frozen=True)
class Separation:
    """The sign between the values, how many characters the line takes that tells it, and whether values are quoted."""

    delimiter: str
    told_length: int = 0
    quoted: bool = True

    def read(self, text: str) -> Iterator[list[str]]:
        """The rows of the text.

        Raises:
            csv.Error: a field is longer than the standard library's reader takes.
        """
        return self.read_lines(io.StringIO(text[self.told_length :], newline=""))

    def read_lines(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The rows of these lines, as `read`."""
        if self.quoted:
            return csv.reader(lines, delimiter=self.delimiter)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)

    @property
    def has_decimal_commas(self) -> bool:
        """Whether spreadsheets that separate values like this write decimal commas."""
        return self.delimiter == ";"


def find_separation(name: str, text: str) -> Separation:
    """How the values of a file of this name and text are separated.

    A first line such as `sep=;`, as spreadsheets write it, is believed. Quotation marks of which one is never closed
    are read as they stand, since everything behind it would be one value.
    """
    told = _TOLD.match(text)
    if told:
        found = Separation(told[1], told.end())
    else:
        found = Separation("\t" if name.endswith((".tsv", ".tab")) else find_delimiter(text))
    return found if _is_closed(found, text) else Separation(found.delimiter, found.told_length, quoted=False)


def find_delimiter(text: str) -> str:
    """The sign by which the first rows have the most even width, and values that need no other sign."""
    sample = text[:SAMPLED_CHARACTERS]
    return max(DELIMITERS, key=lambda delimiter: _rate(delimiter, sample))


def _rate(delimiter: str, sample: str) -> tuple[float, float, int]:
    try:
        rows = [row for row in islice(Separation(delimiter).read(sample), SAMPLED_ROWS) if row]
    except csv.Error:
        return 0.0, 0.0, 0
    if not rows:
        return 0.0, 0.0, 0
    width, count = Counter(map(len, rows)).most_common(1)[0]
    if width == 1:
        return 0.0, 0.0, 0
    return count / len(rows), _share_of_clean(delimiter, rows), width


def _share_of_clean(delimiter: str, rows: Sequence[Sequence[str]]) -> float:
    """The share of values that have no other separator in them, but for the comma of a decimal number."""
    others = set(DELIMITERS) - {delimiter}
    values = list(chain.from_iterable(rows))
    return sum(
        not others.intersection(value) or bool(DECIMAL_COMMA.fullmatch(value.strip())) for value in values
    ) / len(values)


def _is_closed(separation: Separation, text: str) -> bool:
    """Whether the text does not end within quotation marks."""
    if '"' not in text:
        return True
    lines = chain(io.StringIO(text[separation.told_length :], newline=""), [_END])
    try:
        last = deque(separation.read_lines(lines), maxlen=1)
    except csv.Error:
        return False
    return last.pop() == [_END]
