"""The connections of one process: at most so many, whoever needs one waits, and those that nobody uses are closed."""

import threading
from collections.abc import Iterable
from time import monotonic
from typing import Any, cast

from sqlalchemy.exc import TimeoutError as NoFreeConnection
from sqlalchemy.pool import ConnectionPoolEntry, Pool

IDLE_SECONDS = 30.0
WAIT_SECONDS = 25.0
"""Heroku's router gives up after 30."""
TRUSTED_SECONDS = 1.0
"""So long after its last use a connection is not asked whether it is still there, a round trip for each transaction."""


class BoundedPool(Pool):
    """Up to `pool_size` connections, the one returned last used first; an idle one is closed after `idle_seconds`.

    SQLAlchemy's own pool keeps what it has opened once, and does not wake those who wait when opening fails. A timer
    closes idle connections and ends with the last of them, so that a process at rest has neither.
    """

    def __init__(
        self,
        creator: Any,
        pool_size: int,
        timeout: float = WAIT_SECONDS,
        idle_seconds: float = IDLE_SECONDS,
        trusted_seconds: float = TRUSTED_SECONDS,
        **more: Any,
    ) -> None:
        super().__init__(creator, **more)
        self._size, self._timeout, self._idle_seconds = pool_size, timeout, idle_seconds
        self._trusted_seconds = trusted_seconds
        self._changed = threading.Condition()
        self._idle: list[tuple[float, Any]] = []
        self._open = 0
        self._timer: threading.Timer | None = None
        self._disposed = False

    def checkedin(self) -> int:
        """How many connections are open and idle."""
        return len(self._idle)

    def checkedout(self) -> int:
        """How many connections are in use."""
        return self._open - len(self._idle)

    def status(self) -> str:
        """What the pool holds, in words."""
        return f"{self.checkedout()} of {self._size} connections in use, {self.checkedin()} idle"

    def recreate(self) -> "BoundedPool":
        """A new pool like this one, as `Engine.dispose` asks for."""
        return BoundedPool(
            self._creator,
            self._size,
            self._timeout,
            self._idle_seconds,
            self._trusted_seconds,
            echo=self.echo,
            logging_name=self._orig_logging_name,
            reset_on_return=self._reset_on_return,
            pre_ping=self._pre_ping,
            recycle=self._recycle,
            dialect=self._dialect,
            _dispatch=self.dispatch,
        )

    def dispose(self) -> None:
        """Close what is idle, and what is in use when it is returned."""
        with self._changed:
            self._disposed, idle, self._idle = True, self._idle, []
            if self._timer:
                self._timer.cancel()
        self._close(record for _since, record in idle)

    def _do_get(self) -> ConnectionPoolEntry:
        record = self._take()
        if record is not None:
            return record
        try:
            return self._create_connection()
        except BaseException:
            self._give_up_place()
            raise

    def _take(self) -> ConnectionPoolEntry | None:
        """An idle connection, or None with the right to open one."""
        with self._changed:
            if not self._changed.wait_for(lambda: self._idle or self._open < self._size, self._timeout):
                raise NoFreeConnection(
                    f"all {self._size} database connections of this process were in use for {self._timeout:g} seconds"
                )
            if self._idle:
                since, record = self._idle.pop()
                record.fresh = monotonic() - since < self._trusted_seconds  # SQLAlchemy's word for one not to ping
                return cast("ConnectionPoolEntry", record)
            self._open += 1
            return None

    def _do_return_conn(self, record: ConnectionPoolEntry) -> None:
        with self._changed:
            if kept := record.dbapi_connection is not None and not self._disposed:
                self._idle.append((monotonic(), record))
                self._changed.notify()
                self._start_timer()
        if not kept:
            self._close([record])

    def _start_timer(self) -> None:
        """Have the connection that has been idle longest closed at its time."""
        if self._idle and not self._timer:
            due = self._idle[0][0] + self._idle_seconds - monotonic()
            self._timer = threading.Timer(max(due, 0), self._close_idle)
            self._timer.daemon = True
            try:
                self._timer.start()
            except RuntimeError:  # no thread can be started just now: the next return tries again
                self._timer = None

    def _close_idle(self) -> None:
        with self._changed:
            self._timer = None
            last = monotonic() - self._idle_seconds
            old = [record for since, record in self._idle if since <= last]
            del self._idle[: len(old)]
            self._start_timer()
        self._close(old)

    def _close(self, records: Iterable[ConnectionPoolEntry]) -> None:
        for record in records:
            record.close()
            self._give_up_place()

    def _give_up_place(self) -> None:
        with self._changed:
            self._open -= 1
            self._changed.notify()
