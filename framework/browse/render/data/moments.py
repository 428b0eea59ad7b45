"""Dates and times as programs for statistics count them, from a day of their own."""

from datetime import datetime, timedelta

UNIX = datetime(1970, 1, 1)  # noqa: DTZ001 - these programs know no time zones
STATA = datetime(1960, 1, 1)  # noqa: DTZ001
SPSS = datetime(1582, 10, 14)  # noqa: DTZ001


def write_day(start: datetime, days: float) -> str:
    """The day so many days later, as ISO 8601 has it; the number where there is no such day."""
    try:
        return (start + timedelta(days=days)).date().isoformat()
    except (OverflowError, ValueError):
        return write_number(days)


def write_moment(start: datetime, seconds: float) -> str:
    """The moment so many seconds later."""
    try:
        return (start + timedelta(seconds=seconds)).isoformat(" ")
    except (OverflowError, ValueError):
        return write_number(seconds)


def write_number(value: float, digits: int = 15) -> str:
    """A number with so many digits, which is all that it tells."""
    return f"{value:.{digits}g}"
