"""Packs on their way from the store: whoever needs them at the same time shares one arrival, and none waits for others.

They arrive in files from which every reader reads at its own pace. The reader that needs more than is there has it come
while the others read on, so that one that is slow, or goes away, keeps nobody else.
"""

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from framework.files import CHUNK_BYTES
from framework.repositories.cache.scratch import scratch

Bring = Callable[[str, Path], Iterator[bytes]]
"""Brings the pack of this name into this file, and yields what has arrived, in order."""


class Arrival:
    """One pack."""

    def __init__(self, chunks: Iterator[bytes], file: Path) -> None:
        self._chunks, self._file = chunks, file
        self._lock = threading.Lock()
        self._arrived_bytes, self._all_is_here = 0, False
        self.failure: Exception | None = None

    def read(self) -> Iterator[bytes]:
        """All of it, in order.

        Raises:
            What bringing it raises, to every reader that needs more.
        """
        at = 0
        if not self._wait_for_more(at):
            return
        with self._file.open("rb", buffering=0) as file:
            while arrived := self._wait_for_more(at):
                yield (chunk := os.pread(file.fileno(), min(CHUNK_BYTES, arrived - at), at))
                at += len(chunk)

    def close(self) -> None:
        """Have nothing more come; nobody reads."""
        with self._lock:
            getattr(self._chunks, "close", lambda: None)()

    def _wait_for_more(self, at: int) -> int:
        """How many bytes are here when they are more than `at`; 0 at the end."""
        if self._arrived_bytes <= at:
            with self._lock:
                while self._arrived_bytes <= at and not self._all_is_here:
                    self._bring_more()
        return self._arrived_bytes if self._arrived_bytes > at else 0

    def _bring_more(self) -> None:
        if self.failure:
            raise self.failure
        try:
            chunk = next(self._chunks, None)
        except Exception as failure:
            self.failure = failure
            raise
        self._arrived_bytes += len(chunk or b"")
        self._all_is_here = chunk is None


class Arrivals:
    """Some packs that arrive in one folder, which stays while somebody uses it."""

    def __init__(self, names: tuple[str, ...], bring: Bring) -> None:
        self._held = ExitStack()
        self.folder = self._held.enter_context(scratch("passing"))
        files = {name: self.folder / f"pack-{name}.pack" for name in names}
        self.packs: Mapping[str, Arrival] = {name: Arrival(bring(name, file), file) for name, file in files.items()}
        self.users, self.is_kept = 0, False

    @property
    def has_failed(self) -> bool:
        """Whether one did not come, so that whoever asks next begins anew."""
        return any(arrival.failure for arrival in self.packs.values())

    def close(self) -> None:
        """Drop what has arrived."""
        for arrival in self.packs.values():
            arrival.close()
        self._held.close()


_lock = threading.Lock()
_under_way: dict[tuple[str, ...], Arrivals] = {}


@contextmanager
def share(names: tuple[str, ...], bring: Bring) -> Iterator[Arrivals]:
    """These packs as they arrive, for everybody in this process who asks while they do."""
    with _lock:
        arrivals = _under_way.get(names)
        if arrivals is None or arrivals.has_failed:
            arrivals = _under_way[names] = Arrivals(names, bring)
        arrivals.users += 1
    with _leave_after(names, arrivals):
        yield arrivals


def keep_once(names: tuple[str, ...], arrivals: Arrivals, keep: Callable[[Path], None]) -> Callable[[], None] | None:
    """What is to be called to have `keep` look at the folder, now that all is there; None where it was asked before."""
    with _lock:
        if arrivals.is_kept:
            return None
        arrivals.is_kept = True
        arrivals.users += 1

    def act() -> None:
        with _leave_after(names, arrivals):
            keep(arrivals.folder)

    return act


@contextmanager
def _leave_after(names: tuple[str, ...], arrivals: Arrivals) -> Iterator[None]:
    try:
        yield
    finally:
        with _lock:
            arrivals.users -= 1
            is_last = not arrivals.users
            if is_last and _under_way.get(names) is arrivals:
                del _under_way[names]
        if is_last:
            arrivals.close()
