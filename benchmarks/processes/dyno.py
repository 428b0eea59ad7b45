"""Eight people with a dyno of 512 MB that has two web processes: they look at pages, upload and clone for five minutes.

Each thinks for some seconds before each look. The worker and the servers are on other dynos, and are not counted.
"""

import os
import random
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from statistics import median, quantiles
from subprocess import CalledProcessError

import requests

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.dynos import Dynos, running_dynos
from benchmarks.setting.people import Person
from benchmarks.setting.running import family, read_cpu_seconds
from tests.browse.kinds.specimens import SPECIMENS
from tests.servers.memory import watch_memory

MIB = 1 << 20
PEOPLE, MINUTES, WEB_PROCESSES = 8, 5, 2
THINK_SECONDS = (1.0, 5.0)
LOOKS_BEFORE = {"upload": 8, "clone": 6}
"""How many pages somebody looks at before each."""
LARGE_BYTES, SMALL_FILES = 2 * MIB, 20
LOOKS_AT_MEMORY_EVERY_SECONDS = 0.25
MOST_P99_MS, MOST_MIB, MOST_GROWTH_MIB = 500, 450, 16
PLACES = (
    *("", "/tree/main", "/tree/main/notes", "/blob/main/readme.md", "/blob/main/notes/3.txt", "/commits/main"),
    *("/commit/main", "/blame/main/notes/3.txt", "/branches", "/activity"),
    *(f"/blob/main/{name}" for name in ("survey.csv", "book.ipynb", "lake.jpg", "field.xlsx")),
)
ELSEWHERE = ("/", "/explore", "/inbox")


@dataclass
class Journal:
    """What people had: milliseconds of pages, seconds of uploads and of clones, and errors.

    `core_percent` is what the dyno's processes took meanwhile.
    """

    pages: list[float] = field(default_factory=list)
    uploads: list[float] = field(default_factory=list)
    clones: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    core_percent: float = 0.0

    @contextmanager
    def timed(self, kept: list[float], unit_seconds: float) -> Iterator[None]:
        """Keep how long the block takes, or the error that it ends with."""
        began = time.perf_counter()
        try:
            yield
        except (AssertionError, CalledProcessError, requests.RequestException) as error:
            self.errors.append(repr(error))
        else:
            kept.append((time.perf_counter() - began) / unit_seconds)


def tabulate() -> Table:
    """Errors, times, and the web dyno's memory (PSS) in each minute."""
    with running_dynos(WEB_CONCURRENCY=str(WEB_PROCESSES), WORKER_CONCURRENCY="1") as dynos:
        journal, minutes = _work(dynos)
    table = show_figures(f"{PEOPLE} people, {MINUTES} minutes, a dyno of 512 MB", list(_figures(journal, minutes)))
    return replace(table, lines=[*table.lines, *sorted(set(journal.errors))])


def _work(dynos: Dynos) -> tuple[Journal, Sequence[Sequence[int]]]:
    """What the people had, and in each minute the bytes that the dyno took whenever it was looked at."""
    people, journal, minutes = dynos.invite(PEOPLE), Journal(), list[list[int]]()
    with ThreadPoolExecutor(PEOPLE) as threads:
        list(threads.map(_begin, people))
        ends_at, before = time.monotonic() + MINUTES * 60, _cpu_seconds(dynos)
        working = [threads.submit(_use, number, people, journal, ends_at) for number in range(PEOPLE)]
        for minute in reversed(range(MINUTES)):
            with watch_memory(dynos.web.pid, every_seconds=LOOKS_AT_MEMORY_EVERY_SECONDS) as seen:
                time.sleep(max(0, ends_at - minute * 60 - time.monotonic()))
            minutes.append(seen.looks)
        journal.core_percent = (_cpu_seconds(dynos) - before) * 100 / (MINUTES * 60)
        for one in working:
            one.result()
    return journal, minutes


def _cpu_seconds(dynos: Dynos) -> float:
    return sum(map(read_cpu_seconds, family(dynos.web.pid)))


def _figures(journal: Journal, minutes: Sequence[Sequence[int]]) -> Iterator[Figure]:
    yield Figure("errors", len(journal.errors), "", 0)
    yield Figure("pages", len(journal.pages), "")
    yield Figure.of_runs("a page", journal.pages, "ms")
    yield Figure("99 of 100 pages take at most", quantiles(journal.pages, n=100)[-1], "ms", MOST_P99_MS)
    yield Figure.of_runs(f"an upload of {SMALL_FILES + 1} files", journal.uploads, "s")
    yield Figure.of_runs("a clone", journal.clones, "s")
    yield Figure("all of it, of a core", journal.core_percent, "% CPU")
    for number, looks in enumerate(minutes, 1):
        yield Figure.of_runs(f"memory in minute {number}", [each / MIB for each in looks], "MiB")
    yield Figure("most memory", max(max(looks) for looks in minutes) / MIB, "MiB", MOST_MIB)
    growth = (median(minutes[-1]) - median(minutes[1])) / MIB
    yield Figure(f"growth from minute 2 to minute {MINUTES}", growth, "MiB", MOST_GROWTH_MIB)


def _begin(person: Person) -> None:
    person.sign_up()
    person.upload({name: content for name, (content, _words) in SPECIMENS.items()} | _notes(0))


def _use(number: int, people: Sequence[Person], journal: Journal, ends_at: float) -> None:
    """Look around at one's own and at others' projects, and now and then upload or clone, until the time is over."""
    person, chance, rounds = people[number], random.Random(number), 0  # noqa: S311 - no secret
    while True:
        rounds += 1
        for act, looks in LOOKS_BEFORE.items():
            for _look in range(looks):
                time.sleep(chance.uniform(*THINK_SECONDS))
                if time.monotonic() > ends_at:
                    return
                _look_at(person, _choose(chance, people), journal)
            if act == "upload":
                with journal.timed(journal.uploads, 1):
                    person.upload({f"large-{rounds}": os.urandom(LARGE_BYTES), **_notes(rounds)})
            else:
                with journal.timed(journal.clones, 1):
                    person.clone(f"clone-{rounds}")


def _choose(chance: random.Random, people: Sequence[Person]) -> str:
    return chance.choice([*ELSEWHERE, *(chance.choice(people).project + place for place in PLACES)])


def _look_at(person: Person, page: str, journal: Journal) -> None:
    with journal.timed(journal.pages, 0.001):
        person.open(page)


def _notes(number: int) -> dict[str, bytes]:
    return {f"notes/{each}.txt": f"line of {number}\n".encode() * 500 for each in range(SMALL_FILES)} | {
        "readme.md": f"# Version {number}\n\nSome *text*.\n".encode() * 20
    }
