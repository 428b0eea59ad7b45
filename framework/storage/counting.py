"""Counts of what the object store was asked: requests by operation, bytes, seconds; for /metrics and for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import monotonic

from framework.observability import counts


@dataclass(frozen=True)
class Tally:
    """What one operation has cost since the process started."""

    requests: int = 0
    failures: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    seconds: float = 0.0

    def plus(self, other: "Tally") -> "Tally":
        """Both together."""
        return Tally(
            self.requests + other.requests,
            self.failures + other.failures,
            self.sent_bytes + other.sent_bytes,
            self.received_bytes + other.received_bytes,
            self.seconds + other.seconds,
        )


@dataclass
class Request:
    """One request under way; whoever makes it adds the bytes as they pass."""

    operation: str
    sent_bytes: int = 0
    received_bytes: int = 0


@dataclass
class Requests:
    """The requests made within a block, in the order in which they ended, by any thread of the process."""

    operations: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many."""
        return len(self.operations)

    def of(self, operation: str) -> int:
        """How many of this operation: put, get, range, head, list, delete, multipart, copy."""
        return self.operations.count(operation)


class Meter:
    """The counts of one process, safe to use from every thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tallies: dict[str, Tally] = {}
        self._watching: list[Requests] = []

    @contextmanager
    def request(self, operation: str, *, sent_bytes: int = 0) -> Iterator[Request]:
        """Count one request; one that ends in an exception is a failure, too."""
        made, started = Request(operation, sent_bytes), monotonic()
        failures = 0
        try:
            yield made
        except Exception:
            failures = 1
            raise
        finally:
            cost = Tally(1, failures, made.sent_bytes, made.received_bytes, monotonic() - started)
            self._record(operation, cost)

    @contextmanager
    def watch(self) -> Iterator[Requests]:
        """The requests that end while the block runs."""
        made = Requests()
        with self._lock:
            self._watching.append(made)
        try:
            yield made
        finally:
            with self._lock:
                self._watching = [watching for watching in self._watching if watching is not made]

    def tallies(self) -> dict[str, Tally]:
        """A copy of the counts by operation."""
        with self._lock:
            return {operation: replace(tally) for operation, tally in self._tallies.items()}

    def received(self, operation: str, size_bytes: int) -> None:
        """Count bytes that came after their request had been answered."""
        self._add(operation, Tally(received_bytes=size_bytes))
        counts.store_gave(operation, size_bytes)

    def _record(self, operation: str, cost: Tally) -> None:
        self._add(operation, cost)
        counts.store_gave(operation, cost.received_bytes)
        counts.count_store_request(
            operation, failed=bool(cost.failures), sent_bytes=cost.sent_bytes, seconds=cost.seconds
        )
        with self._lock:
            for watching in self._watching:
                watching.operations.append(operation)

    def _add(self, operation: str, cost: Tally) -> None:
        with self._lock:
            self._tallies[operation] = self._tallies.get(operation, Tally()).plus(cost)


METER = Meter()
"""What this process has asked its object store."""

requests = METER.watch
"""`with requests() as made`: what the block asked the object store, counted."""
