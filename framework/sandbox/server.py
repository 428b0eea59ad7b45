"""`python -m framework.sandbox.server MODULE …`: imports the modules once, then forks a child for each job.

It has one thread, so that a fork is safe, and shares its memory with its children. Its standard input is a socket on
which each byte brings another socket, whose other end sends a job and reads what came of it. It ends with its parent.
"""

import gc
import os
import pickle
import resource
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

VALUE, FAILURE, OUT_OF_MEMORY = b"v", b"f", b"m"


@dataclass(frozen=True)
class Limits:
    """What one job may take: seconds of the processor's time, seconds by the clock, and memory beyond the modules'."""

    cpu_seconds: float
    seconds: float
    memory_bytes: int


@dataclass(frozen=True)
class Job:
    """A function of one of the modules, and what it is called with."""

    work: Callable[..., Any]
    arguments: tuple[Any, ...]
    limits: Limits


def main(modules: list[str]) -> None:
    """Serve until the parent closes its end."""
    control = socket.socket(fileno=0)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGCHLD):
        signal.signal(ignored, signal.SIG_IGN)
    for name in modules:
        import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a child would write to, and so copy, what it shares
    gc.set_threshold(100_000, 20, 1_000)  # a child ends soon; collecting took half of the time of a large table
    while True:
        data, numbers, _flags, _address = socket.recv_fds(control, 1, 1)
        if not data:
            return
        for number in numbers:
            if os.fork() == 0:
                control.close()
                _answer(socket.socket(fileno=number))
            os.close(number)


def _answer(connection: socket.socket) -> None:
    """Do the job, send what came of it, and end this process."""
    status = 1
    with suppress(OSError):
        with connection.makefile("rb") as file:
            job: Job = pickle.load(file)  # noqa: S301 # from our parent
        _limit(job.limits)
        connection.sendall(_outcome(job))
        status = 0
    os._exit(status)


def _outcome(job: Job) -> bytes:
    try:
        return VALUE + pickle.dumps(job.work(*job.arguments))
    except MemoryError:
        return OUT_OF_MEMORY
    except BaseException:  # whatever a library raises for a file that nobody foresaw
        return FAILURE + traceback.format_exc().encode(errors="replace")


def _limit(limits: Limits) -> None:
    """Have the kernel end this process where it takes too much; no signal has a handler that could be late."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    own_bytes = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (own_bytes + limits.memory_bytes,) * 2)
    for deadly in (signal.SIGPROF, signal.SIGALRM):
        signal.signal(deadly, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, limits.cpu_seconds)
    signal.setitimer(signal.ITIMER_REAL, limits.seconds + 1)  # by then the parent has given up, and tells it apart


if __name__ == "__main__":
    main(sys.argv[1:])
