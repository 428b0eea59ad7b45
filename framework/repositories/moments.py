"""When a commit was made, as far as it tells: histories hold dates that no clock and no calendar knows."""

from datetime import UTC, datetime

FORMAT = "%at %aI"
"""What `git log` is to print for `moment_of`: seconds since 1970, and the same with the author's zone."""

BEGINNING = datetime.fromtimestamp(0, UTC)


def moment_of(text: str) -> datetime:
    """The moment with its author's zone; in UTC where the zone cannot be, the start of 1970 where there is no date."""
    seconds, _, iso = text.partition(" ")
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return _in_utc(seconds)


def _in_utc(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        return BEGINNING
