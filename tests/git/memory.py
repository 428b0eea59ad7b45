"""How much memory a server and the programs that it starts take at most, as the kernel counts it (proc(5))."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

LOOK_SECONDS = 0.02


@dataclass
class Peak:
    """The most that one process of the server had, and one of the programs that it started, in bytes."""

    server_bytes: int = 0
    children_bytes: int = 0


@contextmanager
def watched(process_id: int) -> Iterator[Peak]:
    """Look at everything below this process until the block ends."""
    peak, over = Peak(), threading.Event()

    def look() -> None:
        while not over.wait(LOOK_SECONDS):
            _look(process_id, peak)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield peak
    finally:
        over.set()
        watcher.join()


def _look(process_id: int, peak: Peak) -> None:
    for path in _below(process_id):
        with suppress(OSError, StopIteration):
            size = _resident_bytes(path)
            if b"gunicorn" in (path / "cmdline").read_bytes():
                peak.server_bytes = max(peak.server_bytes, size)
            else:
                peak.children_bytes = max(peak.children_bytes, size)


def _below(process_id: int) -> Iterator[Path]:
    yield Path("/proc") / str(process_id)
    for children in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(OSError):
            for child in children.read_text().split():
                yield from _below(int(child))


def _resident_bytes(path: Path) -> int:
    lines = (path / "status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmRSS:"))
