"""Processes of one test run: started apart from the terminal, marked, and ended with all their descendants."""

import os
import signal
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic, sleep

MARK = "HOLDFAST_TEST_RUN"
"""The variable that every process of a run carries and hands down: its value is the run's folder."""


class ServerFailed(Exception):
    """A server ended or did not answer; the text holds the end of its log."""


class Process:
    """A process in a session of its own, its output in a file."""

    def __init__(self, command: Sequence[str], *, log: Path, environment: Mapping[str, str]) -> None:
        self.command, self.log = command, log
        log.parent.mkdir(parents=True, exist_ok=True)
        self.pid = os.posix_spawn(
            command[0],
            list(command),
            dict(environment),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
                (os.POSIX_SPAWN_DUP2, 1, 2),
            ],
            setsid=True,
        )

    def is_alive(self) -> bool:
        """Whether it still runs; one that has ended is reaped."""
        with suppress(ChildProcessError):
            os.waitpid(self.pid, os.WNOHANG)
        return is_running(self.pid)

    def wait_until(self, answers: Callable[[], bool], *, seconds: float = 60) -> None:
        """Return once `answers` says yes.

        Raises:
            ServerFailed: the process ended first, or the time is over.
        """
        ends_at = monotonic() + seconds
        while not answers():
            if not self.is_alive():
                raise ServerFailed(f"{self.command[0]} has ended:\n{self.last_lines()}")
            if monotonic() > ends_at:
                raise ServerFailed(f"{self.command[0]} does not answer after {seconds} s:\n{self.last_lines()}")
            sleep(0.05)

    def wait(self, *, seconds: float) -> int:
        """Its exit status (negative: the signal that ended it).

        Raises:
            ServerFailed: it still runs when the time is over.
        """
        ends_at = monotonic() + seconds
        while True:
            ended, status = os.waitpid(self.pid, os.WNOHANG)
            if ended:
                return os.waitstatus_to_exitcode(status)
            if monotonic() > ends_at:
                raise ServerFailed(f"{self.command[0]} still runs after {seconds} s:\n{self.last_lines()}")
            sleep(0.02)

    def stop(self, *, seconds: float = 10) -> None:
        """Ask it to end; kill it with what it started when it does not."""
        if self.is_alive():
            os.kill(self.pid, signal.SIGTERM)
        ends_at = monotonic() + seconds
        while self.is_alive() and monotonic() < ends_at:
            sleep(0.02)
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def last_lines(self) -> str:
        """The end of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])


def free_port() -> int:
    """A port of the loopback interface that nobody listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def accepts(port: int) -> bool:
    """Whether somebody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end_run(run: Path) -> None:
    """Kill every process of this run: those that it started and their descendants, whatever session they are in.

    The servers hold nothing that anybody wants back, so none is asked to finish.
    """
    ends_at = monotonic() + 10
    while (left := list(_marked(run))) and monotonic() < ends_at:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        sleep(0.05)


def is_running(pid: int) -> bool:
    """Whether there is such a process and it has not ended yet."""
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status.rpartition(")")[2].split()[0] not in {"Z", "X"}


def _marked(run: Path) -> Iterable[int]:
    mark = f"{MARK}={run}".encode()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid() and is_running(int(entry.name)):
            with suppress(OSError):
                if mark in (entry / "environ").read_bytes().split(b"\0"):
                    yield int(entry.name)
