"""What `make run` takes: seconds until it answers, memory at rest, and that of a web process after work."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from http.client import HTTPConnection
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory

import requests as browser

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.running import ROOT, family, free_port, read_cpu_seconds

MIB = 1 << 20
REQUESTS, CLIENTS = 10_000, 4
SETTLES_SECONDS = 10
PASSWORD = "of no value outside of the benchmark"  # noqa: S105
PAGES = (
    *(
        "",
        "/tree/main/folder-1",
        "/blob/main/folder-1/notes-3.txt",
        "/blob/main/README.md",
        "/commits/main",
        "/branches",
    ),
    *("/raw/main/folder-1/notes-3.txt", "/blame/main/README.md", "/archive/main.zip", "/activity", "/tags"),
    ".git/info/refs?service=git-upload-pack",
)
EVERYWHERE = ("/", "/explore", "/login", "/signup", "/help", "/api/v1/projects", "/nowhere")


def tabulate() -> Table:
    """Seconds of two starts, and MiB of each kind of process and of all (PSS)."""
    return show_figures("make run", list(measure()))


def measure() -> Iterator[Figure]:
    """A web server alone; then everything, started twice, at rest and after 10,000 requests."""
    with TemporaryDirectory() as folder:
        data = Path(folder) / "data"
        with _running(data, "tools/run.py", "run"):
            pass
        with _running(data, "-m", "gunicorn", "app:app") as (_port, process_id, seconds):
            yield Figure("a web server to its first answer", seconds, "s", 1.5)
            cpu_seconds = sum(map(read_cpu_seconds, family(process_id)))
            yield Figure("a web server to its first answer, of the processors", cpu_seconds, "s", 1.5)
        with _running(data, "tools/run.py", "run") as (port, process_id, seconds):
            yield Figure("a second `make run` to its first answer", seconds, "s", 4)
            time.sleep(SETTLES_SECONDS)
            yield from _at_rest(process_id)
            _use(port)
            after = max(_bytes_of(web) for web in _servers(process_id, "gunicorn"))
            yield Figure(f"a web process after {REQUESTS:,} mixed requests", after / MIB, "MiB", 130)


def _at_rest(process_id: int) -> Iterator[Figure]:
    webs, workers = (_servers(process_id, program) for program in ("gunicorn", "celery"))
    yield Figure("a web process at rest", max(map(_bytes_of, webs)) / MIB, "MiB", 90)
    yield Figure("a process of the worker at rest, the scheduler in it", max(map(_bytes_of, workers)) / MIB, "MiB", 100)
    yield Figure("everything at rest", sum(map(_bytes_of, family(process_id))) / MIB, "MiB", 350)


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


def _bytes_of(process_id: int) -> int:
    """The proportional set size, in which shared pages count once (proc(5)); 0 when the process has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        lines = Path(f"/proc/{process_id}/smaps_rollup").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
    return 0


def _use(port: int) -> None:
    """Sign up, make a project of a few files and versions, and ask for everything in turn."""
    site = f"http://localhost:{port}"
    person = browser.Session()
    _submit(person, f"{site}/signup", username="ann", email="ann@example.org", password=PASSWORD)
    _submit(person, f"{site}/login", username="ann", password=PASSWORD)
    _submit(person, f"{site}/new", name="work", description="", visibility="public")
    for number in range(5):
        _upload(person, f"{site}/ann/work/upload/main/", number)
    addresses = [site + page for page in EVERYWHERE] + [f"{site}/ann/work{page}" for page in PAGES]
    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(_ask, [(addresses, dict(person.cookies), REQUESTS // CLIENTS)] * CLIENTS))


def _ask(work: tuple[list[str], dict[str, str], int]) -> None:
    """Half of the requests as the person, half as a stranger."""
    addresses, cookies, count = work
    person, stranger = browser.Session(), browser.Session()
    person.cookies.update(cookies)
    for number, address in enumerate(islice(cycle(addresses), count)):
        answer = (person, stranger)[number % 2].get(address)
        assert answer.status_code < 500, (address, answer.status_code)


def _upload(person: browser.Session, page: str, number: int) -> None:
    files = [("files", (f"folder-{number}/notes-{each}.txt", b"some lines\n" * 500)) for each in range(20)]
    files.append(("files", ("README.md", f"# Version {number}\n\nSome *text*.\n".encode() * 20)))
    _submit(person, page, files=files, message="More", branch="main", path="")


def _submit(person: browser.Session, page: str, *, files: object = None, **fields: str) -> None:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', person.get(page).text)
    assert found, page
    answer = person.post(page, {**fields, "csrf_token": found[1]}, files=files, allow_redirects=False)  # type: ignore[arg-type]
    assert answer.status_code in {200, 302, 303}, answer.text
