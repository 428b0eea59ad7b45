"""Uploading by tus over loopback: wall time beside the same work without HTTP, and the web process's memory."""

import hashlib
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

from benchmarks.report.figures import Comparison, Figure, Runs, time_ratio
from benchmarks.report.table import Table, show_comparisons
from benchmarks.setting.deployment import MIB, project
from benchmarks.setting.running import application, family, read_most_mib
from framework import config
from framework.accounts.lifecycle.operations import create_user
from framework.accounts.signin.tokens import create_token
from framework.repositories import object_keys
from framework.storage.current import store
from framework.uploads.tus.appending import PART_BYTES

SIZE = 100 * MIB
AT_ONCE = 8
GROWTH_MIB = 32
SLOWER = 2.0
FLOOR = "the same without HTTP"
ROUNDS = 3
PIECE_BYTES = 1 << 18


@dataclass(frozen=True)
class _Server:
    port: int
    token: str

    def upload(self, file: Path) -> None:
        """Send the file in one request, to the answer."""
        headers = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}"}
        location = self._ask("POST", "/api/v1/uploads", headers | {"Upload-Length": str(SIZE)})
        more = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0", "Content-Length": str(SIZE)}
        self._ask("PATCH", location, headers | more, file)

    def _ask(self, method: str, address: str, headers: dict[str, str], file: Path | None = None) -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=600, blocksize=PIECE_BYTES)
        with file.open("rb") if file else open(os.devnull, "rb") as body:  # noqa: PTH123
            connection.request(method, address, body if file else None, headers)
            answer = connection.getresponse()
            answer.read()
        connection.close()
        if answer.status >= 300:
            raise RuntimeError(f"{method} {address}: {answer.status}")
        return answer.headers.get("Location", "")


def tabulate() -> Table:
    """Wall time of a file of 100 MiB with HTTP, and memory of eight at once."""
    return show_comparisons("upload over loopback", [measure()])


def measure() -> Comparison:
    """One file of 100 MiB by itself, then eight at the same time, into one web process."""
    with project() as made:
        file = made.noise("large", SIZE).file
        user = create_user(name="bench-user", email="bench@example.org", password=object_keys.new_id())
        token = create_token(user.id, "bench", ["write"])
        with application({"HOLDFAST_DATA": str(config.current().data)}) as running:
            server = _Server(running.port, token)
            server.upload(file)
            rounds = [(_seconds(lambda: server.upload(file)), _seconds(lambda: _floor(file))) for _ in range(ROUNDS)]
            http, floor = (Runs(times) for times in zip(*rounds, strict=True))
            _gunicorn, web = family(running.process_id)
            before = read_most_mib(web)
            with ThreadPoolExecutor(AT_ONCE) as pool:
                list(pool.map(server.upload, [file] * AT_ONCE))
            growth = (read_most_mib(web) - before) / AT_ONCE
    work = "100 MiB by tus"
    figures = [
        time_ratio(work, http, FLOOR, floor, most=SLOWER),
        Figure(f"memory for each of {AT_ONCE} uploads at once", growth, "MiB", GROWTH_MIB),
    ]
    return Comparison(work, http, {FLOOR: floor}, figures)


def _floor(file: Path) -> None:
    """The same parts read, hashed and stored, one after the other."""
    with file.open("rb") as source:
        while part := source.read(PART_BYTES):
            store().put(f"uploads/bench/{object_keys.new_id()}", part, sha256=hashlib.sha256(part).hexdigest())


def _seconds(work: Callable[[], None]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
