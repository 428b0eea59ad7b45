"""When which part was away: an error belongs to the part that was away then, or to nobody."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from time import strftime, time

GRACE_SECONDS = 5
"""How long after a part has come back its absence may still be felt: a proxy leaves a group out for two seconds, a
request that met the absence waits for a connection, and tries again after a pause."""
NOBODY = "nothing was away"


@dataclass
class Window:
    """A part's absence, in seconds since the epoch; it lasts until the part answers again.

    No answer needs the broker, a worker or the mail server: nobody may feel that they are away (`is_felt`).
    """

    name: str
    began: float
    ended: float | None = None
    is_felt: bool = True

    def meets(self, began: float, ended: float) -> bool:
        """Whether something that took from here to there can have felt it."""
        return began <= (self.ended or ended) + GRACE_SECONDS and ended >= self.began


@dataclass
class Timeline:
    """All absences of a run."""

    windows: list[Window] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def away(self, name: str, *, is_felt: bool = True) -> Iterator[None]:
        """Announce the absence of a part, which ends with the block."""
        window = Window(name, time(), is_felt=is_felt)
        with self._lock:
            self.windows.append(window)
        say(f"begins: {name}")
        try:
            yield
        finally:
            window.ended = time()
            say(f"ends:   {name}, after {window.ended - window.began:.1f} s")

    def cause(self, began: float, ended: float) -> str:
        """The absence that explains an error which took from here to there."""
        met = [window.name for window in self._met(began, ended) if window.is_felt]
        return met[-1] if met else NOBODY

    def names(self, began: float, ended: float) -> set[str]:
        """Everything that was away from here to there."""
        return {window.name for window in self._met(began, ended)}

    def _met(self, began: float, ended: float) -> list[Window]:
        with self._lock:
            return [window for window in self.windows if window.meets(began, ended)]


def say(words: str) -> None:
    """A line on the terminal, with the time of day."""
    print(strftime("%H:%M:%S"), words, flush=True)  # noqa: T201
