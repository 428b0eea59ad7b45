"""Storing one file of 100 MiB: CPU and memory beside the floor of hashing and copying it."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.report.figures import Figure, ratios
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.deployment import MIB, project
from benchmarks.setting.running import read_most_mib
from framework.files import read_chunks
from framework.gitcore.pack_writer import blob_hash

SIZE = 100 * MIB


WAYS = {"floor": "hashing and copying", "stored": "a whole upload"}
ROUNDS = 3


@dataclass(frozen=True)
class Storing:
    """Seconds of CPU for a way of storing the file, and by how many MiB the process grew."""

    cpu_seconds: float
    growth_mib: float


def tabulate() -> Table:
    """CPU and memory for a file of 100 MiB, without HTTP."""
    return show_figures("100 MiB of noise, without HTTP", list(measure()))


def measure() -> Iterator[Figure]:
    """The floor, and a whole upload without HTTP: hash, pack, store, commit; in turns, each in a process of its own."""
    turns = [{way: _measure_alone(way) for way in WAYS} for _round in range(ROUNDS)]
    for way, what in WAYS.items():
        yield Figure.of_runs(f"{what}: CPU", [turn[way].cpu_seconds for turn in turns], "s")
        yield Figure.of_runs(f"{what}: growth of the process", [turn[way].growth_mib for turn in turns], "MiB")
    floors, stored = ([turn[way].cpu_seconds for turn in turns] for way in WAYS)
    yield Figure.of_runs(f"{WAYS['stored']}: CPU, {WAYS['floor']} = 1", ratios(stored, floors), "x")


def _measure_alone(way: str) -> Storing:
    command = [sys.executable, "-m", "benchmarks.writing.storing", way]
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    return Storing(**json.loads(done.stdout))


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
        before, started = read_most_mib(os.getpid()), time.process_time()
        work()
        return Storing(time.process_time() - started, read_most_mib(os.getpid()) - before)


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(sys.argv[1]))))
