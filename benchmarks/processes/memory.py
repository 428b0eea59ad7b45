"""How much memory a web and a worker dyno take while eight people work at once: pages, uploads, pushes, clones."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table
from benchmarks.setting.dynos import running_dynos
from benchmarks.setting.people import Person
from tests.servers.memory import watch_memory

MIB = 1 << 20
PEOPLE = 8
ROUNDS = 2
LARGE_BYTES, SMALL_FILES = 8 * MIB, 20
SETTLES_SECONDS = 5
LIMIT_MIB = 400


@dataclass(frozen=True)
class Dyno:
    """The processes of one dyno: what they took at rest, at most (git's part of it), and at the end, in MiB."""

    name: str
    rest_mib: float
    most_mib: float
    git_mib: float
    after_mib: float
    limit_mib: float | None = None


def tabulate() -> Table:
    """What a web dyno and a worker dyno take while eight people work at once."""
    dynos = list(measure())
    lines = [
        f"{it.name:<48}{it.rest_mib:>6.0f}{it.most_mib:>6.0f}{it.git_mib:>8.0f}{it.after_mib:>6.0f}"
        f"{it.limit_mib or '':>6}"
        for it in dynos
    ]
    return Table(
        f"{'eight people at once, MiB of a dyno (PSS)':<48}{'rest':>6}{'most':>6}{'of git':>8}{'after':>6}{'limit':>6}",
        lines,
        [asdict(dyno) for dyno in dynos],
        [Figure(f"{it.name}: most memory", it.most_mib, "MiB", it.limit_mib) for it in dynos if it.limit_mib],
    )


def measure() -> Iterator[Dyno]:
    """Both dynos with the button's settings, and a web dyno with two processes."""
    web, background = _work_with(1)
    yield replace(web, name="web, WEB_CONCURRENCY=1", limit_mib=LIMIT_MIB)
    yield replace(background, name="worker, WORKER_CONCURRENCY=1", limit_mib=LIMIT_MIB)
    web, background = _work_with(2)
    yield replace(web, name="web, WEB_CONCURRENCY=2")
    yield replace(background, name="worker, WORKER_CONCURRENCY=2")


def _work_with(processes: int) -> list[Dyno]:
    """The web dyno and the worker dyno with so many processes each."""
    concurrency = {"WEB_CONCURRENCY": str(processes), "WORKER_CONCURRENCY": str(processes)}
    with (
        running_dynos(**concurrency) as dynos,
        watch_memory(dynos.web.pid) as of_web,
        watch_memory(dynos.worker.pid) as of_worker,
    ):
        people = dynos.invite(PEOPLE)
        people[0].open("/explore")
        time.sleep(SETTLES_SECONDS)
        rests = [seen.last_bytes for seen in (of_web, of_worker)]
        with ThreadPoolExecutor(PEOPLE) as threads:
            list(threads.map(_work, people))
        return [
            Dyno("", rest / MIB, seen.most_bytes / MIB, seen.most["git"] / MIB, seen.last_bytes / MIB)
            for rest, seen in zip(rests, (of_web, of_worker), strict=True)
        ]


def _work(person: Person) -> None:
    """Upload a large file and many small ones in one form, look at it, clone, push, and download everything."""
    person.sign_up()
    for number in range(ROUNDS):
        notes = {f"notes-{number}-{each}.txt": b"some lines\n" * 500 for each in range(SMALL_FILES)}
        person.upload({f"large-{number}": os.urandom(LARGE_BYTES), **notes})
        for page in ("", "/commits/main", f"/blob/main/notes-{number}-3.txt", "/tree/main"):
            person.open(person.project + page)
        person.push(person.clone(f"clone-{number}"), f"pushed-{number}", LARGE_BYTES)
        person.open(f"{person.project}/archive/main.zip")
