"""How fast clones and pushes are beside `git http-backend` on the same machine, in pairs, one after the other."""

import os
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.git_servers import GitServer, Spent, backend, ours
from framework.gitcore.pkt_line import FLUSH, pkt

MIB = 1 << 20
PAIRS = 7
NOTHING = "0" * 40


@dataclass(frozen=True)
class Ratio:
    """One operation: the medians of both servers in seconds, and how fast ours is, 1 for as fast."""

    operation: str
    ours_seconds: float
    ours_cpu_seconds: float
    backend_seconds: float
    backend_cpu_seconds: float
    goal: float

    @property
    def speed(self) -> float:
        """The backend's time by ours."""
        return self.backend_seconds / self.ours_seconds

    @property
    def cpu(self) -> float:
        """Our CPU time by the backend's."""
        return self.ours_cpu_seconds / self.backend_cpu_seconds


@dataclass(frozen=True)
class Sample:
    """A repository as the bodies of a push that brings all of it, and of a clone that takes all of it."""

    name: str
    key: str
    push: bytes
    clone: bytes


def tabulate() -> Table:
    """How fast clones and pushes are beside git's own server."""
    ratios = list(measure())
    head = f"{'speed':>7} {'goal':>6} {'s':>8} {'CPU s':>8} {'CPU ratio':>10}"
    return Table(
        f"{'beside git http-backend with fsck (1: as fast)':<48} {head}",
        [
            f"{it.operation:<48} {it.speed:>7.2f} {it.goal:>6} {it.ours_seconds:>8.2f} {it.ours_cpu_seconds:>8.2f}"
            f" {it.cpu:>10.2f}"
            for it in ratios
        ],
        [asdict(it) for it in ratios],
        [Figure(f"{it.operation}: speed, http-backend = 1", it.speed, "x", it.goal, at_least=True) for it in ratios],
    )


def measure() -> Iterator[Ratio]:
    """Both operations on a long history and on large files."""
    with TemporaryDirectory() as folder, ours() as mine, backend() as other:
        for sample in (_history(Path(folder) / "history"), _noise(Path(folder) / "noise")):
            yield _ratio(f"push of {sample.name}", _pairs(mine, other, partial(_push, sample)), 0.9)
            yield _ratio(f"clone of {sample.name}", _pairs(mine, other, partial(_clone, sample)), 0.95)


def _pairs(
    mine: GitServer, other: GitServer, act: Callable[[GitServer, int], Spent]
) -> tuple[list[Spent], list[Spent]]:
    """The first pair warms up, and does not count; each begins with the other server."""
    made = [
        [act(server, number) for server in (mine, other)[:: 1 if number % 2 else -1]] for number in range(PAIRS + 1)
    ]
    told = [pair[:: 1 if number % 2 else -1] for number, pair in enumerate(made)][1:]
    return [pair[0] for pair in told], [pair[1] for pair in told]


def _ratio(operation: str, made: tuple[list[Spent], list[Spent]], goal: float) -> Ratio:
    wall = [median(spent.wall_seconds for spent in each) for each in made]
    cpu = [median(spent.cpu_seconds for spent in each) for each in made]
    return Ratio(operation, wall[0], cpu[0], wall[1], cpu[1], goal)


def _push(sample: Sample, server: GitServer, number: int) -> Spent:
    name = f"{sample.key}-{number}"
    server.prepare(name)
    spent = server.post(name, "git-receive-pack", sample.push)
    assert b"ok refs/heads/main" in spent.answer, spent.answer
    return spent


def _clone(sample: Sample, server: GitServer, _number: int) -> Spent:
    spent = server.post(f"{sample.key}-1", "git-upload-pack", sample.clone)
    assert spent.answer.endswith(FLUSH)
    return spent


def _history(folder: Path) -> Sample:
    """Twenty thousand commits of two files of four kilobytes each, in a hundred folders."""
    return _sample("20,000 commits", folder, b"".join(_commits(20_000)))


def _commits(count: int) -> Iterator[bytes]:
    for number in range(count):
        yield b"commit refs/heads/main\ncommitter A <a@example.org> %d +0000\ndata 4\nText\n" % (1_600_000_000 + number)
        for path in (b"file-%d" % (number % 10), b"folder-%d/file" % (number % 100)):
            content = os.urandom(1500).hex().encode() + b"\n"
            yield b"M 100644 inline %s\ndata %d\n%s\n" % (path, len(content), content)


def _noise(folder: Path) -> Sample:
    """Two files of 50 MiB that do not compress."""
    files = [
        b"M 100644 inline noise-%d\ndata %d\n%s\n" % (number, 50 * MIB, os.urandom(50 * MIB)) for number in range(2)
    ]
    head = b"commit refs/heads/main\ncommitter A <a@example.org> 1600000000 +0000\ndata 5\nNoise\n"
    return _sample("100 MiB of noise", folder, head + b"".join(files))


def _sample(name: str, folder: Path, stream: bytes) -> Sample:
    subprocess.run(["git", "init", "-q", "--bare", "-b", "main", folder], check=True)
    _git(folder, "fast-import", "--quiet", given=stream)
    tip = _git(folder, "rev-parse", "main").decode().strip()
    pack = _git(folder, "pack-objects", "--quiet", "--revs", "--stdout", given=f"{tip}\n".encode())
    command = f"{NOTHING} {tip} refs/heads/main\0report-status side-band-64k".encode()
    lines = [b"thin-pack\n", b"no-progress\n", b"ofs-delta\n", f"want {tip}\n".encode(), b"done\n"]
    fetch = pkt(b"command=fetch\n") + b"0001" + b"".join(map(pkt, lines)) + FLUSH
    return Sample(name, folder.name, pkt(command) + FLUSH + pack, fetch)


def _git(folder: Path, *arguments: str, given: bytes = b"") -> bytes:
    return subprocess.run(["git", "-C", folder, *arguments], input=given, check=True, capture_output=True).stdout
