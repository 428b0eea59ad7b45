"""Pushes and clones beside `git http-backend` behind nginx on the same machine, in pairs, one after the other.

Each is all that git asks for: the refs, then the objects, into a repository that is there and empty. Both check what is
pushed (`receive.fsckObjects`). Only we make a repository where there is none; what that adds is told beside.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from statistics import fmean
from tempfile import TemporaryDirectory

from benchmarks.git.samples import Sample, make_files, make_history, make_noise, make_refs
from benchmarks.report.figures import OURS, Comparison, Runs, cpu_ratio, speed
from benchmarks.report.table import Table, show_comparisons
from benchmarks.setting.git_servers import GitServer, Spent, backend, ours
from framework.gitcore.pkt_line import FLUSH

BACKEND = "http-backend"
PUSH_SPEED, FETCH_SPEED, FETCH_CPU = 0.9, 0.97, 1.1
LONG = "20,000 commits"
PAIRS = {"100 files": 15, LONG: 3, "100 MiB of noise": 3, "5,000 refs": 2}
"""How often each repository is pushed and cloned; what takes long, less often."""
LIGHT_PAIRS = 100
"""What takes a few milliseconds, of which the kernel counts the CPU in steps of ten."""


def tabulate() -> Table:
    """Each push and each fetch with both servers, our speed in theirs, and our CPU in theirs."""
    return show_comparisons("beside git http-backend behind nginx", list(measure()))


def measure() -> Iterator[Comparison]:
    """Pushes of four repositories, clones of those with one branch, and lighter fetches of the long history."""
    with TemporaryDirectory() as folder, ours() as mine, backend() as other:
        for make in (make_files, make_history, make_noise, make_refs):
            sample = make(Path(folder) / make.__name__.replace("_", "-"))
            yield _push(sample, (mine, other))
            if make is make_files:
                yield _create(sample, mine)
            if make is not make_refs:
                yield from _fetch(sample, (mine, other))


def _push(sample: Sample, servers: Sequence[GitServer]) -> Comparison:
    work = f"push of {sample.name}"
    mine, theirs = _take_turns(servers, partial(_push_once, sample), PAIRS[sample.name])
    goals = (speed(work, mine, BACKEND, theirs, least=PUSH_SPEED), cpu_ratio(work, mine, BACKEND, theirs))
    return Comparison(work, mine, {BACKEND: theirs}, goals)


def _create(sample: Sample, mine: GitServer) -> Comparison:
    """The same where the push makes its project, in turns with one into a project that is there."""

    def push(server: GitServer, number: int) -> Spent:
        kind = "made" if server.prepare is _leave_to_push else "there"
        return _push_once(replace(sample, key=f"{sample.key}-{kind}"), server, number)

    making = replace(mine, prepare=_leave_to_push)
    made, there = _take_turns((making, mine), push, PAIRS[sample.name])
    work, peer = f"push of {sample.name} that makes its project", f"{OURS}, into one that is there"
    return Comparison(work, made, {peer: there}, (cpu_ratio(work, made, peer, there),))


def _leave_to_push(_name: str) -> None:
    """Prepare nothing."""


def _fetch(sample: Sample, servers: Sequence[GitServer]) -> Iterator[Comparison]:
    fetches = {f"clone of {sample.name}": (PAIRS[sample.name], [sample.ls_refs, sample.clone])}
    if sample.name == LONG:
        fetches[f"shallow clone of {sample.name}"] = (LIGHT_PAIRS, [sample.ls_refs, sample.shallow])
        fetches["fetch of nothing new"] = (LIGHT_PAIRS, [sample.ls_refs])
    for work, (pairs, bodies) in fetches.items():
        mine, theirs = _take_turns(servers, partial(_fetch_once, sample, bodies), pairs)
        goals = (
            speed(work, mine, BACKEND, theirs, least=FETCH_SPEED),
            cpu_ratio(work, mine, BACKEND, theirs, most=FETCH_CPU),
        )
        yield Comparison(work, mine, {BACKEND: theirs}, goals)


def _take_turns(servers: Sequence[GitServer], act: Callable[[GitServer, int], Spent], pairs: int) -> tuple[Runs, Runs]:
    """Ours and theirs: each pair begins with the other server; the first warms up; some more count the CPU."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(pairs + 1):
        for side in (0, 1) if number % 2 else (1, 0):
            spent = act(servers[side], number)
            seconds[side].extend([spent.wall_seconds] if number else [])
    counted = [server.count_programs() for server in servers]
    numbers = range(pairs + 1, pairs + 1 + max(2, pairs // 2))
    cpu = [fmean(act(server, number).cpu_seconds for number in numbers) for server in counted]
    return Runs(seconds[0], cpu[:1]), Runs(seconds[1], cpu[1:])


def _push_once(sample: Sample, server: GitServer, number: int) -> Spent:
    name = f"{sample.key}-{number}"
    server.prepare(name)
    spent = server.exchange(name, "git-receive-pack", [sample.push])
    assert b"ok refs/heads/" in spent.answer, spent.answer
    assert b"ng refs/heads/" not in spent.answer, spent.answer
    return spent


def _fetch_once(sample: Sample, bodies: Sequence[bytes], server: GitServer, _number: int) -> Spent:
    spent = server.exchange(f"{sample.key}-1", "git-upload-pack", bodies)
    assert spent.answer.endswith(FLUSH)
    return spent
