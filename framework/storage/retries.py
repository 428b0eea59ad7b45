"""How long a call waits for the store, how often it repeats, and how slow an answer may be."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from time import monotonic, sleep
from typing import TypeVar

from framework.storage.contract import BodyAltered, StoreUnavailable

T = TypeVar("T")


@dataclass(frozen=True)
class RetryPolicy:
    """The limits of one call; a body may take the deadline, or one read, and its length at the slowest rate on top.

    A deadline of 0 is one try.
    """

    connect_timeout_seconds: float = 4
    read_timeout_seconds: float = 10
    deadline_seconds: float = 20
    slowest_bytes_per_second: int = 64 * 1024
    first_pause_seconds: float = 0.1
    longest_pause_seconds: float = 2

    def pause_seconds(self, attempt: int) -> float:
        """A random pause, so that processes that failed together do not return together."""
        return random.uniform(0, min(self.longest_pause_seconds, self.first_pause_seconds * 2**attempt))  # noqa: S311

    def refuse_slow(self, waited_seconds: float, moved_bytes: int) -> None:
        """Raise when so few bytes have moved in so much time.

        Raises:
            StoreUnavailable.
        """
        allowed = max(self.deadline_seconds, self.read_timeout_seconds)
        if waited_seconds > allowed + moved_bytes / self.slowest_bytes_per_second:
            raise StoreUnavailable


def retry(policy: RetryPolicy, call: Callable[[], T]) -> T:
    """What `call` returns; repeated until the deadline while the store does not answer, once for an altered body.

    Raises:
        StoreUnavailable, BodyAltered: the last of them, besides what `call` raises otherwise.
    """
    ends_at = monotonic() + policy.deadline_seconds
    altered = False
    for attempt in count():
        try:
            return call()
        except BodyAltered:
            if altered:
                raise
            altered = True
        except StoreUnavailable:
            pause = policy.pause_seconds(attempt)
            if monotonic() + pause > ends_at:
                raise
            sleep(pause)
    raise AssertionError  # count() does not end


def pace(policy: RetryPolicy, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks as they come; only the time spent waiting for them counts, not that of whoever takes them.

    Raises:
        StoreUnavailable: they come too slowly.
    """
    waited, moved = 0.0, 0
    while True:
        asked_at = monotonic()
        chunk = next(chunks, b"")
        if not chunk:
            return
        waited, moved = waited + monotonic() - asked_at, moved + len(chunk)
        policy.refuse_slow(waited, moved)
        yield chunk
