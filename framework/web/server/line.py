"""Requests that wait for others of their kinds to end: they are let in in turn, and of each kind a number may wait."""

from collections.abc import Iterator

from framework.web.server.connections import Connection, list_ended
from framework.web.server.gate import Gate

MOST_WAITING = 500
"""How many requests of the same kinds wait: a crowd of strangers' fetches takes no place in the line for pages."""


class Line:
    """Who waits before the gate; used by the worker's loop, and others only look whether there is anybody."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._waiting: dict[Connection, None] = {}

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def __iter__(self) -> Iterator[Connection]:
        return iter([*self._waiting])

    def join(self, connection: Connection) -> None:
        """Be the last."""
        self._waiting[connection] = None

    def leave(self, connection: Connection) -> None:
        """Wait no more."""
        self._waiting.pop(connection, None)

    def is_full(self, claims: frozenset[str]) -> bool:
        """Whether no more requests of these kinds may wait."""
        return len(self._alike(claims)) >= MOST_WAITING

    def list_gone(self, claims: frozenset[str]) -> list[Connection]:
        """Those of these kinds that have most likely left."""
        return list_ended(self._alike(claims))

    def admit(self) -> Iterator[Connection]:
        """Each who has a place now, and takes it; those who have ended their side, and most likely left, come last.

        Whether one has is asked when it is its turn: of many who wait, few are let in when one has been answered.
        """
        full, ended = set[frozenset[str]](), list[Connection]()
        for connection in self:
            if connection.claims in full or not self._gate.has_place(connection.claims):
                full.add(connection.claims)
            elif list_ended([connection]):
                ended.append(connection)
            else:
                yield self._let_in(connection)
        for connection in ended:
            if self._gate.has_place(connection.claims):
                yield self._let_in(connection)

    def _let_in(self, connection: Connection) -> Connection:
        self.leave(connection)
        self._gate.enter(connection.claims)
        return connection

    def _alike(self, claims: frozenset[str]) -> list[Connection]:
        return [one for one in self._waiting if one.claims == claims]
