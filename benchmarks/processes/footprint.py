"""What `make run` takes: seconds until it answers, memory at rest, and that of a web process after work."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import partial
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import requests as browser

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.people import Person
from benchmarks.setting.running import ROOT, family, free_port, read_cpu_seconds
from framework.browse.render.pictures import is_drawn
from tests.browse.kinds.specimens import SPECIMENS
from tests.servers.memory import proportional_bytes_of

MIB = 1 << 20
STARTS = {"web server": 5, "make run": 3}
REQUESTS, CLIENTS, VERSIONS = 10_000, 4, 20
"""Requests of all clients together, in equal parts after each of the versions, whose pages nobody has seen yet."""
SETTLES_SECONDS = 10
PAGES = (
    *("", "/tree/main/folder-1", "/blob/main/folder-1/notes-3.txt", "/commits/main", "/commit/main", "/branches"),
    *("/raw/main/folder-1/notes-3.txt", "/blame/main/folder-1/notes-3.txt", "/archive/main.zip", "/activity", "/tags"),
    ".git/info/refs?service=git-upload-pack",
)
PREVIEWS = (
    *(f"/blob/main/{name}" for name in SPECIMENS),
    *(f"/picture/main/{name}?size=small" for name in SPECIMENS if is_drawn(name)),
)
EVERYWHERE = ("/", "/explore", "/login", "/signup", "/help", "/api/v1/projects", "/nowhere")


def tabulate() -> Table:
    """Seconds of starts, and MiB of each kind of process and of all (PSS)."""
    return show_figures("make run", list(measure()))


def measure() -> Iterator[Figure]:
    """A web server alone; then everything, started again, at rest and after 10,000 requests."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with _running(data, "tools/run.py", "run"):
            pass
        yield from _web_servers(data)
        seconds = []
        for _start in range(STARTS["make run"] - 1):
            with _running(data, "tools/run.py", "run") as (_port, _process_id, taken):
                seconds.append(taken)
        with _running(data, "tools/run.py", "run") as (port, process_id, taken):
            yield Figure.of_runs("a second `make run` to its first answer", [*seconds, taken], "s", 4)
            time.sleep(SETTLES_SECONDS)
            yield from _at_rest(process_id)
            _use(Person("ann", f"http://localhost:{port}", Path(folder)))
            yield from _after_work(process_id)


def _web_servers(data: Path) -> Iterator[Figure]:
    seconds, cpu_seconds = list[float](), list[float]()
    for _start in range(STARTS["web server"]):
        with _running(data, "-m", "gunicorn", "app:app") as (_port, process_id, taken):
            seconds.append(taken)
            cpu_seconds.append(sum(map(read_cpu_seconds, family(process_id))))
    yield Figure.of_runs("a web server to its first answer", seconds, "s", 1.5)
    yield Figure.of_runs("a web server to its first answer, of the processors", cpu_seconds, "s", 1.5)


def _at_rest(process_id: int) -> Iterator[Figure]:
    webs, workers = (_mib_of(_servers(process_id, program)) for program in ("gunicorn", "celery"))
    yield Figure("a web process at rest", max(webs), "MiB", 90)
    yield Figure("a process of the worker at rest, the scheduler in it", max(workers), "MiB", 100)
    yield Figure("everything at rest", sum(_mib_of(family(process_id))), "MiB", 350)


def _after_work(process_id: int) -> Iterator[Figure]:
    webs, workers = (_mib_of(_servers(process_id, program)) for program in ("gunicorn", "celery"))
    yield Figure(f"a web process after {REQUESTS:,} mixed requests", max(webs), "MiB", 130)
    yield Figure("a process of the worker after them", max(workers), "MiB", 100)
    yield Figure("everything after them", sum(_mib_of(family(process_id))), "MiB")


@contextmanager
def _running(data: Path, *command: str) -> Iterator[tuple[int, int, float]]:
    """What the command starts: where it answers, its process, and how many seconds it took to answer."""
    port = free_port()
    variables = {**os.environ, "PORT": str(port), "HOLDFAST_DATA": str(data), "WEB_CONCURRENCY": "2"}
    with (data.parent / "log").open("wb") as log:
        began = time.monotonic()
        process = subprocess.Popen([sys.executable, *command], cwd=ROOT, env=variables, stdout=log, stderr=log)
        while not _answers(port):
            assert process.poll() is None, (data.parent / "log").read_text()
            time.sleep(0.02)
        try:
            yield port, process.pid, time.monotonic() - began
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _answers(port: int) -> bool:
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def _servers(process_id: int, program: str) -> list[int]:
    """The processes of this program that `process_id` has started."""
    return [found for found in family(process_id) if _runs(found, program)]


def _runs(process_id: int, program: str) -> bool:
    arguments = Path(f"/proc/{process_id}/cmdline").read_bytes().split(b"\0")
    return any(Path(argument.decode()).name == program for argument in arguments[:2])


def _mib_of(process_ids: Iterable[int]) -> list[float]:
    """What each takes (PSS), but for those that have ended meanwhile."""
    found = list[float]()
    for process_id in process_ids:
        with suppress(OSError):
            found.append(proportional_bytes_of(process_id) / MIB)
    return found


def _use(person: Person) -> None:
    """Make a project of files of all kinds, and ask for everything in turn after each of many versions."""
    person.sign_up()
    person.upload({name: content for name, (content, _words) in SPECIMENS.items()})
    addresses = [person.url + page for page in EVERYWHERE]
    addresses += [person.url + person.project + page for page in (*PAGES, *PREVIEWS)]
    with ThreadPoolExecutor(CLIENTS) as threads:
        for number in range(VERSIONS):
            _upload(person, number)
            list(threads.map(partial(_ask, person, addresses, number), range(CLIENTS)))


def _upload(person: Person, number: int) -> None:
    """A file that is seen through the sandbox, and many others."""
    notes = {f"folder-{number % 5}/notes-{each}.txt": b"some lines\n" * 500 for each in range(20)}
    survey, _words = SPECIMENS["survey.csv"]
    person.upload({**notes, "survey.csv": survey + b"another lake;%d;1;;\n" % number})


def _ask(person: Person, addresses: Sequence[str], version: int, client: int) -> None:
    """The share of one client after one version: half of the requests as the person, half as a stranger."""
    signed_in, stranger = browser.Session(), browser.Session()
    signed_in.cookies.update(person.visitor.session.cookies)
    count = REQUESTS // CLIENTS // VERSIONS
    begin = version * count + client * len(addresses) // CLIENTS
    for turn, address in enumerate(islice(cycle(addresses), begin, begin + count), client):
        answer = (signed_in, stranger)[turn % 2].get(address)
        assert answer.status_code < 500, (address, answer.status_code)
