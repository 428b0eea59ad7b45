"""Celery workers and schedulers, started as the Procfile does."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from framework.config import Config
from tests.servers.application.deployments import environment
from tests.servers.processes import Process, free_port
from tests.servers.run import ROOT, Run


@contextmanager
def worker(run: Run, settings: Config, *options: str, **variables: str) -> Iterator[Process]:
    """A worker of this deployment that has said it is ready; it is asked to stop when the block ends."""
    command = [sys.executable, "-m", "celery", "--workdir", str(ROOT), "-A", "framework.celery.celery", "worker"]
    given = {**environment(settings), "REMAP_SIGTERM": "SIGQUIT", "PYTHONPATH": str(ROOT), **variables}
    name = f"worker-{free_port()}"
    process = run.start(name, [*command, "-l", "info", *options], given)
    try:
        process.wait_until(lambda: " ready." in process.log.read_text())
        yield process
    finally:
        process.stop()
