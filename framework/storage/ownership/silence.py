"""Whether the owner of a bucket is at work, as somebody finds out who wants to take the bucket over."""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from framework.storage.ownership.claims import BucketClaims, BucketListing
from framework.storage.ownership.refusals import OwnerAtRest, StillOwned

Tell = Callable[[str], None]


def refuse_resting(bucket: BucketClaims, listed: BucketListing) -> None:
    """Notice an owner whose last mark says that it will write no other before it is used again.

    Raises:
        OwnerAtRest.
    """
    if any(told.get("rests") for told in bucket.read_marks(listed)):
        raise OwnerAtRest


def is_silent(bucket: BucketClaims, listed: BucketListing, look_seconds: float) -> bool:
    """Whether nobody can have permission to write, by the moments that the store gives its objects.

    Where there are projects and no owner, somebody may have deleted its claim while it is at work.
    """
    marks = listed.marks_of(listed.newest)
    if listed.newest is None:
        return not bucket.holds_projects()
    if not marks:
        return False
    longest = max(look_seconds, bucket.longest_look_seconds(listed))
    return bucket.read_clock() - max(marks.values()) > timedelta(seconds=3 * longest)


def wait_for_silence(bucket: BucketClaims, listed: BucketListing, look_seconds: float, tell: Tell) -> bool:
    """Return when no mark was written for twice the time that a look permits to write.

    Raises:
        StillOwned.
    """
    seconds = max(look_seconds, bucket.longest_look_seconds(listed))
    tell(
        f"The bucket belongs to another deployment. Watching for {2 * seconds:g} seconds whether it is at work; "
        "--take-over does not ask."
    )
    before = listed.marks_of(listed.newest)
    for _ in _every(look_seconds / 12, 2 * seconds):
        if (found := bucket.list()).newest != listed.newest or found.marks_of(found.newest) != before:
            raise StillOwned
    return True


def wait_until_noticed(seconds: float, tell: Tell) -> None:
    """Return when every process of the former owner has looked since, or may not write any more."""
    tell(f"Waiting {2 * seconds:g} seconds, until every process of the former owner has noticed.")
    for _ in _every(seconds / 12, 2 * seconds):
        pass


def clock() -> float:
    """Seconds that also pass while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


def _every(seconds: float, in_all: float) -> Iterator[None]:
    end = clock() + in_all
    while (left := end - clock()) > 0:
        time.sleep(min(seconds, left))
        yield
