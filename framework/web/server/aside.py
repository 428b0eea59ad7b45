"""Requests that wait for what another one makes step aside: they take nobody's place while they do.

Fifty who open one cold project would otherwise hold every place of strangers until its history is here, and so keep
everybody else from other pages. And most of them would begin only then.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from framework.web.server.connections import Connection
from framework.web.server.gate import STRANGERS


class Aside:
    """Tells who steps aside, `most` of them at a time, and comes back; used by the threads that answer."""

    def __init__(self, most: int, leave: Callable[[Connection], None], come_back: Callable[[Connection], None]) -> None:
        self._leave, self._come_back = leave, come_back
        self._free = threading.Semaphore(most)
        self._here = threading.local()

    def answer(self, connection: Connection) -> None:
        """Note that this thread answers a request on this connection from now on."""
        self._here.connection = connection

    @contextmanager
    def step(self) -> Iterator[None]:
        """Be aside within the block, where there is room, and the request is of no kind that has a share of its own.

        Those that have one are costly, and would all go on at the same time.
        """
        connection = getattr(self._here, "connection", None)
        if connection is None or connection.claims - {STRANGERS} or not self._free.acquire(blocking=False):
            yield
            return
        self._leave(connection)
        try:
            yield
        finally:
            self._come_back(connection)
            self._free.release()
