"""The real application under gunicorn, as production runs it."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException

from tests.servers.processes import Process, free_port
from tests.servers.run import ROOT, Run


@dataclass(frozen=True)
class LiveServer:
    """The application at an address that a browser or git can open."""

    url: str
    process: Process
    environment: Mapping[str, str]


@contextmanager
def gunicorn(
    run: Run,
    environment: Mapping[str, str],
    *,
    workers: int = 1,
    threads: int = 8,
    port: int | None = None,
    stack_kib: int | None = None,
) -> Iterator[LiveServer]:
    """The application with these variables; it is asked to stop (SIGTERM) when the block ends.

    The database has to be migrated; `BASE_URL` and `PORT` are set to the address unless they are given. `stack_kib` is
    what each thread's stack takes of the process's memory, 8 MiB as a rule.
    """
    port = port or free_port()
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "gunicorn", "--chdir", str(ROOT)]
    command += ["--workers", str(workers), "--threads", str(threads), "--bind", f"127.0.0.1:{port}", "app:app"]
    if stack_kib is not None:
        command = ["/bin/sh", "-c", f'ulimit -s {stack_kib}; exec "$@"', "sh", *command]
    variables = {"BASE_URL": url, "PORT": str(port), **environment}
    process = run.start(f"gunicorn-{port}", command, variables)
    try:
        process.wait_until(lambda: is_up(port))
        yield LiveServer(url, process, variables)
    finally:
        process.stop()


def is_up(port: int) -> bool:
    """Whether a web server of ours answers at this port."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()
