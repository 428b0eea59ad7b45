"""Bounds on memory that the kernel enforces: nothing is sampled, and what processes share is not counted."""

import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def growing_by(most_bytes: int, process_id: int | str = "self") -> Iterator[None]:
    """Let a process have so much more private memory than now, and not a page more (getrlimit(2), RLIMIT_DATA).

    What it would have needed more for fails: a request by a MemoryError.
    """
    number = 0 if process_id == "self" else int(process_id)
    soft, hard = resource.prlimit(number, resource.RLIMIT_DATA)
    resource.prlimit(number, resource.RLIMIT_DATA, (_private_bytes(process_id) + most_bytes, hard))
    try:
        yield
    finally:
        resource.prlimit(number, resource.RLIMIT_DATA, (soft, hard))


def children(process_id: int) -> list[int]:
    """The processes that this one has started."""
    lists = Path(f"/proc/{process_id}/task").glob("*/children")
    return [int(child) for one in lists for child in one.read_text().split()]


def _private_bytes(process_id: int | str) -> int:
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))
