"""Requests that are let in begin two at a time: threads that all want the interpreter's lock hinder each other.

Of a crowd that asks for a page, twelve at once were answered at two thirds of the rate of two at once. One that still
runs after a moment most likely waits, for the store, the database or its client, and leaves its turn to the next.
"""

from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic

from framework.web.server.connections import Connection

MOST_YOUNG = 2
"""How many requests that have just begun run at the same time."""
YOUNG_SECONDS = 0.005


class Starter:
    """Starts requests in the order in which they come; used by the worker's loop alone."""

    def __init__(self, start: Callable[[Connection], None]) -> None:
        self._start = start
        self._waiting = deque[Connection]()
        self._young: dict[Connection, float] = {}

    def start(self, connection: Connection) -> None:
        """Start the request, or have it wait until others have ended or are not young any more."""
        self._waiting.append(connection)
        self.start_due()

    def end(self, connection: Connection) -> None:
        """The request has ended."""
        self._young.pop(connection, None)
        self.start_due()

    def start_due(self) -> None:
        """Start those whose turn it is."""
        while self.seconds_to_next() <= 0:
            if len(self._young) >= MOST_YOUNG:
                del self._young[next(iter(self._young))]
            connection = self._waiting.popleft()
            self._young[connection] = monotonic()
            self._start(connection)

    def seconds_to_next(self) -> float:
        """How long it takes at most until the next one may start; endless where none waits."""
        if not self._waiting:
            return inf
        if len(self._young) < MOST_YOUNG:
            return 0
        return next(iter(self._young.values())) + YOUNG_SECONDS - monotonic()
