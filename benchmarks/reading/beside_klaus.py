"""Pages of a project of 20,000 commits beside klaus, which shows the same repository: both under gunicorn, warm.

Both have as many processes, and each page is read over HTTP: one reader at a time for the medians, in turns, then four
at once for the requests per second. A reader keeps the connection, as browsers do, where the server does.
"""

import re
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.peers.klaus import klaus
from benchmarks.peers.programs import Absent, find_program
from benchmarks.reading.pages import find_tip, make_repository
from benchmarks.report.figures import Comparison, Figure, Runs, cpu_ratio, speed
from benchmarks.report.table import Table, show_comparisons
from benchmarks.setting.importing import import_repository
from benchmarks.setting.reader import Reader
from benchmarks.setting.running import Running, application, family, read_cpu_seconds
from framework import config, rooms
from framework.accounts.lifecycle.operations import create_user
from framework.config import Config
from framework.database import schema
from framework.projects.lifecycle.operations import create_project
from framework.repositories import object_keys
from framework.repositories.cache.commit_graph import write_graph
from tests.servers.application import deployments

KLAUS = "klaus"
GOAL = 3
"""How many times as fast as klaus we have to be, for one reader and for four."""
PROCESSES, CLIENTS = 2, 4
ROUNDS, AT_ONCE = 200, "3s"
"""Of fewer rounds, all of one page fall into one or two seconds, and into what the machine happens to do then."""


@dataclass(frozen=True)
class Site:
    """A server, its connection for one reader at a time, and what its processes have used."""

    server: Running

    def read(self, path: str, times: int) -> list[float]:
        """The seconds that each of so many requests for a page took, one after another on one connection."""
        with closing(Reader(self.server.port)) as reader:
            return [reader.read(path) for _ in range(times)]

    def read_at_once(self, path: str) -> float:
        """Requests per second of four readers: wrk's, since a client in Python takes more of the processors than we do.

        Raises:
            Absent: there is no wrk.
        """
        address = f"http://127.0.0.1:{self.server.port}{path}"
        command = [find_program("wrk"), "--threads", "1", "--connections", str(CLIENTS), "--duration", AT_ONCE, address]
        told = subprocess.run(command, capture_output=True, check=True, text=True, timeout=60).stdout
        found = re.search(r"Requests/sec: +([0-9.]+)", told)
        assert found, told
        assert "Non-2xx" not in told, told
        return float(found[1])

    def count_cpu_seconds(self) -> float:
        """Of all its processes."""
        return sum(map(read_cpu_seconds, family(self.server.process_id)))


def tabulate() -> Table:
    """Each page with both sides, how much faster ours is, and its requests per second beside klaus'."""
    return show_comparisons("pages of 20,000 commits and 5,000 files", list(measure()))


def measure() -> Iterator[Comparison]:
    """Every page."""
    with TemporaryDirectory() as folder:
        source = Path(folder) / "large"
        make_repository(source)
        with _holdfast(Path(folder), source) as ours, klaus(source, processes=PROCESSES) as other:
            sites = (Site(ours), Site(other))
            for page, paths in _pages(find_tip(source)):
                yield _compare(page, sites, paths)


def _pages(sha: str) -> Iterator[tuple[str, Sequence[str]]]:
    """Each page by its paths at both sites."""
    file = "main/folder-7/file-7.py"
    yield "project", ("/bench/large", "/large/")
    yield "folder", ("/bench/large/tree/main/folder-7", "/large/tree/main/folder-7")
    yield "file", (f"/bench/large/blob/{file}", f"/large/blob/{file}")
    yield "commit", (f"/bench/large/commit/{sha}", f"/large/commit/{sha}/")


def _compare(page: str, sites: Sequence[Site], paths: Sequence[str]) -> Comparison:
    for site, path in zip(sites, paths, strict=True):
        site.read(path, 2 * PROCESSES)
    ours, theirs = _read_in_turns(sites, paths)
    figures, absent = [speed(page, ours, KLAUS, theirs, least=GOAL), cpu_ratio(page, ours, KLAUS, theirs)], {}
    try:
        mine, other = (site.read_at_once(path) for site, path in zip(sites, paths, strict=True))
        figures += [
            Figure(f"{page}: requests a second, {KLAUS} = 1", mine / other, "x", GOAL, at_least=True),
            Figure(f"{page}: requests a second for {CLIENTS} readers", mine, "/s"),
        ]
    except Absent as reason:
        absent = {"wrk": str(reason)}
    return Comparison(page, ours, {KLAUS: theirs}, figures, absent)


def _read_in_turns(sites: Sequence[Site], paths: Sequence[str]) -> list[Runs]:
    before = [site.count_cpu_seconds() for site in sites]
    seconds: list[list[float]] = [[], []]
    with closing(Reader(sites[0].server.port)) as ours, closing(Reader(sites[1].server.port)) as theirs:
        for _ in range(ROUNDS):
            for found, reader, path in zip(seconds, (ours, theirs), paths, strict=True):
                found.append(reader.read(path))
    used = [site.count_cpu_seconds() - start for site, start in zip(sites, before, strict=True)]
    return [Runs(found, [cpu / ROUNDS]) for found, cpu in zip(seconds, used, strict=True)]


@contextmanager
def _holdfast(folder: Path, source: Path) -> Iterator[Running]:
    """The repository as a public project on SQLite and a folder, with what the worker prepares after a push."""
    environment = {"HOLDFAST_DATA": f"{folder}/data", "WEB_CONCURRENCY": str(PROCESSES)}
    (folder / "data").mkdir()
    config.use(Config.from_environment(environment))
    rooms.load_models()
    schema.upgrade()
    owner = create_user(name="bench", email="bench@example.org", password=object_keys.new_id())
    project = create_project(owner, name="large", description="", visibility="public")
    import_repository(project.repository_id, source)
    with application(environment) as server:
        Site(server).read("/bench/large?whole=1", 1)
        write_graph(project.repository_id)
        yield server
    deployments.leave()
