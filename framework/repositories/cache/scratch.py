"""Private folders for unfinished work, beside the cache; a killed process's are swept at the next start."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from framework import config
from framework.errors import Unavailable
from framework.repositories import object_keys

YOUNGEST_SECONDS = 60


class DiskEmptied(Unavailable):
    """The folder of unfinished work was deleted while it was in use, as a host does with a disk that may vanish."""

    def __init__(self) -> None:
        super().__init__("This server lost its temporary files just now. Repeating is safe; try again in a moment.")


@contextmanager
def scratch(purpose: str) -> Iterator[Path]:
    """A private folder on the cache's file system, removed with the block.

    The folder itself is locked meanwhile, which is how a sweep tells the work of the living from what was left.

    Raises:
        DiskEmptied: an operation of the block on files failed, and the folder is no longer there.
    """
    path = _root() / f"{purpose}-{object_keys.new_id()}"
    path.mkdir(parents=True)
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield path
    except OSError as error:
        if path.exists():
            raise
        raise DiskEmptied from error
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(descriptor)


def sweep() -> int:
    """Delete what killed processes left; how many folders. A folder younger than a minute may not be locked yet."""
    removed = 0
    for path in _root().glob("*-*"):
        if _is_left(path):
            shutil.rmtree(path, ignore_errors=True)
            removed += 1
    return removed


def _root() -> Path:
    return config.current().data / "scratch"


def _is_left(path: Path) -> bool:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:  # its owner was faster
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return time.time() - os.fstat(descriptor).st_mtime > YOUNGEST_SECONDS
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
