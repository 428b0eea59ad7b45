"""One thread does what several ask for at the same moment, and the others wait for it."""

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


_waiting: Callable[[], AbstractContextManager[None]] = nullcontext


def wait_within(waiting: Callable[[], AbstractContextManager[None]]) -> None:
    """Have each thread of this process that waits for another do so in such a context."""
    global _waiting  # of the process, as its threads are
    _waiting = waiting


class SingleFlight(Generic[Key, Value]):
    """What is being done just now, by its key, for all threads of the process; nothing of it is remembered."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._flights: dict[Key, Future[Value]] = {}

    def do(self, key: Key, act: Callable[[], Value]) -> Value:
        """What `act` returns to this thread, or has returned to the one that began with this key before.

        Raises:
            What `act` raises, in each of the threads. One that is told to end (SystemExit) ends alone: another begins.
        """
        while True:
            with self._lock:
                flight = self._flights.get(key)
                if mine := flight is None:
                    flight = self._flights[key] = Future()
            if mine:
                return self._lead(key, flight, act)
            with suppress(CancelledError), nullcontext() if flight.done() else _waiting():
                return flight.result()

    def _lead(self, key: Key, flight: Future[Value], act: Callable[[], Value]) -> Value:
        """Who comes after it has ended begins anew."""
        try:
            value = act()
        except Exception as failure:
            self._end(key)
            flight.set_exception(failure)
            raise
        except BaseException:
            self._end(key)
            flight.cancel()
            raise
        self._end(key)
        flight.set_result(value)
        return value

    def _end(self, key: Key) -> None:
        with self._lock:
            del self._flights[key]
