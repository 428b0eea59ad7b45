"""What a worker with the scheduler costs while there is nothing to do: lines of its log, transactions, and CPU."""

import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.running import family, read_cpu_seconds
from framework import config
from framework.config import Config
from framework.database import engine
from framework.database.session import transaction
from framework.storage.models import OWNER, Deployment
from tests.servers.application import deployments
from tests.servers.application.workers import worker
from tests.servers.run import Run

SETTLES_SECONDS, MEASURED_SECONDS = 20, 120
CORE_PERCENT = 0.5


@dataclass(frozen=True)
class Rest:
    """A deployment, lines a day, transactions a minute (None where no server counts them), and per cent of a core."""

    deployment: str
    lines_a_day: float
    transactions_a_minute: float | None
    core_percent: float


def tabulate() -> Table:
    """What a worker with the scheduler costs while there is nothing to do; the CPU is this machine's."""
    found = list(measure())
    return Table(
        f"{'a worker at rest':<60} {'lines':>5} {'SQL a minute':>12} {'CPU %':>7}",
        [_row(one) for one in found],
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
                _rest(settings)
                time.sleep(SETTLES_SECONDS)
                lines, sent, cpu = _lines(process.log), _transactions(settings), _cpu_seconds(process.pid)
                time.sleep(MEASURED_SECONDS)
                written, used = _lines(process.log) - lines, _cpu_seconds(process.pid) - cpu
                sent = None if sent is None else (_transactions(settings) or 0) - sent - 1  # that of the first count
            run.end()
        a_minute = None if sent is None else sent * 60 / MEASURED_SECONDS
        yield Rest(name, written * 86_400 / MEASURED_SECONDS, a_minute, used * 100 / MEASURED_SECONDS)


def _row(one: Rest) -> str:
    sent = "" if one.transactions_a_minute is None else f"{one.transactions_a_minute:.1f}"
    return f"{one.deployment:<60} {one.lines_a_day:>5.0f} {sent:>12} {one.core_percent:>7.2f}"


def _rest(settings: Config) -> None:
    """Have the mark in the bucket say that nobody has written for long."""
    config.use(settings)
    with transaction() as session:
        session.merge(
            Deployment(id=1, identity="0" * 32, token=1, claim="0" * 16, state=OWNER, marks=[{"rests": True}])
        )
    engine.dispose()


def _transactions(settings: Config) -> int | None:
    """How many transactions the database's server has counted so far; None for SQLite."""
    if settings.database_url.startswith("sqlite"):
        return None
    with psycopg.connect(settings.database_url.replace("+psycopg", "")) as connection:
        [row] = connection.execute(
            "SELECT xact_commit + xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        )
    return int(row[0])


def _lines(log: Path) -> int:
    return log.read_bytes().count(b"\n")


def _cpu_seconds(process_id: int) -> float:
    """What this process and those below it have used, the ended ones included."""
    return sum(map(read_cpu_seconds, family(process_id)))
