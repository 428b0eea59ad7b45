"""A client's connection as the web server's loop holds it: what arrived of a request, what it has not taken yet."""

import re
import select
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import TConn

HEAD_START_BYTES = 1 << 16
"""So much of a body arrives before a thread begins with the request; most bodies are smaller, and are whole then."""
LONGEST_HEAD_BYTES = 1 << 17
LONGEST_OUTGOING_BYTES = 1 << 19
"""So much of an answer may wait for its client without a thread: all of a usual page."""
RECEIVED_AT_ONCE_BYTES = 1 << 17

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_LAST_CHUNK = re.compile(rb"\r\n0+(?:;[^\r\n]*)?\r\n(?:[^\r\n]+\r\n)*\r\n\Z")
_EXPECTS = re.compile(rb"\r\nexpect:", re.IGNORECASE)
_CREDENTIALS = re.compile(rb"\r\n(authorization:|cookie:[^\r\n]*(session|remember_token)=)", re.IGNORECASE)
_WANTS_JSON = re.compile(rb"\r\naccept: *application/([a-z.-]+\+)?json", re.IGNORECASE)


@dataclass(frozen=True)
class Limits:
    """How slow a client may be: it may keep the server waiting for `grace_seconds`, and a second for each `rate_bytes`.

    `stall_seconds` is how long it may send or take nothing at all.
    """

    grace_seconds: float
    rate_bytes: int
    stall_seconds: float


PATIENT = Limits(grace_seconds=20, rate_bytes=1 << 10, stall_seconds=60)
HURRIED = Limits(grace_seconds=5, rate_bytes=8 << 10, stall_seconds=10)
"""While others wait for a thread."""


class Pace:
    """How fast a client sends its request and takes its answer, by the time that a thread waited for it."""

    def __init__(self) -> None:
        self.moved_bytes = 0
        self._waited_seconds = 0.0
        self._since: float | None = None

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Count the time of this block as the client's."""
        since = self._since = monotonic()
        try:
            yield
        finally:
            self._waited_seconds += monotonic() - since
            self._since = None

    def is_too_slow(self, limits: Limits) -> bool:
        """Whether a thread waits for the client now, and has waited for longer than is allowed."""
        since = self._since
        if since is None:
            return False
        stalled = monotonic() - since
        allowed = limits.grace_seconds + self.moved_bytes / limits.rate_bytes
        return stalled > limits.stall_seconds or self._waited_seconds + stalled > allowed


class ClientSocket(socket.socket):
    """A client's socket that keeps what the client does not take at once, and measures its pace."""

    def __init__(self, accepted: socket.socket) -> None:
        super().__init__(fileno=accepted.detach())
        self.pace = Pace()
        self._outgoing = bytearray()

    @property
    def outgoing_bytes(self) -> int:
        """How much of the answer has still to be sent."""
        return len(self._outgoing)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """The next bytes, as the standard library has it."""
        with self.pace.waiting():
            data = super().recv(bufsize, flags)
        self.pace.moved_bytes += len(data)
        return data

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send the data, or keep it for `flush`; wait only while more than `LONGEST_OUTGOING_BYTES` is kept."""
        self._outgoing += data
        self.flush()
        while len(self._outgoing) > LONGEST_OUTGOING_BYTES:
            with self.pace.waiting():
                writable = select.poll()
                writable.register(self, select.POLLOUT)
                writable.poll()
            self.flush()

    def flush(self) -> None:
        """Send as much of what was kept as the client takes now."""
        with suppress(BlockingIOError):
            while self._outgoing:
                sent = super().send(self._outgoing, socket.MSG_DONTWAIT)
                del self._outgoing[:sent]
                self.pace.moved_bytes += sent


@dataclass(frozen=True)
class Head:
    """What a request's head tells before it is parsed in full; `body_bytes` is None for a body in chunks."""

    path: bytes
    size_bytes: int
    body_bytes: int | None
    expects_answer: bool
    has_credentials: bool
    wants_json: bool


def read_head(received: bytes | bytearray) -> Head | None:
    """The head, when all of it has arrived; the parser refuses later what is none."""
    end = received.find(b"\r\n\r\n")
    if end < 0:
        return None
    lines = bytes(received[: end + 2])
    words = lines.partition(b"\r\n")[0].split(b" ")
    length = _LENGTH.search(lines)
    body = int(length[1]) if length else 0
    return Head(
        path=words[1] if len(words) > 1 else b"",
        size_bytes=end + 4,
        body_bytes=None if _CHUNKED.search(lines) else body,
        expects_answer=bool(_EXPECTS.search(lines)),
        has_credentials=bool(_CREDENTIALS.search(lines)),
        wants_json=bool(_WANTS_JSON.search(lines)),
    )


class Connection(TConn):  # type: ignore[misc]
    """A connection whose requests are read by the worker's loop until a thread can begin with them."""

    def __init__(self, cfg: Any, accepted: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, ClientSocket(accepted), client, server)
        self.data_ready = True  # no thread waits for the first byte
        self.received = bytearray()
        self.head: Head | None = None
        self.deadline = 0.0
        self.claims: frozenset[str] = frozenset()
        self.stays = False
        self.lingers_until = 0.0
        self.unread_bytes = 0
        self._began = 0.0

    @property
    def kept_bytes(self) -> int:
        """The memory that this connection takes while no thread works for it."""
        return len(self.received) + int(self.sock.outgoing_bytes)

    def begin_request(self, *, idle_seconds: float) -> None:
        """Be ready for the next request; what arrived beyond the last one is its beginning."""
        if self.parser:
            self.received += self.parser.unreader.take_buffered()
        self.sock.pace, self.head, self._began = Pace(), None, monotonic()
        self.deadline = self._began + (PATIENT.grace_seconds if self.received else idle_seconds)

    def receive(self) -> bool:
        """Take what has arrived; False when the client has ended its side.

        Raises:
            OSError: the connection is broken.
        """
        with suppress(BlockingIOError):
            data = self.sock.recv(RECEIVED_AT_ONCE_BYTES)
            if not self.received:
                self._began = monotonic()
            self.received += data
            self.deadline = self._began + PATIENT.grace_seconds + len(self.received) / PATIENT.rate_bytes
            return bool(data)
        return True

    def is_ready(self) -> bool:
        """Whether a thread can begin: the head is whole, and so is the body, or enough of it."""
        self.head = self.head or read_head(self.received)
        if self.head is None:
            return False
        if self.head.expects_answer or self.has_body():
            return True
        return len(self.received) - self.head.size_bytes >= HEAD_START_BYTES

    def has_body(self) -> bool:
        """Whether the whole body has arrived."""
        if self.head is None:
            return False
        if self.head.body_bytes is None:
            return bool(_LAST_CHUNK.search(self.received, max(self.head.size_bytes - 2, len(self.received) - 8192)))
        return len(self.received) >= self.head.size_bytes + self.head.body_bytes

    def has_gone(self) -> bool:
        """Whether the client has ended its side in the middle of its request."""
        try:
            return not self.has_body() and not self.sock.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except OSError as error:
            return not isinstance(error, BlockingIOError)

    def init(self) -> None:
        """Give the parser what has arrived; in the thread that handles the request."""
        super().init()
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()
