"""Servers on this machine, each a process of its own for as long as a block runs."""

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")
ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Running:
    """Where a server takes connections, and the process that was started."""

    port: int
    process_id: int


@contextmanager
def application(environment: Mapping[str, str]) -> Iterator[Running]:
    """Holdfast under gunicorn with one web process, which is the only child of the process that was started."""
    port = free_port()
    variables = {"PORT": str(port), "WEB_CONCURRENCY": "1", **environment}
    with running([sys.executable, "-m", "gunicorn", "app:app"], port, variables) as started:
        yield started


@contextmanager
def running(command: Sequence[str], port: int, environment: Mapping[str, str]) -> Iterator[Running]:
    """What the command starts, once it takes connections at the port; with no variables but these and PATH.

    What it prints is kept from the tables, and told when it does not start.
    """
    variables = {"PATH": os.environ["PATH"], **environment}
    with (
        tempfile.TemporaryFile() as log,
        subprocess.Popen(command, cwd=ROOT, env=variables, stdout=log, stderr=subprocess.STDOUT) as process,
    ):
        try:
            while not _takes_connections(port):
                if process.poll() is not None:
                    log.seek(0)
                    said = log.read().decode(errors="replace")
                    raise RuntimeError(f"{' '.join(command)} ended with exit status {process.returncode}:\n{said}")
                time.sleep(0.1)
            yield Running(port, process.pid)
        finally:
            process.terminate()


def free_port() -> int:
    """A port that nobody listens at just now."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


def family(process_id: int) -> Iterator[int]:
    """A process and all that it started, as far as they have not ended."""
    yield process_id
    for children in Path(f"/proc/{process_id}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):  # the thread has just ended
            for child in children.read_text().split():
                yield from family(int(child))


def read_cpu_seconds(process_id: int) -> float:
    """User and system time, that of children that have ended included (proc(5)); 0 when the process has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        return sum(int(ticks) for ticks in fields[11:15]) / TICKS
    return 0.0


def read_name(process_id: int) -> str:
    """The program that the process runs; nothing when it has ended."""
    with suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{process_id}/comm").read_text().strip()
    return ""


def _takes_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except ConnectionRefusedError:
        return False
    return True


def read_most_mib(process_id: int) -> float:
    """The most memory that the process has had so far (proc(5), VmHWM), in MiB."""
    lines = Path(f"/proc/{process_id}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def forget_most_memory(process_id: int) -> None:
    """Have `read_most_mib` count from now on (proc(5), clear_refs)."""
    Path(f"/proc/{process_id}/clear_refs").write_text("5")
