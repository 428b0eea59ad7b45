"""Processes forked from this one, which are killed at a point, and the cores that they are spread over."""

import json
import os
import shutil
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

from framework.database import engine
from framework.repositories.cache import threads
from framework.storage import current
from tests.servers.application.engines import hurry_databases

C = TypeVar("C")
FAILED = 1
CORES = os.cpu_count() or 1
MEMORY = Path("/dev/shm")
ROOM_BYTES = 1 << 30


class Child:
    """A forked process that runs `work` and sends what it returns as JSON."""

    def __init__(self, work: Callable[[], Any]) -> None:
        reader, writer = os.pipe()
        self._id = os.fork()
        if self._id == 0:
            os.close(reader)
            _run(work, writer)
        os.close(writer)
        self._answer = os.fdopen(reader)

    def answer(self) -> Any:
        """What it returned; None when it was killed."""
        with self._answer:
            text = self._answer.read()
        _, status = os.waitpid(self._id, 0)
        if os.waitstatus_to_exitcode(status) > 0:
            raise RuntimeError(text)
        return json.loads(text) if text else None


def _run(work: Callable[[], Any], writer: int) -> None:
    status = 0
    try:
        text = json.dumps(work())
    except BaseException:
        text, status = traceback.format_exc(), FAILED
    os.write(writer, text.encode())
    os._exit(status)


def rehearse(work: Callable[[Path], object]) -> None:
    """Do in this process, in a folder of its own, what each child will do, so that no child begins cold.

    A child inherits the modules, the mappers and the compiled statements, which took more than half of its time; it
    inherits no connection, store or lease, since these are let go of here and belong to a process id in any case.
    """
    hurry_databases()
    with new_folder() as folder:
        work(folder)
        threads.wait_for_all()
        engine.dispose()
        current.dispose()


def try_each(cases: Sequence[C], attempt: Callable[[C], Sequence[Any]], at_once: int = CORES) -> list[Any]:
    """What the attempts tell, so many of which are made at once; those that wait for a clock need no core each."""
    shares = [Child(_share(cases[first::at_once], attempt)) for first in range(at_once)]
    return [told for share in shares for told in share.answer()]


def _share(cases: Sequence[C], attempt: Callable[[C], Sequence[Any]]) -> Callable[[], list[Any]]:
    return lambda: [told for case in cases for told in attempt(case)]


@contextmanager
def copy_of(template: Path) -> Iterator[Path]:
    """A copy of this folder, for as long as it is needed."""
    with new_folder() as folder:
        yield shutil.copytree(template, folder / "copy", symlinks=True)


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder for as long as it is needed, in memory where there is room.

    What a killed process has written stays in either; a disk would only make every case wait.
    """
    has_room = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(dir=MEMORY if has_room else None) as folder:
        yield Path(folder)
