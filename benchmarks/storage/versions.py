"""An old version of a large file of a cold project, beside its newest: requests, and time with S3 30 ms away."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import requests as browser

from benchmarks.report.figures import Figure, ratios
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.deployment import Project
from benchmarks.setting.history import MIB, Shape
from benchmarks.setting.served import TIMES, Bench, served
from benchmarks.storage import packing
from benchmarks.storage.cold import count_store_requests, stream
from framework.celery.jobs import track_progress
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.archiving import archive

BACK = 10
"""How many changes ago the old version was the newest."""
LEAST = Shape(commits=1, small_files=1, large_files=1, opened_bytes=MIB, all_large_bytes=MIB)
SLOWER = 2.0
"""How much longer the old version may take than the newest."""


def tabulate() -> Table:
    """What an old version of a large file of a cold project costs, beside its newest."""
    return show_figures("a large file of 15 versions, cold, S3 at 30 ms", list(measure()))


def measure() -> Iterator[Figure]:
    """A table of 14 MB of which each version changed one row in a hundred; its page was opened, its bytes were not."""
    with served(LEAST) as bench:
        commits = _store_versions(bench)
        newest, old = (f"{bench.project.path}/raw/{commits[back]}/table.csv" for back in (0, BACK))
        found: dict[str, list[tuple[float, float, float]]] = {newest: [], old: []}
        for _ in range(TIMES):
            for path, measured in found.items():
                measured.append(_open(bench, path))
        first, whole, asked = zip(*found[newest], strict=True)
        yield Figure.of_runs("the newest version: first byte", first, "ms")
        yield Figure.of_runs("the newest version: all of it", whole, "ms")
        yield Figure.of_runs("the newest version: requests to S3", asked, "", 1)
        first, longer, asked = zip(*found[old], strict=True)
        yield Figure.of_runs(f"a version {BACK} changes back: first byte", first, "ms")
        yield Figure.of_runs(f"a version {BACK} changes back: all of it", longer, "ms")
        yield Figure.of_runs(f"a version {BACK} changes back: requests to S3", asked, "", 2)
        yield Figure.of_runs("its time, in that of the newest", ratios(longer, whole), "x", SLOWER)


def _store_versions(bench: Bench) -> list[str]:
    """The commits of the versions, newest first, after an archive."""
    repository_id = bench.project.repository_id
    with TemporaryDirectory() as folder:
        made = Project(repository_id, Path(folder))
        for file in packing.make_table(made.folder):
            made.store([packing.put_copy(made, file)])
    with open_copy(repository_id, FULL) as copy:
        commits = [entry.sha for entry in read_log(copy, resolve(copy, "main"))]
    with track_progress("archive") as work:
        archive(repository_id, work)
    return commits


def _open(bench: Bench, path: str) -> tuple[float, float, float]:
    """Milliseconds until the first byte and until the last one, and requests to the store."""
    bench.sleep()
    assert browser.get(bench.address, timeout=60).ok
    before = count_store_requests(bench)
    first, whole = stream(bench, "GET", path)
    return first * 1000, whole * 1000, count_store_requests(bench) - before
