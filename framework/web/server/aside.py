"""Requests that wait for another's page step aside: they give up their place until it is there.

Of a crowd that opens one cold project, as many again as a process has threads are let in so while its history is
fetched. They would otherwise begin only then, and fewer of them would hold every place of strangers meanwhile.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from framework.web.server.connections import Connection
from framework.web.server.gate import EVERYBODY, STRANGERS

PLAIN = {EVERYBODY, STRANGERS}


class Aside:
    """Tells who steps aside, `most` of them at a time, and comes back; used by the threads that answer."""

    def __init__(self, most: int, leave: Callable[[Connection], None], come_back: Callable[[Connection], None]) -> None:
        self._leave, self._come_back = leave, come_back
        self._free = threading.Semaphore(most)
        self._here = threading.local()

    @contextmanager
    def answering(self, connection: Connection) -> Iterator[None]:
        """Note that within the block this thread answers requests on this connection."""
        self._here.connection = connection
        try:
            yield
        finally:
            self._here.connection = None

    @contextmanager
    def step(self) -> Iterator[None]:
        """Be aside within the block, where there is room, and the request is of no kind that has a share of its own.

        Those that have one are costly, and would all go on at the same time.
        """
        connection = getattr(self._here, "connection", None)
        if connection is None or connection.claims - PLAIN or not self._free.acquire(blocking=False):
            yield
            return
        self._leave(connection)
        try:
            yield
        finally:
            self._come_back(connection)
            self._free.release()
