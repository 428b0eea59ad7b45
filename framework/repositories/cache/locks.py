"""File locks between processes and threads: `lease` and `update` of a local copy; the files are never deleted."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def lock_shared(path: Path) -> Iterator[None]:
    """Hold the lock with other readers; waits while somebody has it exclusively."""
    with _lock(path, fcntl.LOCK_SH):
        yield


@contextmanager
def lock_exclusive(path: Path) -> Iterator[None]:
    """Hold the lock alone; waits for everybody else."""
    with _lock(path, fcntl.LOCK_EX):
        yield


@contextmanager
def try_lock_exclusive(path: Path) -> Iterator[bool]:
    """Hold the lock alone if nobody has it: True with the lock, False without waiting."""
    descriptor = _open(path)
    try:
        yield _try_lock(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _lock(path: Path, how: int) -> Iterator[None]:
    descriptor = _open(path)
    try:
        fcntl.flock(descriptor, how)
        yield
    finally:
        os.close(descriptor)


def _open(path: Path) -> int:
    path.parent.mkdir(parents=True, exist_ok=True)
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
