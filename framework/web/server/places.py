"""Who is being answered, and who waits for that: the gate, the line before it, and who begins next."""

from collections.abc import Callable

from framework.web.server.connections import Connection
from framework.web.server.gate import Gate, claims_of
from framework.web.server.line import Line
from framework.web.server.starter import Starter


class Places:
    """The places of a process's requests; changed by the worker's loop alone, `start` gives a request to a thread."""

    def __init__(self, threads: int, start: Callable[[Connection], None]) -> None:
        self._threads = threads
        self._gate = Gate(threads)
        self.line = Line(self._gate)
        self.starter = Starter(start)
        self.taken: set[Connection] = set()

    def take(self, connection: Connection) -> bool:
        """Have the request answered, if there is a place for it."""
        claims = connection.claims = claims_of(connection)
        if not self._gate.has_place(claims):
            return False
        self._gate.enter(claims)
        self._begin(connection)
        return True

    def give(self, connection: Connection) -> None:
        """The request needs its place no more: those who have waited for one are let in."""
        self.taken.discard(connection)
        self.starter.end(connection)
        self._gate.leave(connection.claims)
        for admitted in self.line.admit():
            self._begin(admitted)

    def come_back(self, connection: Connection) -> None:
        """A request that was aside goes on, beyond its share if need be: others wait that much longer."""
        self.taken.add(connection)
        self._gate.enter(connection.claims)

    def are_many_free(self) -> bool:
        """Whether most threads have nothing to do, and nobody waits."""
        return not (self.line or self.starter.has_waiting()) and 4 * len(self.taken) <= self._threads

    def are_all_taken(self) -> bool:
        """Whether somebody waits for a place, or the next one will."""
        return bool(self.line) or len(self.taken) >= self._threads

    def _begin(self, connection: Connection) -> None:
        self.taken.add(connection)
        self.starter.start(connection)
