"""Processes of one test run: started apart from the terminal, marked, and ended with all their descendants."""

import fcntl
import os
import random
import signal
import socket
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import monotonic, sleep

MARK = "HOLDFAST_TEST_RUN"
"""The variable that every process of a run carries and hands down: its value is the run's folder.

It finds what has left the session of its parent, such as a browser. Redis and PostgreSQL write their titles over it,
but stay in the session that they were started in, which the run's folder notes.
"""


HANG_SECONDS = 600
"""A bound on waiting that only ends what hangs: no verdict depends on how busy the machine is."""
PORTS = range(20_000, 32_000)
"""Below those that Linux gives to connections."""
_LOCKED = list[int]()
"""The files of the ports that this process has got."""


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

    def wait_until(self, answers: Callable[[], bool], *, seconds: float = HANG_SECONDS) -> None:
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

    def wait(self, *, seconds: float = HANG_SECONDS) -> int:
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

    def stop(self, *, seconds: float = 60, by: int = signal.SIGTERM) -> None:
        """Ask it to end; kill it with what it started when it does not."""
        if self.is_alive():
            os.kill(self.pid, by)
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
    """A port of the loopback interface that nobody uses, and that no other call of this user on this machine gets.

    A server that finds its port taken may try again for seconds, while whoever waits for it is answered by the other
    server. So each port is locked until this process ends, and none is of those that connections are given.
    """
    folder = Path(tempfile.gettempdir(), f"holdfast-test-ports-{os.getuid()}")
    folder.mkdir(exist_ok=True)
    for port in random.sample(PORTS, len(PORTS)):
        lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            os.close(lock)
            continue
        _LOCKED.append(lock)
        return port
    raise ServerFailed("every port of the tests is in use")


def accepts(port: int) -> bool:
    """Whether somebody listens on this port of the loopback interface."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


def end_run(run: Path) -> None:
    """Kill every process of this run: the sessions that it noted, and whatever else carries its mark.

    The servers hold nothing that anybody wants back, so none is asked to finish.
    """
    ends_at = monotonic() + HANG_SECONDS
    while (left := {*_in_sessions(run), *_marked(run)}) and monotonic() < ends_at:
        for pid in left:
            with suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitpid(pid, 0)
        sleep(0.05)


def note_session(run: Path, pid: int) -> None:
    """Remember that the process leads a session of this run."""
    (run / "sessions").mkdir(exist_ok=True)
    (run / "sessions" / str(pid)).write_text(_status(pid).began)


def family(pid: int) -> list[int]:
    """The running processes of the session that this process leads, and whatever these have started."""
    running = {one: _status(one) for one in _running()}
    found = {one for one, status in running.items() if one == pid or status.session == str(pid)}
    while more := {one for one, status in running.items() if int(status.parent or 0) in found} - found:
        found |= more
    return sorted(found)


def is_running(pid: int) -> bool:
    """Whether there is such a process and it has not ended yet."""
    return _status(pid).state not in {"", "Z", "X"}


@dataclass(frozen=True)
class _Status:
    """Four fields of proc(5)'s `stat`; empty when there is no such process."""

    state: str = ""
    parent: str = ""
    session: str = ""
    began: str = ""


def _status(pid: int) -> _Status:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return _Status()
    return _Status(fields[0], fields[1], fields[3], fields[19])


def _running() -> Iterator[int]:
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return (pid for pid in pids if pid != os.getpid() and is_running(pid))


def _in_sessions(run: Path) -> Iterator[int]:
    """The processes of noted sessions; a number that has passed to a younger process is not one of them."""
    noted = {path.name: path.read_text() for path in run.glob("sessions/*")}
    ours = {number for number, began in noted.items() if _status(int(number)).began in {"", began}}
    return (pid for pid in _running() if _status(pid).session in ours)


def _marked(run: Path) -> Iterator[int]:
    mark = f"{MARK}={run}".encode()
    for pid in _running():
        with suppress(OSError):
            if mark in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
                yield pid
