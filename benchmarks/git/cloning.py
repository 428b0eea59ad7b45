"""What a clone costs the server's CPU before and after a consolidation: upload-pack as the application calls it."""

import resource
import subprocess
from collections.abc import Generator, Iterator
from pathlib import Path
from statistics import median

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.deployment import MIB, Project, project
from framework.celery.jobs import track_progress
from framework.gitcore.packs import measure_pack
from framework.gitcore.pkt_line import FLUSH, pkt
from framework.githttp.fetch import fetching
from framework.repositories import object_keys
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.pack_records import HISTORY, NewPack
from framework.repositories.maintenance.consolidation import RepackRequest, consolidate
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.pack_upload import send

COMMITS, PUSHES, FILES = 20_000, 40, 400
RUNS = 3
BUDGET = 0.4
DELIMITER = b"0001"


def tabulate() -> Table:
    """The server's CPU for a clone before and after a consolidation."""
    return show_figures("clone of 20,000 commits", list(measure()))


def measure() -> Iterator[Figure]:
    """A clone of a project of 20,000 commits in 40 packs, and of the same project once consolidated."""
    with project() as made:
        tips = list(_push_all(made))
        before = yield from _measure_clones(made, f"in {PUSHES} packs", tips[-1])
        with track_progress("consolidation") as work:
            consolidate(RepackRequest(made.repository_id), work)
        after = yield from _measure_clones(made, "consolidated", tips[-1])
        yield Figure("CPU, before the consolidation = 1", median(after) / median(before), "x", BUDGET)


def _push_all(made: Project) -> Iterator[str]:
    """Commits made by git, each share of them stored as a push's pack; the tips."""
    source = made.folder / "source.git"
    subprocess.run(["git", "init", "-q", "--bare", source], check=True)
    subprocess.run(["git", "fast-import", "--quiet"], cwd=source, input=b"".join(_history()), check=True)
    listed = subprocess.run(["git", "rev-list", "--reverse", "main"], cwd=source, capture_output=True, check=True)
    names = listed.stdout.decode().split()
    step, old = COMMITS // PUSHES, None
    for new in names[step - 1 :: step]:
        _store(made, _packed(source, old, new), RefUpdate("refs/heads/main", old, new))
        yield new
        old = new


def _history() -> Iterator[bytes]:
    """Each commit changes a line of two files."""
    lines = {number: [f"line {line} of {number}" for line in range(60)] for number in range(FILES)}
    for number in range(COMMITS):
        message = f"Change {number}".encode()
        yield b"commit refs/heads/main\ncommitter B <b@example.org> %d +0000\n" % (1_700_000_000 + number)
        yield b"data %d\n%s\n" % (len(message), message)
        for file in (number % FILES, (number * 7) % FILES):
            lines[file][number % 60] = f"line {number % 60} by {number}"
            content = "\n".join(lines[file]).encode()
            yield b"M 100644 inline folder-%d/file-%d\n" % (file % 20, file)
            yield b"data %d\n%s\n" % (len(content), content)


def _packed(source: Path, old: str | None, new: str) -> Path:
    revisions = "\n".join([new, *([f"^{old}"] if old else [])])
    command = ["git", "pack-objects", "-q", "--revs", "--delta-base-offset", str(source / "push")]
    made = subprocess.run(command, cwd=source, input=revisions.encode(), capture_output=True, check=True)
    return source / f"push-{made.stdout.decode().strip()}.pack"


def _store(made: Project, pack: Path, update: RefUpdate) -> None:
    written, name, push_id = measure_pack(pack), object_keys.new_id(), object_keys.new_id()
    send(made.repository_id, push_id, {name: written})
    new = NewPack.of(name, HISTORY, written, {})
    change = Change(repository_id=made.repository_id, actor="bench", push_id=push_id, updates=(update,), packs=(new,))
    commit(change, precheck=do_nothing, in_transaction=do_nothing)


def _measure_clones(made: Project, state: str, tip: str) -> Generator[Figure, None, list[float]]:
    """CPU of git for a clone, and what it sent; returns the seconds of each."""
    with lease_copy(made.repository_id, FULL):
        pass
    runs = [_clone(made, tip) for _ in range(RUNS)]
    seconds = [used for used, _sent_bytes in runs]
    yield Figure.of_runs(f"{state}: CPU", seconds, "s")
    yield Figure(f"{state}: sent", runs[0][1] / MIB, "MiB")
    return seconds


def _clone(made: Project, tip: str) -> tuple[float, int]:
    asked = [b"no-progress\n", b"ofs-delta\n", f"want {tip}\n".encode(), b"done\n"]
    body = pkt(b"command=fetch\n") + DELIMITER + b"".join(pkt(line) for line in asked) + FLUSH
    file = made.folder / "body"
    file.write_bytes(body)
    before = _children_seconds()
    with file.open("rb") as given:
        sent = sum(len(chunk) for chunk in fetching.serve(made.repository_id, "version=2", given, {}))
    return _children_seconds() - before, sent


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
