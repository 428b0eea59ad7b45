"""Numbers as tables have them, with decimal commas, thousands and units, and what stands for a missing one."""

import math
import re
from collections.abc import Iterable

MISSING = {"", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "-", "–", ".", "?", "missing"}  # noqa: RUF001
"""What stands for a value that is not there, in lower case."""
DECIMAL_COMMA = re.compile(r"[-+]?\d+(?:\.\d{3})*,\d+(?:[eE][-+]?\d+)?")
_QUANTITY = re.compile(r"([-+−]?[\d.,\u00a0\u202f' ]*\d[.,]?(?:[eE][-+]?\d+)?)\s*([^\W\d_%°][^\d]*|%|°\S*)?")  # noqa: RUF001
_THOUSANDS = re.compile(r"[\u00a0\u202f' ]|,(?=\d{3}(?:\D|$))")


def is_missing(text: str) -> bool:
    """Whether the text says that there is no value."""
    return text.strip().lower() in MISSING


def has_decimal_commas(texts: Iterable[str]) -> bool:
    """Whether the numbers of a column have decimal commas: one has digits after its comma that are no thousands."""
    return any(DECIMAL_COMMA.fullmatch(text.strip()) and len(text.strip().partition(",")[2]) != 3 for text in texts)


def read_quantity(text: str, *, decimal_comma: bool) -> float | None:
    """The number that the text begins with, a unit behind it aside; None where it is no quantity."""
    if not decimal_comma and (plain := _read_float(text)) is not None:
        return plain
    if not (found := _QUANTITY.fullmatch(text.strip())):
        return None
    digits = found[1].replace("\u2212", "-")
    digits = digits.replace(".", "").replace(",", ".") if decimal_comma else digits
    return _read_float(_THOUSANDS.sub("", digits))


def _read_float(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return None if math.isnan(number) else number
