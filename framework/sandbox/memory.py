"""A memory of bounded size for what is costly to make, used by all threads of a process; each thing is made once."""

import threading
from collections import OrderedDict
from collections.abc import Callable

ENTRY_BYTES = 200
"""What an entry takes beside its value."""


class Memory:
    """The values that were used last, of `most_bytes` together; while one is made, others wait for it."""

    def __init__(self, most_bytes: int) -> None:
        self._most_bytes, self._held_bytes = most_bytes, 0
        self._values: OrderedDict[bytes, bytes] = OrderedDict()
        self._under_way: dict[bytes, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: bytes, make: Callable[[], bytes], *, wait_seconds: float) -> bytes:
        """The value of this key, made now where it is not remembered; what `make` raises is not remembered.

        Raises:
            TimeoutError: another thread has been making it for longer than `wait_seconds`.
        """
        found = self._find(key)
        if found is not None:
            return found
        with self._lock:
            making = self._under_way.setdefault(key, threading.Lock())
        if not making.acquire(timeout=wait_seconds):
            raise TimeoutError
        try:
            found = self._find(key)
            if found is None:
                found = make()
                self._keep(key, found)
            return found
        finally:
            making.release()
            with self._lock:
                self._under_way.pop(key, None)

    def forget(self) -> None:
        """Forget everything."""
        with self._lock:
            self._values.clear()
            self._held_bytes = 0

    def _find(self, key: bytes) -> bytes | None:
        with self._lock:
            value = self._values.get(key)
            if value is not None:
                self._values.move_to_end(key)
            return value

    def _keep(self, key: bytes, value: bytes) -> None:
        with self._lock:
            old = self._values.pop(key, None)
            self._held_bytes -= 0 if old is None else len(old) + ENTRY_BYTES
            self._values[key] = value
            self._held_bytes += len(value) + ENTRY_BYTES
            while self._held_bytes > self._most_bytes:
                _key, gone = self._values.popitem(last=False)
                self._held_bytes -= len(gone) + ENTRY_BYTES
