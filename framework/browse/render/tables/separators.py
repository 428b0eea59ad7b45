"""How the values of a table in a text file are separated, told by its first rows."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, islice

from framework.browse.render.tables.quantities import DECIMAL_COMMA

DELIMITERS = ",;\t|"
SAMPLED_ROWS = 60
SAMPLED_CHARACTERS = 1 << 16
_TOLD = re.compile(r"\ufeff?(\"?)sep=([,;|\t])\1\r?\n?", re.ASCII)
END = "\ufffe"
"""A line of this character alone is in no text; it is a row of its own unless a quotation mark before it is open."""


@dataclass(frozen=True)
class Separation:
    """The sign between the values, how many characters the line takes that tells it, and whether values are quoted."""

    delimiter: str
    told_length: int = 0
    quoted: bool = True

    def split_lines(self, text: str) -> Iterable[str]:
        """The lines of the text, but for the one that tells the separator."""
        return io.StringIO(text[self.told_length :], newline="")

    def read_lines(self, lines: Iterable[str]) -> Iterator[list[str]]:
        """The rows of these lines.

        Raises:
            csv.Error: a field is longer than the standard library's reader takes.
        """
        if self.quoted:
            return csv.reader(lines, delimiter=self.delimiter)
        return csv.reader(lines, delimiter=self.delimiter, quoting=csv.QUOTE_NONE)

    @property
    def without_quotes(self) -> "Separation":
        """The same where quotation marks are signs as any other."""
        return replace(self, quoted=False)

    @property
    def has_likely_commas(self) -> bool:
        """Whether spreadsheets that separate values like this write decimal commas, as many do."""
        return self.delimiter == ";"


def find_separation(name: str, text: str) -> Separation:
    """How the values of a file of this name and text are separated.

    A first line such as `sep=;`, as spreadsheets write it, is believed.
    """
    told = _TOLD.match(text)
    if told:
        return Separation(told[2], told.end())
    sample = text[:SAMPLED_CHARACTERS]
    found = find_delimiter(sample)
    is_tabbed = name.endswith((".tsv", ".tab")) and (any(_rate("\t", sample)) or not any(_rate(found, sample)))
    return Separation("\t" if is_tabbed else found)


def find_delimiter(text: str) -> str:
    """The sign by which the first rows have the most even width, and values that need no other sign."""
    sample = text[:SAMPLED_CHARACTERS]
    return max(DELIMITERS, key=lambda delimiter: _rate(delimiter, sample))


def _rate(delimiter: str, sample: str) -> tuple[float, float, int]:
    try:
        separation = Separation(delimiter)
        rows = [row for row in islice(separation.read_lines(separation.split_lines(sample)), SAMPLED_ROWS) if row]
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
