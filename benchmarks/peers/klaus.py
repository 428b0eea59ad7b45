"""klaus, a viewer of Git repositories in Flask, under gunicorn."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers.programs import find_python_program
from benchmarks.setting.running import Running, free_port, running


@contextmanager
def klaus(repository: Path, *, processes: int) -> Iterator[Running]:
    """Show one repository, at `/<its folder's name>/`.

    Raises:
        Absent: it cannot be installed.
    """
    port, programs = free_port(), Path(find_python_program("gunicorn")).parent
    command = [
        str(programs / "gunicorn"),
        "--config",
        os.devnull,
        "--workers",
        str(processes),
        "--bind",
        f"127.0.0.1:{port}",
    ]
    variables = {"KLAUS_REPOS": str(repository), "KLAUS_SITE_NAME": "klaus", "HOME": str(repository.parent)}
    path = f"{programs}:{os.environ['PATH']}"
    with running([*command, "klaus.contrib.wsgi"], port, {**variables, "PATH": path}) as started:
        yield started
