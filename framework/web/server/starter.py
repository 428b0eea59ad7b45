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
        self._running: set[Connection] = set()

    def start(self, connection: Connection) -> None:
        """Start the request, or have it wait until others have ended or are not young any more."""
        self._waiting.append(connection)
        self.start_due()

    def end(self, connection: Connection) -> None:
        """The request has ended."""
        self._running.discard(connection)
        self.start_due()

    def start_due(self) -> None:
        """Start those whose turn it is."""
        while self.seconds_to_next() <= 0:
            connection = self._waiting.popleft()
            connection.answering_since = monotonic()
            self._running.add(connection)
            self._start(connection)

    def seconds_to_next(self) -> float:
        """How long it takes at most until the next one may start; endless where none waits."""
        if not self._waiting:
            return inf
        now = monotonic()
        began = [one.answering_since for one in self._running]  # each is asked once, since threads change it
        turns = (since + YOUNG_SECONDS - now for since in began if since is not None)
        left = sorted(seconds for seconds in turns if seconds > 0)
        return left[-MOST_YOUNG] if len(left) >= MOST_YOUNG else 0

    def has_waiting(self) -> bool:
        """Whether a request waits to begin; threads may ask, once they have said that they have answered theirs."""
        return bool(self._waiting)
