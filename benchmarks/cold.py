"""Cold projects behind gunicorn, with the S3 service 30 ms away: pages, files, clones, the mission's three steps.

What has to be at least a share of a plain download is measured in turns with it, and the best of each is compared:
other programs on the same machine slow both.
"""

import base64
import http.client
import os
import re
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import requests as browser

from benchmarks import history
from benchmarks.distance import distant
from benchmarks.history import MIB, Shape
from framework import config
from framework.accounts.operations import create_user
from framework.config import Config
from framework.database import engine
from framework.projects.access import ProjectAccess
from framework.projects.operations import create_project
from framework.repositories import eviction, keys
from framework.repositories.copy import opened
from framework.repositories.marker import FULL, read_marker
from framework.repositories.snapshot import read_snapshot_and_packs
from framework.storage import current
from framework.storage.current import store
from tests.servers import deployments
from tests.servers.gunicorn import LiveServer, gunicorn
from tests.servers.run import Run

PASSWORD = "of no value outside of the benchmark"  # noqa: S105
TOKEN = "the benchmark's"  # noqa: S105
TIMES = 5
MISSION_TIMES = 10
TURNS = 3
CONNECTIONS = 16
PART_BYTES = 16 * MIB


@dataclass(frozen=True)
class Figure:
    """What was measured, in this unit, and what it may be at most (or at least, where `at_least` says so)."""

    name: str
    value: float
    unit: str
    limit: float | None = None
    at_least: bool = False

    @property
    def holds(self) -> bool:
        """Whether the figure keeps its limit."""
        if self.limit is None:
            return True
        return self.value >= self.limit if self.at_least else self.value <= self.limit


@dataclass(frozen=True)
class Bench:
    """The application at work, somebody who is signed in, and a project of 1 GB."""

    server: LiveServer
    project: ProjectAccess
    person: browser.Session

    @property
    def address(self) -> str:
        """The project's page."""
        return self.server.url + self.project.path

    def sleep(self) -> None:
        """Have the project cold: its copy is dropped, here and on all machines, of which there is one."""
        while not eviction.evict(self.project.repository_id):
            time.sleep(0.05)

    def when_cold(self, measured: Callable[[], float]) -> list[float]:
        """What is measured some times, the project being cold before each."""
        found = []
        for _ in range(TIMES):
            self.sleep()
            found.append(measured())
        return found


def measure(shape: Shape | None = None) -> list[Figure]:
    """Every figure; takes some minutes, most of them for the making of the project."""
    with _bench(shape or Shape()) as bench:
        return [*_mission(bench), *_first_page(bench), *_opened_file(bench), *_clone(bench)]


def _first_page(bench: Bench) -> Iterator[Figure]:
    browser.get(f"{bench.server.url}/explore", timeout=60)
    cold = bench.when_cold(lambda: _timed(lambda: _page(bench)))
    yield Figure("first page of a cold project of 1 GB", statistics.median(cold) * 1000, "ms", 400)
    marker = read_marker(eviction.copy_path(bench.project.repository_id))
    _snapshot, packs = read_snapshot_and_packs(bench.project.repository_id)
    share = (marker.size_bytes if marker else 0) / sum(pack.pack_bytes + pack.idx_bytes for pack in packs)
    yield Figure("the bytes that it fetched, of all", share * 100, "%", 2)
    warm = [_timed(lambda: _page(bench)) for _ in range(TIMES)]
    yield Figure("the same page, warm", statistics.median(warm) * 1000, "ms")


def _page(bench: Bench) -> None:
    assert "src" in browser.get(bench.address, timeout=60).text


def _opened_file(bench: Bench) -> Iterator[Figure]:
    """From a click on the project's page; and from a link by mail, when nothing is here."""
    path = f"{bench.project.path}/raw/main/videos/opened"
    _page(bench)
    firsts = [_stream(bench, "GET", path)[0] for _ in range(TIMES)]
    yield Figure(
        "first byte of a 50 MB file of a project whose page was opened", statistics.median(firsts) * 1000, "ms", 200
    )
    cold = bench.when_cold(lambda: _stream(bench, "GET", path)[0])
    yield Figure("first byte of the file by a link, nothing is here", statistics.median(cold) * 1000, "ms")


def _clone(bench: Bench) -> Iterator[Figure]:
    """The bytes of the answer are those of the packs, within a percent: noise does not shrink."""
    turns = [_turn(bench) for _ in range(TURNS)]
    plain, waking = min(turn.plain_seconds for turn in turns), min(turn.waking_seconds for turn in turns)
    clone, first = min(turn.clone_seconds for turn in turns), min(turn.first_byte_seconds for turn in turns)
    yield Figure("a plain parallel download of all its packs", plain, "s")
    yield Figure("rate of waking all of it, in that of the download", plain / waking, "x", 0.8, at_least=True)
    yield Figure("a clone sends its first byte", first, "s", 1)
    yield Figure("a clone ends", clone, "s")
    yield Figure("rate of the clone, in that of the download", plain / clone, "x", 0.8, at_least=True)


@dataclass(frozen=True)
class Turn:
    """Seconds that each way of getting everything took, one after the other."""

    plain_seconds: float
    waking_seconds: float
    first_byte_seconds: float
    clone_seconds: float


def _turn(bench: Bench) -> Turn:
    plain = _timed(lambda: _plain_download(bench))
    bench.sleep()
    waking = _timed(lambda: _wake(bench))
    bench.sleep()
    first, whole = _stream(bench, "POST", f"{bench.project.path}.git/git-upload-pack", _fetch_request(bench))
    return Turn(plain, waking, first, whole)


def _wake(bench: Bench) -> None:
    with opened(bench.project.repository_id, FULL):
        pass


def _mission(bench: Bench) -> Iterator[Figure]:
    """init, add 10 small files, commit: in the browser the last two are one upload."""
    made, uploaded = [], []
    before = _store_requests(bench)
    for number in range(MISSION_TIMES):
        made.append(_timed(partial(_submit, bench, "/new", name=f"small-{number}", visibility="private")))
        place = f"/{bench.project.owner}/small-{number}"
        uploaded.append(_timed(partial(_upload, bench, place, _token(bench, place), number)))
    asked = (_store_requests(bench) - before) / MISSION_TIMES
    both = statistics.median(made) + statistics.median(uploaded)
    yield Figure("init (a new project)", statistics.median(made) * 1000, "ms")
    yield Figure("add 10 small files and commit (one upload)", statistics.median(uploaded) * 1000, "ms")
    yield Figure("all three", both * 1000, "ms", 250)
    yield Figure("requests to S3 for all three", asked, "", 3)


def _upload(bench: Bench, place: str, token: str, number: int) -> None:
    files = [("files", (f"file-{file}.txt", f"{number} {file}\n".encode() * 20)) for file in range(10)]
    fields = {"csrf_token": token, "message": "Ten files", "branch": "main", "path": ""}
    answer = bench.person.post(
        f"{bench.server.url}{place}/upload/main", data=fields, files=files, allow_redirects=False
    )
    assert answer.status_code in {302, 303}, answer.text


def _submit(bench: Bench, page: str, **fields: str) -> None:
    token = _token(bench, page)
    answer = bench.person.post(bench.server.url + page, data={**fields, "csrf_token": token}, allow_redirects=False)
    assert answer.status_code == 302, answer.text


def _token(bench: Bench, page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', bench.person.get(bench.server.url + page).text)
    assert found
    return found[1]


def _store_requests(bench: Bench) -> float:
    text = browser.get(f"{bench.server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).text
    return sum(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith("holdfast_store_requests_total")
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def _stream(bench: Bench, method: str, path: str, body: bytes | None = None) -> tuple[float, float]:
    """Seconds until the answer's first byte and until its last, which are thrown away."""
    address = urlsplit(bench.server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=600)
    headers = {"Git-Protocol": "version=2", "Content-Type": "application/x-git-upload-pack-request"} if body else {}
    started = time.perf_counter()
    connection.request(method, path, body, headers)
    answer = connection.getresponse()
    assert answer.status == 200
    answer.read(1)
    first = time.perf_counter() - started
    while answer.read(MIB):
        pass
    connection.close()
    return first, time.perf_counter() - started


def _fetch_request(bench: Bench) -> bytes:
    """What a clone asks in protocol v2 (gitprotocol-v2(5)): everything that main reaches."""
    snapshot, _packs = read_snapshot_and_packs(bench.project.repository_id)
    lines = [
        b"command=fetch",
        b"0001",
        b"ofs-delta",
        b"want %s\n" % snapshot.refs["refs/heads/main"].encode(),
        b"done\n",
    ]
    return b"".join(line if line == b"0001" else b"%04x%s" % (len(line) + 4, line) for line in lines) + b"0000"


def _plain_download(bench: Bench) -> None:
    """The same objects into a file, in parallel ranges, and nothing else."""
    _snapshot, packs = read_snapshot_and_packs(bench.project.repository_id)
    with TemporaryDirectory() as folder, ThreadPoolExecutor(CONNECTIONS) as pool:
        parts = [
            pool.submit(_plain_part, keys.pack_key(bench.project.repository_id, pack.name), start, Path(folder))
            for pack in packs
            for start in range(0, pack.pack_bytes, PART_BYTES)
        ]
        for part in parts:
            part.result()


def _plain_part(key: str, start: int, folder: Path) -> None:
    with (folder / keys.new_id()).open("wb") as file:
        for chunk in store().stream(key, start, PART_BYTES):
            file.write(chunk)


@contextmanager
def _bench(shape: Shape) -> Iterator[Bench]:
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", owner=os.getpid())
        try:
            with (
                deployments.production_like(run, Path(folder) / "data") as near,
                distant(str(near.s3_endpoint_url)) as far,
            ):
                settings = replace(near, s3_endpoint_url=far, metrics_token=TOKEN, prefetch=False)
                config.use(settings)
                with gunicorn(run, _environment(settings), threads=16) as server:
                    yield _filled(server, Path(folder), shape)
                current.dispose()
                engine.dispose()
        finally:
            run.end()


def _environment(settings: Config) -> dict[str, str]:
    variables = {**deployments.environment(settings), "PREFETCH": "off"}
    return {name: value for name, value in variables.items() if name not in {"BASE_URL", "PORT"}}


def _filled(server: LiveServer, folder: Path, shape: Shape) -> Bench:
    alice = create_user(name="alice", email="alice@example.org", password=PASSWORD)
    project = create_project(alice, name="cold", description="", visibility="public")
    made = history.make(folder, shape)
    bearer = base64.b64encode(f"alice:{PASSWORD}".encode()).decode()
    header = f"http.extraHeader=Authorization: Basic {bearer}"
    push = ["git", "-C", str(made), "-c", header, "-c", "http.postBuffer=1048576", "push", "-q"]
    subprocess.run([*push, f"{server.url}{project.path}.git", "main"], check=True)
    bench = Bench(server, project, browser.Session())
    _submit(bench, "/login", username=alice.name, password=PASSWORD)
    return bench
