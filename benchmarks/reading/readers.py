"""Fifty people who open the page of one cold project at the same time, beside one: S3 is 30 ms away."""

import socket
import statistics
import time
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from selectors import EVENT_READ, DefaultSelector
from typing import cast
from urllib.parse import urlsplit

from benchmarks.report.figures import Figure, ratios
from benchmarks.report.table import Table, show_figures
from benchmarks.setting.history import MIB, Shape
from benchmarks.setting.reader import RECEIVED_BYTES, compose_request, connect, is_page
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
    """One reader and fifty, in turns, the project being cold before each; the server has had a crowd before."""
    with served(SHAPE) as bench:
        _read(bench, READERS)
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
    before = count_store_requests(bench)
    waits = _wait_for_first_bytes(bench, readers)
    return statistics.median(waits) * 1000, count_store_requests(bench) - before


def _wait_for_first_bytes(bench: Bench, readers: int) -> Iterable[float]:
    """The seconds from each reader's request until their first byte; all are connected, then ask one after another."""
    address, began, waited = urlsplit(bench.address), dict[socket.socket, float](), dict[socket.socket, float]()
    assert address.port
    asked = compose_request(address.netloc, address.path)
    with ExitStack() as open_ones, DefaultSelector() as selector:
        crowd = [open_ones.enter_context(connect(address.port)) for _reader in range(readers)]
        for connection in crowd:
            selector.register(connection, EVENT_READ)
            began[connection] = time.perf_counter()
            connection.sendall(asked)
        while len(waited) < readers:
            for connection in [cast("socket.socket", key.fileobj) for key, _events in selector.select()]:
                waited[connection] = time.perf_counter() - began[connection]
                answer = connection.recv(RECEIVED_BYTES)
                assert is_page(answer), answer[:200]
                selector.unregister(connection)
    return waited.values()
