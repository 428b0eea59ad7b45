"""What a worker with the scheduler costs while there is nothing to do: lines of its log, and CPU."""

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.running import family, read_cpu_seconds
from tests.servers.application import deployments
from tests.servers.application.workers import worker
from tests.servers.run import Run

SETTLES_SECONDS, MEASURED_SECONDS = 20, 120
CORE_PERCENT = 0.5


@dataclass(frozen=True)
class Rest:
    """A deployment, lines a day, and per cent of a core."""

    deployment: str
    lines_a_day: float
    core_percent: float


def tabulate() -> Table:
    """What a worker with the scheduler costs while there is nothing to do; the CPU is this machine's."""
    found = list(measure())
    return Table(
        f"{'a worker at rest':<72} {'lines':>5} {'CPU %':>7}",
        [f"{one.deployment:<72} {one.lines_a_day:>5.0f} {one.core_percent:>7.2f}" for one in found],
        [asdict(one) for one in found],
        [
            figure
            for one in found
            for figure in (
                Figure(f"{one.deployment}: lines in the log a day", one.lines_a_day, "", 0),
                Figure(f"{one.deployment}: of a core", one.core_percent, "% CPU", CORE_PERCENT),
            )
        ],
    )


def measure() -> Iterator[Rest]:
    """Both kinds of deployment, each for two minutes."""
    for name, deployment in deployments.DEPLOYMENTS.items():
        with TemporaryDirectory() as folder:
            run = Run(Path(folder) / "servers", os.getpid())
            with deployment(run, Path(folder) / "data") as settings, worker(run, settings, "-B") as process:
                time.sleep(SETTLES_SECONDS)
                lines, cpu = _lines(process.log), _cpu_seconds(process.pid)
                time.sleep(MEASURED_SECONDS)
                written, used = _lines(process.log) - lines, _cpu_seconds(process.pid) - cpu
            run.end()
        yield Rest(name, written * 86_400 / MEASURED_SECONDS, used * 100 / MEASURED_SECONDS)


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def _cpu_seconds(process_id: int) -> float:
    """What this process and those below it have used, the ended ones included."""
    return sum(map(read_cpu_seconds, family(process_id)))
