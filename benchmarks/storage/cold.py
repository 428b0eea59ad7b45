"""Cold projects behind gunicorn, with the S3 service 30 ms away: pages, files, clones.

The project is archived first, as a cold one is. What has to be at least a share of a plain download is measured in
turns with it, and the best of each is compared: other programs on the same machine slow both. A clone, in git's
protocol or from a bundle, is sent what the store has while it arrives.
"""

import http.client
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import astuple, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import urlsplit

import requests as browser

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.history import MIB, Shape
from benchmarks.setting.served import TIMES, TOKEN, Bench, served
from framework.repositories import object_keys
from framework.repositories.cache import eviction
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.marker import FULL, read_marker
from framework.repositories.catalog.snapshot import read_snapshot_and_packs
from framework.storage.current import store

TURNS = 3
OVER_WARM_MS = 60
CONNECTIONS = 16
PART_BYTES = 16 * MIB


def tabulate() -> Table:
    """What a cold project of 1 GB costs whoever opens it; shares and counts are exact, times are this machine's."""
    return show_figures("S3 at 30 ms", measure())


def measure(shape: Shape | None = None) -> list[Figure]:
    """Every figure; takes some minutes, most of them for the making of the project."""
    with served(shape or Shape()) as bench:
        return [*_first_page(bench), *_opened_file(bench), *_clone(bench)]


def _first_page(bench: Bench) -> Iterator[Figure]:
    browser.get(f"{bench.server.url}/explore", timeout=60)
    cold = bench.when_cold(lambda: _timed(lambda: _page(bench)) * 1000)
    yield Figure.of_runs("first page of a cold project of 1 GB", cold, "ms", 400)
    marker = read_marker(eviction.copy_path(bench.project.repository_id))
    _snapshot, packs = read_snapshot_and_packs(bench.project.repository_id)
    share = (marker.size_bytes if marker else 0) / sum(pack.pack_bytes + pack.idx_bytes for pack in packs)
    yield Figure("the bytes that it fetched, of all", share * 100, "%", 2)
    warm = [_timed(lambda: _page(bench)) * 1000 for _ in range(TIMES)]
    yield Figure.of_runs("the same page, warm", warm, "ms")
    over = [one - statistics.median(warm) for one in cold]
    yield Figure.of_runs("what the cold page takes beyond the warm one", over, "ms", OVER_WARM_MS)


def _page(bench: Bench) -> None:
    assert "src" in browser.get(bench.address, timeout=60).text


def _opened_file(bench: Bench) -> Iterator[Figure]:
    """From a click on the project's page; and from a link by mail, when nothing is here."""
    path = f"{bench.project.path}/raw/main/videos/opened"
    _page(bench)
    firsts = [stream(bench, "GET", path)[0] * 1000 for _ in range(TIMES)]
    yield Figure.of_runs("first byte of a 50 MB file of a project whose page was opened", firsts, "ms", 200)
    cold = bench.when_cold(lambda: stream(bench, "GET", path)[0] * 1000)
    yield Figure.of_runs("first byte of the file by a link, nothing is here", cold, "ms")


def _clone(bench: Bench) -> Iterator[Figure]:
    """The bytes of the answer are those of the packs, within a percent: noise does not shrink."""
    turns = [_turn(bench) for _ in range(TURNS)]
    best = Turn(*(min(seconds) for seconds in zip(*map(astuple, turns), strict=True)))
    yield Figure("a plain parallel download of all its packs", best.plain, "s")
    yield _rate("waking all of it", best.plain / best.waking)
    yield Figure("a clone from the bundle sends its first byte", best.bundle_first_byte, "s", 1)
    yield _rate("a clone from the bundle", best.plain / best.bundle)
    yield Figure("a clone in git's protocol sends its first byte", best.clone_first_byte, "s", 1)
    yield _rate("a clone in git's protocol", best.plain / best.clone)


def _rate(name: str, rate: float) -> Figure:
    return Figure(f"rate of {name}, in that of the download", rate, "x", 0.8, at_least=True)


@dataclass(frozen=True)
class Turn:
    """Seconds that each way of getting everything took, one after the other."""

    plain: float
    waking: float
    bundle_first_byte: float
    bundle: float
    clone_first_byte: float
    clone: float


def _turn(bench: Bench) -> Turn:
    plain = _timed(lambda: _plain_download(bench))
    bench.sleep()
    waking = _timed(lambda: _wake(bench))
    bench.sleep()
    bundle = stream(bench, "GET", f"{bench.project.path}.git/bundle")
    bench.sleep()
    clone = stream(bench, "POST", f"{bench.project.path}.git/git-upload-pack", _fetch_request(bench))
    return Turn(plain, waking, *bundle, *clone)


def _wake(bench: Bench) -> None:
    with open_copy(bench.project.repository_id, FULL):
        pass


def count_store_requests(bench: Bench) -> float:
    """How many the server has made since it started."""
    text = browser.get(f"{bench.server.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).text
    return sum(
        float(line.split()[-1]) for line in text.splitlines() if line.startswith("holdfast_store_requests_total")
    )


def _timed(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def stream(bench: Bench, method: str, path: str, body: bytes | None = None) -> tuple[float, float]:
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
            pool.submit(_plain_part, object_keys.pack_key(bench.project.repository_id, pack.name), start, Path(folder))
            for pack in packs
            for start in range(0, pack.pack_bytes, PART_BYTES)
        ]
        for part in parts:
            part.result()


def _plain_part(key: str, start: int, folder: Path) -> None:
    with (folder / object_keys.new_id()).open("wb") as file:
        for chunk in store().stream(key, start, PART_BYTES):
            file.write(chunk)
