"""The folder in which the workers of one web server share their counts; its first process makes and removes it."""

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")  # noqa: S108
PREFIX = "holdfast-metrics-"
VARIABLE = "PROMETHEUS_MULTIPROC_DIR"
"""Where the library looks when it is imported, so it has to be set before a worker imports it."""


def open_folder() -> None:
    """Make a folder and have every process that is forked from now on count in it.

    It lies in memory: the files are mapped, and a write to a mapped file on a full disk kills the process.
    """
    _sweep()
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix=f"{PREFIX}{os.getpid()}-", dir=_place())


def close_folder() -> None:
    """Remove it."""
    shutil.rmtree(os.environ.pop(VARIABLE, ""), ignore_errors=True)


def forget_under_way(pid: int) -> None:
    """Take back what a worker that has ended told of the present moment."""
    if shared := os.environ.get(VARIABLE):
        for file in Path(shared).glob(f"gauge_live*_{pid}.db"):
            file.unlink(missing_ok=True)


def _place() -> Path:
    return MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())


def _sweep() -> None:
    """Remove what servers left that were killed; the folders of other people stay, since they cannot be removed."""
    for left in _place().glob(f"{PREFIX}*-*"):
        if not _runs(left.name.removeprefix(PREFIX).partition("-")[0]):
            shutil.rmtree(left, ignore_errors=True)


def _runs(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except PermissionError:
        return True
    except (ProcessLookupError, ValueError):
        return False
    return True
