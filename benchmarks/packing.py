"""How much many versions of a large file take after a consolidation, beside `git gc`, and the memory that it needs."""

import json
import random
import resource
import shutil
import sqlite3
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.deployment import MIB, Project, project
from framework.celery.jobs import track_progress
from framework.gitcore.pack_writer import file_blob_name
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.snapshot import read_packs
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.write.operations import Put

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
    yield from _rows(folder / "table.csv", count=360_000, versions=15, changed=3600, added=0)


def _log(folder: Path) -> Iterator[Path]:
    """10 versions of a table of 90 MB that is appended to."""
    yield from _rows(folder / "log.csv", count=2_200_000, versions=10, changed=0, added=20_000)


def _rows(file: Path, *, count: int, versions: int, changed: int, added: int) -> Iterator[Path]:
    rng = random.Random(1)  # noqa: S311 - data, no secret

    def make(number: int) -> bytes:
        return b"%d,%f,%f,%d\n" % (number, rng.random() * 1e6, rng.random(), rng.randrange(10**9))

    rows = [make(number) for number in range(count)]
    for _version in range(versions):
        for number in rng.sample(range(len(rows)), changed):
            rows[number] = make(number)
        rows += [make(len(rows) + number) for number in range(added)]
        file.write_bytes(b"".join(rows))
        yield file


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


CASES: dict[str, Callable[[Path], Iterator[Path]]] = {
    "table": make_table, "notebook": _notebook, "database": _database, "log": _log, "document": _document,
}  # fmt: skip


def measure() -> Iterator[Packed]:
    """Every file, each in a process of its own, since that tells how much memory it needs at the most."""
    for name in CASES:
        command = [sys.executable, "-m", "benchmarks.packing", name]
        yield Packed(**json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout))


def _measured(name: str) -> Packed:
    with project() as made:
        for file in CASES[name](made.folder):
            made.store([put_copy(made, file)])
        with open_copy(made.repository_id, FULL) as copy:
            git = _take_over(copy.path, made.folder / "git")
        before, started = _peak_mib(), time.process_time()
        with track_progress("consolidation") as work:
            consolidate(RepackRequest(made.repository_id), work)
        seconds, peak = time.process_time() - started, max(_peak_mib(), before)
        stored = sum(pack.stored_bytes for pack in read_packs(made.repository_id))
        subprocess.run(["git", "-C", str(git), "gc", "-q", "--prune=now"], check=True)
        beside = sum(path.stat().st_size for path in (git / "objects" / "pack").iterdir())
        return Packed(CASES[name].__doc__ or name, stored / MIB, beside / MIB, round(seconds, 1), round(peak, 1))


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
    kept = made.folder / f"version-{time.monotonic_ns()}"
    shutil.copyfile(file, kept)
    size = kept.stat().st_size
    return Put(file.name, kept, size, file_blob_name(kept, size))


def _peak_mib() -> float:
    """Of this process and of the largest of its children."""
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return max(resource.getrusage(kind).ru_maxrss for kind in kinds) / 1024


if __name__ == "__main__":
    print(json.dumps(asdict(_measured(sys.argv[1]))))
