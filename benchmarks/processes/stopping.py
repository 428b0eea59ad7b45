"""How long everything that `make run` starts takes to end, at the SIGTERM of a service and at Ctrl-C in a terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.running import ROOT, free_port

LIMIT_SECONDS = 8
"""What a terminal is promised; honcho kills what still runs after nine seconds."""
ROUNDS = 3


def tabulate() -> Table:
    """How long what `make run` starts takes to end; the time is this machine's."""
    return show_figures("`make run` ends after", list(measure()))


def measure() -> Iterator[Figure]:
    """Start it and end it some times, in each way."""
    ways = {
        "SIGTERM to make's child": lambda process_id: os.kill(process_id, signal.SIGTERM),
        "Ctrl-C: SIGINT to all": lambda process_id: os.killpg(process_id, signal.SIGINT),
    }
    for way, ask in ways.items():
        yield Figure.of_runs(way, [_take_seconds(ask) for _round in range(ROUNDS)], "s", LIMIT_SECONDS)


def _take_seconds(ask: Callable[[int], None]) -> float:
    with TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
        process = _start(Path(folder), log.fileno())
        while b"Holdfast is at" not in (Path(folder) / "log").read_bytes():
            time.sleep(0.1)
        began = time.monotonic()
        ask(process.pid)
        process.wait()
        return time.monotonic() - began


def _start(folder: Path, log: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PORT": str(free_port()), "HOLDFAST_DATA": str(folder / "data")}
    command = [sys.executable, "tools/run.py", "run"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
