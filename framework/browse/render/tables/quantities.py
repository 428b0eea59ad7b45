# ruff: noqa: RUF001 - minus signs and dashes as tables have them
"""Numbers and days as tables have them: decimal commas, thousands, units and currencies, and what stands for none."""

import math
import re
from collections.abc import Iterable, Sequence
from itertools import islice

MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "–", ".", "?", "missing"}
"""What stands for a value that is not there, in lower case."""
BOUNDS = ("<", ">", "≤", "≥", "~", "≈")
"""What stands before a number that is a bound, such as a limit of detection, or a guess."""
DECIMAL_COMMA = re.compile(r"[-+]?\d+(?:\.\d{3})*,\d+(?:[eE][-+]?\d+)?")
LONGEST_QUANTITY = 80
MOST_WITNESSES = 1_000
"""So many values with a dot or a comma tell which of the two is the decimal sign of a column."""

_BEFORE = r"(?:[<>≤≥~≈]=?\s*)?([-+−]?)\s*[$€£¥]?\s*"
_EXPONENT = r"([eE][-+]?\d+)?"
_WORD = r"°?[^\W\d_]+(?:\^?[-−]?[1-9])?"
_UNIT = (
    r"(?:\s*(?:[^\W\d_]\D*|[%‰€$£¥]|°\S*"
    rf"|[^\W\d_]+(?:/{_WORD})+|[cdkmnµμ]?m[23])"  # 10 kg/m2, 5mm2
    rf"|\s+{_WORD}(?:[ ·*/.]{_WORD})*)?"  # 3 W m-2, 10 mm2
)
_GROUPS = r"\d{1,3}(?:[\u00a0\u202f' ]\d{3})+"
_WITH_POINT = re.compile(rf"{_BEFORE}((?:{_GROUPS}|\d{{1,3}}(?:,\d{{3}})+|\d+)(?:\.\d*)?|\.\d+){_EXPONENT}{_UNIT}")
_WITH_COMMA = re.compile(
    rf"{_BEFORE}((?:{_GROUPS}|\d{{1,3}}(?:\.\d{{3}})+|\d+)(?:,\d*)?|,\d+|\d*\.\d+){_EXPONENT}{_UNIT}"
)
_FORTRAN = re.compile(r"[-+]?(?:(?:\d+\.\d*|\.\d+)[dD][-+]?|\d+[dD][-+])\d{1,3}")
_DOTTED_GROUPS = re.compile(r"\d{1,3}(?:\.\d{3})+")
_TO_PLAIN = str.maketrans("", "", "\u00a0\u202f' ")
_WITNESS = re.compile(rf"{_BEFORE}([\d.,\u00a0\u202f' ]*\d)")
_DAY = re.compile(
    r"(?:(?P<iso>\d{4}-\d{2}-\d{2})|(?P<day>0?[1-9]|[12]\d|3[01])\.(?P<month>0?[1-9]|1[0-2])\.(?P<year>\d{4}))"
    r"(?P<time>[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[-+]\d{2}:?\d{2})?)?"
)


def is_missing(text: str) -> bool:
    """Whether the text says that there is no value."""
    return text.strip().lower() in MISSING


def has_decimal_commas(texts: Iterable[str], *, likely: bool = False) -> bool:
    """Whether the numbers of a column have decimal commas: more values tell so than tell of decimal points.

    `likely` tells what a comma is where no value does: the table is separated as those with decimal commas are.
    """
    written = list(islice((text for text in texts if "," in text or "." in text), MOST_WITNESSES))
    if not any("," in text for text in written) and not likely:
        return False
    votes = [_hear(text) for text in written]
    return sum(votes) > 0 or (likely and not sum(votes) and any("," in text for text in written))


def _hear(text: str) -> int:
    """1 if the number can only have a decimal comma, -1 if only a decimal point, 0 if both or neither is possible."""
    if not (found := _WITNESS.match(text.strip())):
        return 0
    digits = found[2].translate(_TO_PLAIN)
    sign = max(",.", key=digits.rfind)
    before, _sign, after = digits.rpartition(sign)
    if sign not in digits:
        return 0
    vote = 1 if sign == "," else -1
    if sign in before:  # the sign is there twice, so it groups thousands, or it is a date or a version
        return -vote if _DOTTED_GROUPS.fullmatch(digits.replace(",", ".")) else 0
    is_either = len(after) == 3 and before.isdigit() and len(before) <= 3 and not before.startswith("0")
    return 0 if is_either else vote


def read_quantity(text: str, *, decimal_comma: bool) -> float | None:
    """The number that the text begins with, a unit behind it aside; None where it is no quantity.

    A bound, as in `<0.01`, and a sign of a currency may stand before it. Fortran's exponents are known (`1.5D+03`).
    """
    if not (decimal_comma and "." in text) and (plain := _read_float(text)) is not None:
        return plain
    text = text.strip()
    if len(text) > LONGEST_QUANTITY:
        return None
    if not (found := (_WITH_COMMA if decimal_comma else _WITH_POINT).fullmatch(text)):
        return _read_float(re.sub("[dD]", "e", text)) if _FORTRAN.fullmatch(text) else None
    digits = found[2].translate(_TO_PLAIN)
    if not decimal_comma:
        digits = digits.replace(",", "")
    elif "," in digits or _DOTTED_GROUPS.fullmatch(digits):
        digits = digits.replace(".", "").replace(",", ".")
    return _read_float(found[1].replace("−", "-") + digits + (found[3] or ""))


def read_numbers(texts: Sequence[str], *, likely_commas: bool) -> list[float | None]:
    """The numbers of a column, None for each text that is none; `likely_commas` as in `has_decimal_commas`."""
    commas = has_decimal_commas(texts, likely=likely_commas)
    if not commas and (plain := _read_plain(texts)) is not None:
        return plain
    known = _Known(decimal_comma=commas)
    return [known[text] for text in texts]


def _read_plain(texts: Sequence[str]) -> list[float | None] | None:
    """The numbers of a column that has nothing else, in a fifth of the time."""
    try:
        numbers = [float(text) for text in texts]
    except ValueError:
        return None
    is_plain = not any(map(math.isnan, numbers)) and not any("_" in text for text in texts)
    return list(numbers) if is_plain else None


class _Known(dict[str, float | None]):
    """The number of each text, read once."""

    def __init__(self, *, decimal_comma: bool) -> None:
        super().__init__()
        self._decimal_comma = decimal_comma

    def __missing__(self, text: str) -> float | None:
        number = self[text] = read_quantity(text, decimal_comma=self._decimal_comma)
        return number


def read_day(text: str) -> str | None:
    """The day, and the time if there is one, as ISO 8601 has them, so that they are in order; None where it is none.

    Days are known as `2024-05-31` and `31.5.2024`.
    """
    if not (found := _DAY.fullmatch(text)):
        return None
    day = found["iso"] or f"{found['year']}-{int(found['month']):02}-{int(found['day']):02}"
    return day + (found["time"] or "").replace("T", " ")


def _read_float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) or "_" in text else number
