"""Waking a cold project of many small packs: with their indexes made here, and with indexes fetched from the store.

The S3 service is near, and 30 ms away. Requests are exact; times and CPU are this machine's.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Comparison, Figure, Runs
from benchmarks.report.table import Table, show_comparisons
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


def tabulate() -> Table:
    """What a cold project of small packs costs whoever wakes it; requests are exact, times are this machine's."""
    return show_comparisons("waking a project of small packs", list(measure()))


def measure() -> Iterator[Comparison]:
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


def _measure(near: Config, far: str, folder: Path) -> Iterator[Comparison]:
    for packs in PACKS:
        for stored in (True, False):
            with _process(replace(near, store_small_indexes=stored)):
                project = _fill(packs, folder)
            indexes = "in the store" if stored else "made here"
            for endpoint, distance_ms in ((near.s3_endpoint_url, 0), (far, ROUND_TRIP_SECONDS * 1000)):
                with _process(replace(near, s3_endpoint_url=endpoint, prefetch=False)):
                    runs = _wake(project)
                work = f"{packs} packs, indexes {indexes}, S3 at {distance_ms:g} ms"
                most = Figure(f"{work}: requests", runs.requests or 0, "", packs * (1 + stored))
                yield Comparison(work, runs, {}, [most])


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


def _wake(project: Project) -> Runs:
    taken, cpu = list[float](), list[float]()
    list(store().list("nothing/"))  # the connection is there already
    for _ in range(TIMES):
        evict(project.repository_id)
        started, used = time.perf_counter(), time.process_time()
        with requests() as asked, open_copy(project.repository_id):
            pass
        taken.append(time.perf_counter() - started)
        cpu.append(time.process_time() - used)
    return Runs(taken, cpu, requests=asked.total)
