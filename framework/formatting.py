"""Sizes, amounts, ages and names as people read them."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
UNITS = ((GIB, "GiB"), (MIB, "MiB"), (KIB, "KiB"))
MINUTE, HOUR, DAY = 60, 3600, 86_400
STEPS = ((MINUTE, HOUR, "minute"), (HOUR, DAY, "hour"), (DAY, 30 * DAY, "day"))

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\udc80-\udcff]")


def format_size(size_bytes: int) -> str:
    """A size in bytes, KiB, MiB, GiB or TiB, with one decimal below 10; `size` in static/upload says the same."""
    if size_bytes < 1024:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    amount, units = size_bytes / 1024, ["KiB", "MiB", "GiB", "TiB"]
    while amount >= 1023.5 and len(units) > 1:
        amount, units = amount / 1024, units[1:]
    number = f"{amount:.1f}".removesuffix(".0") if amount < 9.95 else f"{amount:.0f}"
    return f"{number} {units[0]}"


def format_limit(size_bytes: int) -> str:
    """A size as the limits are told, such as `100 MiB`, `100.1 MiB` or `2 GiB`; always rounded up."""
    if size_bytes < KIB:
        return f"{size_bytes} byte{'' if size_bytes == 1 else 's'}"
    unit, name = next(step for step in UNITS if size_bytes >= step[0])
    tenths = -(-size_bytes * 10 // unit)
    return f"{tenths // 10} {name}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10} {name}"


def format_dollars(amount: float) -> str:
    """An amount of US dollars; what is less than a cent as a part of one."""
    if 0 < amount < 0.01:
        return f"{amount * 100:.2g} ¢" if amount >= 0.000_01 else "< 0.001 ¢"
    return f"${amount:,.2f}"


def format_age(moment: datetime, since: datetime | None = None) -> str:
    """How long ago that was, in words; the date when it is more than a month, or more than a day to come."""
    seconds = ((since or datetime.now(UTC)) - moment).total_seconds()
    if -DAY < seconds < MINUTE:
        return "just now"
    for unit, limit, name in STEPS:
        if 0 < seconds < limit:
            return _format_count(int(seconds // unit), name)
    return moment.strftime("%-d %b %Y")


def age_lasts_until(moment: datetime, since: datetime) -> datetime | None:
    """When `format_age` says something else of the moment than it does now; None for never again."""
    seconds = (since - moment).total_seconds()
    if seconds <= -DAY:
        return moment - timedelta(days=1)
    if seconds < MINUTE:
        return moment + timedelta(minutes=1)
    for unit, limit, _name in STEPS:
        if seconds < limit:
            return moment + timedelta(seconds=(seconds // unit + 1) * unit)
    return None


def list_names(names: Sequence[str], most: int = 5) -> str:
    """`Ann`, `Ann and Bob`, `Ann, Bob and Charlie`; beyond the most, how many others there are."""
    shown, rest = list(names[:most]), len(names) - most
    if rest > 0:
        shown.append(f"{rest} other{'' if rest == 1 else 's'}")
    return " and ".join(filter(None, [", ".join(shown[:-1]), shown[-1]]))


def show_unseen(text: str) -> str:
    """A name of a file as it can be shown: control characters and what is no UTF-8 as escapes of Python."""
    return _UNSEEN.sub(lambda found: _escape(found[0]), text)


def quote_query(text: str) -> str:
    """A part of a query; a name of a file that is no UTF-8 keeps its bytes, which `query_path` reads."""
    return quote(text.encode(errors="surrogateescape"))


def _escape(sign: str) -> str:
    byte = ord(sign) - 0xDC00 if "\udc80" <= sign <= "\udcff" else ord(sign)
    return {9: "\\t", 10: "\\n", 13: "\\r"}.get(byte, f"\\x{byte:02x}")


def _format_count(number: int, unit: str) -> str:
    if unit == "day" and number == 1:
        return "yesterday"
    return f"{number} {unit}{'' if number == 1 else 's'} ago"
