"""Has jobs done by children of a server process, each within limits, as many at once as a small machine can bear."""

import atexit
import hashlib
import logging
import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar

from framework.files import CHUNK_BYTES
from framework.sandbox.memory import Memory
from framework.sandbox.server import FAILURE, OUT_OF_MEMORY, VALUE, Job, Limits
from framework.sandbox.shortfall import note_shortfall

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
LIMITS = Limits(cpu_seconds=1.2, seconds=4, memory_bytes=128 << 20)
AT_ONCE = 2
LONGEST_WAIT_SECONDS = 2
REMEMBERED_BYTES, LONGEST_OUTCOME_BYTES = 24 << 20, 16 << 20
_TOO_COSTLY = b""

T = TypeVar("T")


class TooCostly(Exception):
    """The work took more than it may, or failed; it would again."""


class Busy(Exception):
    """The machine has no time for the work at the moment; whoever watches for that is told."""

    def __init__(self) -> None:
        note_shortfall()
        super().__init__()


class Sandbox:
    """Does work of these modules; `start` may be called before the first job to have them imported by then."""

    def __init__(self, *modules: str) -> None:
        self._modules: Sequence[str] = modules
        self._memory = Memory(REMEMBERED_BYTES)
        self._free = threading.BoundedSemaphore(AT_ONCE)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None
        self._owner = 0
        atexit.register(self.stop)

    def call(
        self, key: object, work: Callable[..., T], *arguments: object, prepare: Callable[[], object] | None = None
    ) -> T:
        """What the work returns; remembered under the work's name and the key, which tells all that it depends on.

        `prepare` is called before the work, where its result is not remembered.

        Raises:
            TooCostly: it took more than `LIMITS`, or raised an error, which the log has. Busy: others are being done.
        """

        def make() -> bytes:
            if prepare:
                prepare()
            return self._make(Job(work, arguments, LIMITS))

        name = hashlib.sha256(pickle.dumps((work.__module__, work.__qualname__, key))).digest()
        try:
            made = self._memory.get(name, make, wait_seconds=LONGEST_WAIT_SECONDS)
        except TimeoutError as error:
            raise Busy from error
        value: T = _load(made)
        return value

    def run(self, work: Callable[..., T], *arguments: object, limits: Limits = LIMITS) -> T:
        """The same within these limits, done now and not remembered here, for who keeps the result elsewhere.

        Raises:
            TooCostly, Busy: as `call`.
        """
        value: T = _load(self._make(Job(work, arguments, limits)))
        return value

    def start(self) -> None:
        """Start the server, unless it is running."""
        with self._lock:
            if not self._is_running():
                self._start()

    def wait(self) -> None:
        """Wait for the server's end, which somebody else brings about."""
        if self._process:
            self._process.wait()

    def stop(self) -> None:
        """End the server, and forget everything."""
        with self._lock:
            if self._control and self._process and self._owner == os.getpid():
                self._control.close()
                self._process.wait()
            self._control = self._process = None
        self._memory.forget()

    def _is_running(self) -> bool:
        return self._process is not None and self._owner == os.getpid() and self._process.poll() is None

    def _start(self) -> None:
        if self._control:
            self._control.close()
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-m", "framework.sandbox.server", *self._modules]
        try:
            with theirs:
                self._process = subprocess.Popen(command, cwd=ROOT, stdin=theirs.fileno(), stdout=subprocess.DEVNULL)
        except OSError:
            ours.close()
            raise
        self._control, self._owner = ours, os.getpid()

    def _make(self, job: Job) -> bytes:
        if not self._free.acquire(timeout=LONGEST_WAIT_SECONDS):
            raise Busy
        try:
            outcome = self._outcome(job)
        finally:
            self._free.release()
        if outcome.startswith(VALUE):
            return outcome[1:]
        if outcome.startswith(FAILURE):
            log.error("%s failed for a file that is shown as it is written\n%s", job.work, outcome[1:].decode())
        else:
            why = "memory" if outcome == OUT_OF_MEMORY else "time"
            log.info("%s took too much %s for a file that is shown as it is written", job.work.__name__, why)
        return _TOO_COSTLY

    def _outcome(self, job: Job) -> bytes:
        """What a child sends; nothing when the kernel has ended it.

        Raises:
            Busy: it took too long by the clock, or its server has ended.
        """
        outcome = bytearray()
        with self._child() as connection:
            connection.settimeout(job.limits.seconds)
            try:
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(pickle.dumps(job))
                    while part := connection.recv(CHUNK_BYTES):
                        outcome += part
                        if len(outcome) > LONGEST_OUTCOME_BYTES:
                            return OUT_OF_MEMORY
            except TimeoutError as error:
                raise Busy from error
        if not outcome and not self._is_running():
            raise Busy
        return bytes(outcome)

    def _child(self) -> socket.socket:
        """A connection to a new child.

        Raises:
            Busy: the server does not start.
        """
        try:
            ours, theirs = socket.socketpair()
        except OSError as error:
            raise Busy from error
        with theirs, self._lock:
            for _attempt in range(2):
                with suppress(OSError):
                    if not self._is_running():
                        self._start()
                    assert self._control
                    socket.send_fds(self._control, [b"j"], [theirs.fileno()])
                    return ours
                self._process = None
        ours.close()
        raise Busy


def _load(made: bytes) -> Any:
    if made == _TOO_COSTLY:
        raise TooCostly
    return pickle.loads(made)  # noqa: S301 # from our own child
