"""How much many versions of a large file take after a consolidation, beside `git gc`, and the memory that it needs."""

import json
import random
import re
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.deployment import MIB, Project, project
from framework import config, rooms
from framework.celery.jobs import track_progress
from framework.config import Config
from framework.gitcore.pack_writer import file_blob_name
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.snapshot import read_packs
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.write.operations import Put
from framework.storage.current import ownership

GOAL = 1.25
MEMORY_MIB = 256


@dataclass(frozen=True)
class Packed:
    """A file of many versions: MiB in the store, beside those of `git gc`; the consolidation's time and peak memory."""

    file: str
    mib: float
    git_mib: float
    cpu_seconds: float
    peak_mib: float

    @property
    def ratio(self) -> float:
        """How much more it takes than with git."""
        return self.mib / self.git_mib


def make_table(folder: Path) -> Iterator[Path]:
    """15 versions of a table of 14 MB, 1 % of the rows changed in each."""
    rng, file = random.Random(1), folder / "table.csv"  # noqa: S311 - data, no secret
    rows = [_make_row(rng, number) for number in range(360_000)]
    for _version in range(15):
        for number in rng.sample(range(len(rows)), 3600):
            rows[number] = _make_row(rng, number)
        file.write_bytes(b"".join(rows))
        yield file


def _log(folder: Path) -> Iterator[Path]:
    """10 versions of a table of 90 MB that is appended to."""
    rng, file = random.Random(1), folder / "log.csv"  # noqa: S311
    for version in range(10):
        with file.open("ab") as log:
            log.writelines(_make_row(rng, number) for number in range(20_000 if version else 2_200_000))
        yield file


def _make_row(rng: random.Random, number: int) -> bytes:
    return b"%d,%f,%f,%d\n" % (number, rng.random() * 1e6, rng.random(), rng.randrange(10**9))


def _notebook(folder: Path) -> Iterator[Path]:
    """30 versions of a notebook of 3 MB with pictures, of which each draws one anew."""
    rng, file = random.Random(2), folder / "notebook.ipynb"  # noqa: S311

    def draw() -> list[dict[str, object]]:
        return [{"data": {"image/png": rng.randbytes(75_000).hex()}}]

    cells = [{"cell_type": "code", "outputs": draw()} for _ in range(20)]
    for version in range(30):
        cells[version % 20]["outputs"] = draw()
        file.write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
        yield file


def _database(folder: Path) -> Iterator[Path]:
    """20 versions of an SQLite file of 40 MB with 2 % of the pages changed in each."""
    rng, file = random.Random(3), folder / "data.sqlite3"  # noqa: S311
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE sample (id INTEGER PRIMARY KEY, value BLOB)")
        made.executemany("INSERT INTO sample VALUES (?, ?)", ((number, rng.randbytes(400)) for number in range(90_000)))
    for _version in range(20):
        with sqlite3.connect(file) as made:
            changed = [(rng.randbytes(400), rng.randrange(90_000)) for _ in range(200)]
            made.executemany("UPDATE sample SET value = ? WHERE id = ?", changed)
        yield file


def _document(folder: Path) -> Iterator[Path]:
    """20 versions of a DOCX of 2 MB with pictures, of which each edits the text."""
    rng, file = random.Random(4), folder / "thesis.docx"  # noqa: S311
    pictures = [rng.randbytes(350_000) for _ in range(5)]
    words = [f"word{rng.randrange(5000)}" for _ in range(60_000)]
    for _version in range(20):
        words[rng.randrange(len(words))] = "edited"
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as made:
            made.writestr("word/document.xml", f"<w:document>{' '.join(words)}</w:document>")
            for number, picture in enumerate(pictures):
                made.writestr(f"word/media/image{number}.png", picture)
        yield file


def _sized(mib: int, folder: Path) -> Iterator[Path]:
    """5 versions of a table, some rows overwritten in each."""
    rng, file = random.Random(5), folder / "sized.csv"  # noqa: S311
    with file.open("wb") as table:
        while table.tell() < mib * MIB - 64:
            table.write(_make_row(rng, table.tell()))
    for _version in range(5):
        with file.open("r+b") as table:
            for _ in range(10 * mib):
                table.seek(rng.randrange(mib * MIB - 100))
                table.write(b"%d" % rng.randrange(10**9))
        yield file


CASES: Mapping[str, Callable[[Path], Iterator[Path]]] = {
    str(make.__doc__): make for make in (make_table, _notebook, _database, _log, _document)
} | {f"{mib} MiB: {_sized.__doc__}": partial(_sized, mib) for mib in (1, 10, 50, 100)}
"""What to make, by what it is."""


def tabulate() -> Table:
    """What versions of large files take in the store, and what packing them takes."""
    found = list(measure())
    return Table(
        f"{'neatly packed, beside git gc':<72} {'MiB':>7} {'git':>7} {'ratio':>6} {'CPU s':>6} {'peak':>6}",
        [
            f"{it.file:<72} {it.mib:>7.1f} {it.git_mib:>7.1f} {it.ratio:>6.2f}"
            f" {it.cpu_seconds:>6.1f} {it.peak_mib:>6.0f}"
            for it in found
        ],
        [asdict(it) for it in found],
        [
            figure
            for it in found
            for figure in (
                Figure(f"{it.file}: size, git gc = 1", it.ratio, "", GOAL),
                Figure(f"{it.file}: most memory", it.peak_mib, "MiB", MEMORY_MIB),
            )
        ],
    )


def measure() -> Iterator[Packed]:
    """Every file."""
    for name in CASES:
        yield _measure_one(name)


def _measure_one(name: str) -> Packed:
    with project() as made:
        for file in CASES[name](made.folder):
            made.store([put_copy(made, file)])
        with open_copy(made.repository_id, FULL) as copy:
            git = _take_over(copy.path, made.folder / "git")
        seconds, peak = _consolidate_alone(made)
        stored = sum(pack.stored_bytes for pack in read_packs(made.repository_id))
        subprocess.run(["git", "-C", str(git), "gc", "-q", "--prune=now"], check=True)
        beside = sum(path.stat().st_size for path in (git / "objects" / "pack").iterdir())
        return Packed(name, stored / MIB, beside / MIB, seconds, peak)


def _consolidate_alone(made: Project) -> tuple[float, float]:
    """CPU seconds and peak memory of a process that does nothing else, as the worker does it."""
    command = [sys.executable, "-m", "benchmarks.storage.packing", str(config.current().data), made.repository_id]
    told = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    seconds, peak_mib = map(float, told.split())
    return seconds, peak_mib


def _consolidate_here(data: str, repository_id: str) -> str:
    config.use(Config.from_environment({"HOLDFAST_DATA": data}))
    rooms.load_models()
    ownership().look()
    with track_progress("consolidation") as work:
        consolidate(RepackRequest(repository_id), work)
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    seconds = sum(one.ru_utime + one.ru_stime for one in used)
    own_kib = int(re.findall(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())[0])  # of this program alone
    return f"{seconds:.1f} {max(own_kib, used[1].ru_maxrss) / 1024:.1f}"


def _take_over(source: Path, target: Path) -> Path:
    """The same objects and refs in a repository of git's own, where nobody has packed them yet."""
    subprocess.run(["git", "init", "-q", "--bare", target], check=True)
    for pack in (source / "objects" / "pack").glob("*.pack"):
        with pack.open("rb") as given:
            subprocess.run(["git", "-C", target, "unpack-objects", "-q"], stdin=given, check=True)
    for name in ("packed-refs", "HEAD"):
        shutil.copyfile(source / name, target / name)
    return target


def put_copy(made: Project, file: Path) -> Put:
    """The file as it is now, under its name, to be stored."""
    kept = made.folder / f"version-{time.monotonic_ns()}"
    shutil.copyfile(file, kept)
    size = kept.stat().st_size
    return Put(file.name, kept, size, file_blob_name(kept, size))


if __name__ == "__main__":
    print(_consolidate_here(*sys.argv[1:]))
