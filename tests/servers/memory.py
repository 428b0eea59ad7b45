"""What processes take of a host's memory: their proportional set size, in which shared pages count once (proc(5))."""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.processes import family

LOOK_SECONDS = 0.1


@dataclass
class Memory:
    """What a family of processes took, in bytes by program: when it was the most that was seen, and the last time.

    `looks` has all programs together at each look.
    """

    most: Counter[str] = field(default_factory=Counter)
    last: Counter[str] = field(default_factory=Counter)
    looks: list[int] = field(default_factory=list)

    @property
    def most_bytes(self) -> int:
        """All programs together, when it was the most."""
        return self.most.total()

    @property
    def last_bytes(self) -> int:
        """All programs together, the last time."""
        return self.last.total()


def proportional_bytes(process_ids: Iterable[int]) -> Counter[str]:
    """What these processes take, by program; one that has ended takes nothing."""
    taken: Counter[str] = Counter()
    for process_id in process_ids:
        with suppress(OSError):
            if not _borrows(process_id):
                taken[Path(f"/proc/{process_id}/comm").read_text().strip()] += proportional_bytes_of(process_id)
    return taken


def _borrows(process_id: int) -> bool:
    """Whether it is about to become a program, and has the memory of its parent until then (vfork(2)).

    Servers are forked by the leaders of their sessions, programs are started by servers.
    """
    parent, session = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()[1:4:2]
    return parent != session and _command(int(parent)) == _command(process_id)


def _command(process_id: int) -> bytes:
    return Path(f"/proc/{process_id}/cmdline").read_bytes()


@contextmanager
def watch_memory(process_id: int, *, every_seconds: float = LOOK_SECONDS) -> Iterator[Memory]:
    """Look at the process and all that it started until the block ends."""
    seen, over = Memory(), threading.Event()

    def look() -> None:
        while not over.wait(every_seconds):
            seen.last = proportional_bytes(family(process_id))
            seen.looks.append(seen.last.total())
            seen.most = max(seen.most, seen.last, key=Counter.total)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def proportional_bytes_of(process_id: int) -> int:
    """What this process takes.

    Raises:
        OSError: it has ended.
    """
    lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
