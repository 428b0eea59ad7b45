"""Fifty people who open the page of one cold project at the same time, beside one: S3 is 30 ms away."""

import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from threading import Barrier
from urllib.parse import urlsplit

from benchmarks.report.figures import Figure, ratios
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.history import MIB, Shape
from benchmarks.setting.served import TIMES, Bench, served
from benchmarks.storage.cold import count_store_requests

READERS = 50
SLOWER = 1.5
"""How much longer the median of fifty may wait for the first byte than one reader does."""
SHAPE = Shape(commits=200, small_files=500, large_files=1, opened_bytes=MIB, all_large_bytes=MIB)


def tabulate() -> Table:
    """The wait for the first byte, and the requests that all of them cost."""
    return show_figures(f"{READERS} readers of a cold project, S3 at 30 ms", list(measure()))


def measure() -> Iterator[Figure]:
    """One reader and fifty, in turns, the project being cold before each."""
    with served(SHAPE) as bench:
        _read(bench, 1)
        turns = [(_read(bench, 1), _read(bench, READERS)) for _ in range(TIMES)]
    one, many = ([turn[side][0] for turn in turns] for side in (0, 1))
    beyond = [asked_by_many - asked for (_wait, asked), (_longer, asked_by_many) in turns]
    yield Figure.of_runs("first byte for one reader", one, "ms")
    yield Figure.of_runs(f"first byte for the median of {READERS}", many, "ms")
    yield Figure.of_runs(f"first byte for the median of {READERS}, one reader = 1", ratios(many, one), "x", SLOWER)
    yield Figure.of_runs(f"requests to the store of {READERS} beyond those of one", beyond, "", 0)


def _read(bench: Bench, readers: int) -> tuple[float, float]:
    """The median wait for the first byte of the page in ms, and the requests to the store, the project being cold."""
    bench.sleep()
    before, together = count_store_requests(bench), Barrier(readers)
    with ThreadPoolExecutor(readers) as pool:
        waits = list(pool.map(lambda _reader: _wait_for_first_byte(bench, together), range(readers)))
    return statistics.median(waits) * 1000, count_store_requests(bench) - before


def _wait_for_first_byte(bench: Bench, together: Barrier) -> float:
    address = urlsplit(bench.address)
    connection = HTTPConnection(address.hostname or "", address.port, timeout=600)
    connection.connect()
    together.wait()
    began = time.perf_counter()
    connection.request("GET", address.path)
    answer = connection.getresponse()
    answer.read(1)
    waited = time.perf_counter() - began
    answer.read()
    connection.close()
    assert answer.status == 200
    return waited
