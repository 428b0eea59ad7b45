"""Storing one file of 100 MiB: CPU and memory beside the floor of hashing and copying it."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.report.table import Table
from benchmarks.setting.deployment import MIB, project
from framework.files import read_chunks
from framework.gitcore.pack_writer import blob_hash

SIZE = 100 * MIB


@dataclass(frozen=True)
class Storing:
    """Seconds of CPU for a way of storing the file, and by how many MiB the process grew."""

    way: str
    cpu_seconds: float
    growth_mib: float


def tabulate() -> Table:
    """CPU and memory for a file of 100 MiB, without HTTP."""
    ways = measure()
    lines = [f"{way.way:<72} {way.cpu_seconds:>5} {way.growth_mib:>7}" for way in ways]
    ratio = ways[1].cpu_seconds / max(ways[0].cpu_seconds, 0.01)
    return Table(
        f"{'100 MiB of noise':<72} {'CPU s':>5} {'+ MiB':>7}",
        [*lines, f"{'ratio to the floor':<72} {ratio:>5.1f}"],
        [asdict(way) for way in ways],
    )


def measure() -> list[Storing]:
    """The floor, and a whole upload without HTTP: hash, pack, store, commit; each in a process of its own."""
    found = []
    for way in ("floor", "stored"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.writing.storing", way], capture_output=True, check=True, text=True
        )
        found.append(Storing(**json.loads(done.stdout)))
    return found


def _floor(file: Path) -> None:
    check = blob_hash(SIZE)
    with file.open("rb") as source, file.with_suffix(".copy").open("wb") as target:
        for chunk in read_chunks(source):
            check.update(chunk)
            target.write(chunk)


def _measured(way: str) -> Storing:
    with project() as made:
        made.upload({"warm-up": MIB})
        put = made.noise("large", SIZE)
        work: Callable[[], None] = (lambda: _floor(put.file)) if way == "floor" else (lambda: made.store([put]))
        before, started = _peak_mib(), time.process_time()
        work()
        return Storing(way, round(time.process_time() - started, 2), round(_peak_mib() - before, 1))


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(sys.argv[1]))))
