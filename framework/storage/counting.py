"""Counts of what the object store was asked: requests by operation, bytes, seconds; for /metrics and for tests."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import monotonic

from framework.observability import counts


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
        self._watching: list[Requests] = []

    @contextmanager
    def request(self, operation: str, *, sent_bytes: int = 0) -> Iterator[Request]:
        """Count one request; one that ends in an exception is a failure, too."""
        made, started = Request(operation, sent_bytes), monotonic()
        failed = False
        try:
            yield made
        except Exception:
            failed = True
            raise
        finally:
            self._record(made, failed=failed, seconds=monotonic() - started)

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

    def count_received(self, operation: str, size_bytes: int) -> None:
        """Count bytes that came after their request had been answered."""
        counts.store_gave(operation, size_bytes)

    def _record(self, made: Request, *, failed: bool, seconds: float) -> None:
        counts.store_gave(made.operation, made.received_bytes)
        counts.count_store_request(made.operation, failed=failed, sent_bytes=made.sent_bytes, seconds=seconds)
        with self._lock:
            for watching in self._watching:
                watching.operations.append(made.operation)


METER = Meter()
"""What this process has asked its object store."""

requests = METER.watch
"""`with requests() as made`: what the block asked the object store, counted."""
