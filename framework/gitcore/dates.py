"""When a commit was made, as far as it tells: histories hold dates that no clock and no calendar knows."""

from datetime import UTC, datetime, timedelta, timezone

FORMAT = "%at %aI"
"""What `git log` is to print for `moment_of`: seconds since 1970, and the same with the author's zone."""

BEGINNING = datetime.fromtimestamp(0, UTC)
DAY_SECONDS = 86_400


def moment_of(text: str) -> datetime:
    """The moment with its author's zone; in UTC where the zone cannot be, the start of 1970 where there is no date."""
    seconds, _, iso = text.partition(" ")
    try:
        return datetime.fromisoformat(iso)
    except ValueError:
        return moment_at(seconds)


def moment_at(seconds: int | str | None, zone_seconds: int = 0) -> datetime:
    """The moment so many seconds after 1970 began, in this zone; as `moment_of` where zone or date cannot be."""
    zone = timezone(timedelta(seconds=zone_seconds)) if abs(zone_seconds) < DAY_SECONDS else UTC
    try:
        return datetime.fromtimestamp(int(seconds or 0), zone)
    except (ValueError, OverflowError, OSError):
        return BEGINNING if zone == UTC else moment_at(seconds)
