"""How long everything that `make run` starts takes to end, at the SIGTERM of a service and at Ctrl-C in a terminal."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.running import ROOT, free_port

LIMIT_SECONDS = 8
"""What a terminal is promised; honcho kills what still runs after nine seconds."""


@dataclass(frozen=True)
class Stop:
    """A way to end it, and how long that took."""

    way: str
    seconds: float


def tabulate() -> Table:
    """How long what `make run` starts takes to end; the time is this machine's."""
    stops = list(measure())
    return Table(
        f"{'make run ends after, s':<72} {'took':>5} {'limit':>7}",
        [f"{stop.way:<72} {stop.seconds:>5} {LIMIT_SECONDS:>7}" for stop in stops],
        [asdict(stop) for stop in stops],
        [Figure(stop.way, stop.seconds, "s", LIMIT_SECONDS) for stop in stops],
    )


def measure() -> Iterator[Stop]:
    """Start it and end it, in each way."""
    for way, ask in (("SIGTERM to make's child", os.kill), ("Ctrl-C: SIGINT to all", os.killpg)):
        sent = signal.SIGTERM if ask is os.kill else signal.SIGINT
        with TemporaryDirectory() as folder, (Path(folder) / "log").open("wb") as log:
            process = _start(Path(folder), log.fileno())
            while b"Holdfast is at" not in (Path(folder) / "log").read_bytes():
                time.sleep(0.1)
            began = time.monotonic()
            ask(process.pid, sent)
            process.wait()
            yield Stop(way, round(time.monotonic() - began, 1))


def _start(folder: Path, log: int) -> "subprocess.Popen[bytes]":
    environment = {**os.environ, "PORT": str(free_port()), "HOLDFAST_DATA": str(folder / "data")}
    command = [sys.executable, "tools/run.py", "run"]
    return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=log, stderr=log, start_new_session=True)
