"""What a worker with the scheduler and two web processes cost while there is nothing to do.

That is lines in their logs, CPU, moments at which they ask SQL, and requests to the store.
"""

import os
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.distance import Distance, put_distance
from benchmarks.setting.running import family, read_cpu_seconds
from framework import config
from framework.config import Config
from framework.database import engine
from framework.database.session import transaction
from framework.storage.models import OWNER, Deployment
from tests.servers.application import deployments
from tests.servers.application.gunicorn import gunicorn
from tests.servers.application.workers import worker
from tests.servers.backends.postgres import postgres
from tests.servers.processes import Process
from tests.servers.run import Run

SETTLES_SECONDS, MEASURED_SECONDS = 20, 120
WEB_PROCESSES = 2
CORE_PERCENT = 0.5
EVERY_SECONDS = 30
"""How often a process may ask SQL at most. All do at full and at half minutes, so we begin between them."""
APART_SECONDS = 1.0
"""Statements of a process that are closer together are of one moment."""


@dataclass(frozen=True)
class Counts:
    """What a program has written and used so far: lines of its log, and seconds of the processors."""

    lines: int
    cpu_seconds: float

    @classmethod
    def of(cls, process: Process) -> "Counts":
        """Those of this process and of all that it started, the ended ones included."""
        lines = process.log.read_bytes().count(b"\n")
        return cls(lines, sum(map(read_cpu_seconds, family(process.pid))))


def tabulate() -> Table:
    """What everything costs while there is nothing to do; the CPU is this machine's."""
    return show_figures("at rest", list(measure()))


def measure() -> Iterator[Figure]:
    """Both kinds of deployment, each for two minutes."""
    for name in deployments.DEPLOYMENTS:
        with TemporaryDirectory() as folder:
            run = Run(Path(folder) / "servers", os.getpid())
            try:
                for figure in _measure_one(run, name, Path(folder) / "data"):
                    yield replace(figure, name=f"{name}: {figure.name}")
            finally:
                run.end()


def _measure_one(run: Run, name: str, data: Path) -> Iterator[Figure]:
    with deployments.DEPLOYMENTS[name](run, data) as near, _counted(near) as (settings, store):
        variables = deployments.environment(settings)
        kept = {key: variables[key] for key in variables.keys() - {"BASE_URL", "PORT"}}
        with worker(run, settings, "-B") as background, gunicorn(run, kept, workers=WEB_PROCESSES) as web:
            _rest(settings)
            programs = {"worker": background, "web server": web.process}
            time.sleep(SETTLES_SECONDS)
            time.sleep((EVERY_SECONDS / 2 - time.time()) % EVERY_SECONDS)
            if store:
                _log_statements(run)
            asked = store.count_requests() if store else 0
            before = {key: Counts.of(it) for key, it in programs.items()}
            time.sleep(MEASURED_SECONDS)
            for program, process in programs.items():
                yield from _compare(program, before[program], Counts.of(process))
            if store:
                yield from _moments_of_processes(run)
                yield Figure("requests to the store", store.count_requests() - asked, "", 0)


@contextmanager
def _counted(near: Config) -> Iterator[tuple[Config, Distance | None]]:
    """The deployment with its S3 service behind a proxy that counts; None where a folder is its store."""
    if near.s3_endpoint_url is None:
        yield near, None
        return
    with put_distance(near.s3_endpoint_url, 0) as store:
        yield replace(near, s3_endpoint_url=store.url), store


def _compare(program: str, before: Counts, after: Counts) -> Iterator[Figure]:
    lines = (after.lines - before.lines) * 86_400 / MEASURED_SECONDS
    percent = (after.cpu_seconds - before.cpu_seconds) * 100 / MEASURED_SECONDS
    yield Figure(f"{program}, lines in the log a day", lines, "", 0)
    yield Figure(f"{program}, of a core", percent, "% CPU", CORE_PERCENT)


def _rest(settings: Config) -> None:
    """Have the mark in the bucket say that nobody has written for long."""
    config.use(settings)
    with transaction() as session:
        session.merge(
            Deployment(id=1, identity="0" * 32, token=1, claim="0" * 16, state=OWNER, marks=[{"rests": True}])
        )
    engine.dispose()


def _log_statements(run: Run) -> None:
    """Have the database's server log each statement, when it came and from whom."""
    server = postgres(run)
    server.execute("ALTER SYSTEM SET log_line_prefix = '%n|%a|'")
    server.execute("ALTER SYSTEM SET log_statement = 'all'")
    server.execute("SELECT pg_reload_conf()")


def _moments_of_processes(run: Run) -> Iterator[Figure]:
    """Of each kind of process, the one that asked most often."""
    kinds = defaultdict[str, list[int]](list)
    for process, times in _statements_of_processes(run).items():
        kinds[process.split()[1]].append(count_moments(times))
    assert kinds["worker"], "the worker asks what is due, so that the log has to name it"
    for kind in ("web", "worker"):
        most = max(kinds[kind], default=0) * EVERY_SECONDS / MEASURED_SECONDS
        yield Figure(f"a {kind} process asks SQL in {EVERY_SECONDS} s", most, "", 1)


def _statements_of_processes(run: Run) -> Mapping[str, list[float]]:
    """When each process sent a statement, by the name that it has in the database."""
    [log] = run.logs("postgres")
    times = defaultdict[str, list[float]](list)
    for line in log.read_text().splitlines():
        moment, _bar, rest = line.partition("|")
        process, bar, text = rest.partition("|")
        if bar and process.startswith("holdfast ") and text.startswith(("LOG:  statement:", "LOG:  execute")):
            times[process].append(float(moment))
    return times


def count_moments(times: list[float]) -> int:
    """How many moments these are, in seconds and in order, those that are close together being one."""
    return sum(after - before > APART_SECONDS for before, after in pairwise([float("-inf"), *times]))
