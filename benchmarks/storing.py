"""Storing one file of 100 MiB: CPU and memory beside the floor of hashing and copying it."""

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.deployment import MIB, project
from framework.files import read_chunks
from framework.gitcore.pack_writer import blob_hash

SIZE = 100 * MIB


@dataclass(frozen=True)
class Storing:
    """Seconds of CPU for a way of storing the file, and by how many MiB the process grew."""

    way: str
    cpu_seconds: float
    growth_mib: float


def measure() -> list[Storing]:
    """The floor, and a whole upload without HTTP: hash, pack, store, commit; each in a process of its own."""
    found = []
    for way in ("floor", "stored"):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.storing", way], capture_output=True, check=True, text=True
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
