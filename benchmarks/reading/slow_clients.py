"""How soon a page comes while many slow clients hold connections to two processes of the web server."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPConnection
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from urllib.parse import urlsplit

from benchmarks.report.figures import Figure
from benchmarks.report.table import Table, show_figures
from tests.servers.application import deployments
from tests.servers.application.gunicorn import gunicorn
from tests.servers.run import Run

SLOW, PAGES = 200, 20
BODY = b"Host: x\r\nContent-Length: 1000000\r\n\r\n"
KINDS = {
    "nobody": None,
    "heads without an end": b"GET / HTTP/1.1\r\nHost: x\r\nX-A: b",
    "forms of which a byte has come": b"POST /login HTTP/1.1\r\n" + BODY + b"x",
    "uploads of which 64 KiB have come": b"POST /api/v1/uploads HTTP/1.1\r\n" + BODY + b"x" * (1 << 16),
    "fetches of which 64 KiB have come": b"POST /a/b.git/git-upload-pack HTTP/1.1\r\n" + BODY + b"x" * (1 << 16),
}


def tabulate() -> Table:
    """How soon a page comes while slow clients hold connections."""
    return show_figures(f"front page, beside {SLOW} slow clients", list(measure()))


def measure() -> Iterator[Figure]:
    """Each kind of slow client."""
    with TemporaryDirectory() as folder:
        run = Run(Path(folder) / "servers", os.getpid())
        with deployments.embedded(run, Path(folder) / "data") as settings:
            given = deployments.environment(settings)
            names = given.keys() - {"BASE_URL", "PORT"}
            with gunicorn(run, {name: given[name] for name in names}, workers=2, threads=16) as server:
                port = urlsplit(server.url).port or 0
                for kind, begun in KINDS.items():
                    yield _measured(kind, begun, port)
        run.end()


def _measured(kind: str, begun: bytes | None, port: int) -> Figure:
    with ExitStack() as open_ones:
        for _number in range(SLOW if begun else 0):
            client = open_ones.enter_context(socket.create_connection(("127.0.0.1", port)))
            client.sendall(begun or b"")
        return Figure.of_runs(kind, [_page_seconds(port) * 1000 for _number in range(PAGES)], "ms")


def _page_seconds(port: int) -> float:
    began = perf_counter()
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", "/")
    connection.getresponse().read()
    connection.close()
    return perf_counter() - began
