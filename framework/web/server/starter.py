"""Requests that are let in begin two at a time: threads that all want the interpreter's lock hinder each other.

Of a crowd that asks for a page, twelve at once were answered at two thirds of the rate of two at once. One that still
runs after a moment most likely waits, for the store, the database or its client, and leaves its turn to the next. So
does one whose thread has answered, and stays for the client's next request.
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
            if len(busy := self._list_busy()) >= MOST_YOUNG:
                del self._young[busy[0]]
            connection = self._waiting.popleft()
            connection.is_answered, self._young[connection] = False, monotonic()
            self._start(connection)

    def seconds_to_next(self) -> float:
        """How long it takes at most until the next one may start; endless where none waits."""
        if not self._waiting:
            return inf
        if len(busy := self._list_busy()) < MOST_YOUNG:
            return 0
        return self._young[busy[0]] + YOUNG_SECONDS - monotonic()

    def has_waiting(self) -> bool:
        """Whether a request waits to begin; threads may ask, once they have said that they have answered theirs."""
        return bool(self._waiting)

    def _list_busy(self) -> list[Connection]:
        """The young ones whose answers are under way, the oldest first."""
        return [connection for connection in self._young if not connection.is_answered]
