"""Waking a cold project of many small packs: with their indexes made here, and with indexes fetched from the store.

The S3 service is near, and 30 ms away. Requests are exact; times and CPU are this machine's.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.deployment import Project
from benchmarks.setting.distance import ROUND_TRIP_SECONDS, distant
from framework import config
from framework.config import Config
from framework.database.session import transaction
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import evict
from framework.repositories.write.creation import create_repository
from framework.storage.counting import requests
from framework.storage.current import ownership, store
from tests.servers.application import deployments
from tests.servers.run import Run

PACKS = (10, 49)
"""The second is the most that a project has before it is consolidated."""
FILES, FILE_BYTES = 3, 2000
TIMES = 15


@dataclass(frozen=True)
class Wake:
    """What waking took, the best of some times; `round_trip_ms` is what the service's distance adds to a request."""

    packs: int
    indexes_stored: bool
    round_trip_ms: float
    requests: int
    milliseconds: float
    cpu_milliseconds: float

    @property
    def budget(self) -> int:
        """The requests that it may make."""
        return self.packs * (1 + self.indexes_stored)


def tabulate() -> Table:
    """What a cold project of small packs costs whoever wakes it; requests are exact, times are this machine's."""
    wakes = list(measure())
    return Table(
        f"{'waking a project of small packs':<56} {'ms':>7} {'CPU ms':>7} {'asked':>6} {'budget':>7}",
        [
            f"{_name(it):<56} {it.milliseconds:>7} {it.cpu_milliseconds:>7} {it.requests:>6} {it.budget:>7}"
            for it in wakes
        ],
        [asdict(it) for it in wakes],
        [Figure(f"{_name(it)}: requests", it.requests, "", it.budget) for it in wakes],
    )


def _name(wake: Wake) -> str:
    where = "in the store" if wake.indexes_stored else "made here"
    return f"{wake.packs} packs, indexes {where}, S3 at {wake.round_trip_ms:.0f} ms"


def measure() -> Iterator[Wake]:
    """Every row of the table."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with (
                deployments.production_like(run, Path(folder) / "data") as near,
                distant(str(near.s3_endpoint_url)) as far,
            ):
                yield from _measure(near, far, Path(folder))
        finally:
            run.end()


def _measure(near: Config, far: str, folder: Path) -> Iterator[Wake]:
    for packs in PACKS:
        for stored in (True, False):
            with _process(replace(near, store_small_indexes=stored)):
                project = _fill(packs, folder)
            for endpoint, seconds in ((near.s3_endpoint_url, 0.0), (far, ROUND_TRIP_SECONDS)):
                with _process(replace(near, s3_endpoint_url=endpoint, prefetch=False)):
                    yield _wake(project, packs, stored=stored, round_trip_seconds=seconds)


@contextmanager
def _process(settings: Config) -> Iterator[None]:
    """As a process with these settings begins and ends."""
    config.use(settings)
    ownership().look()
    yield
    deployments.leave()


def _fill(packs: int, folder: Path) -> Project:
    """A project of as many versions, of a few small files each."""
    with transaction() as session:
        repository_id = create_repository(session, {"name": "bench"})
    project = Project(repository_id, folder)
    for number in range(packs):
        project.upload({f"folder-{number}/{file}": FILE_BYTES for file in range(FILES)})
    return project


def _wake(project: Project, packs: int, *, stored: bool, round_trip_seconds: float) -> Wake:
    taken, cpu = list[float](), list[float]()
    list(store().list("nothing/"))  # the connection is there already
    for _ in range(TIMES):
        evict(project.repository_id)
        started, used = time.perf_counter(), time.process_time()
        with requests() as asked, open_copy(project.repository_id):
            pass
        taken.append((time.perf_counter() - started) * 1000)
        cpu.append((time.process_time() - used) * 1000)
    return Wake(packs, stored, round_trip_seconds * 1000, asked.total, round(min(taken), 1), round(min(cpu), 1))
