"""A client's connection as the web server's loop holds it: what arrived of a request, what it has not taken yet."""

import re
import select
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import unquote_to_bytes

from gunicorn.util import split_request_uri
from gunicorn.workers.gthread import TConn

HEAD_START_BYTES = 1 << 16
"""So much of a body arrives before a thread begins with the request; most bodies are smaller, and are whole then."""
LONGEST_HEAD_BYTES = 1 << 17
LONGEST_OUTGOING_BYTES = 1 << 19
"""So much of an answer may wait for its client without a thread: all of a usual page."""
RECEIVED_AT_ONCE_BYTES = 1 << 16

_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*0*([0-9]+)[ \t]*\r\n", re.IGNORECASE)
_LONGEST_LENGTH_DIGITS = 15
_ENDLESS_BYTES = 10**_LONGEST_LENGTH_DIGITS
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:", re.IGNORECASE)
_CHUNK = re.compile(rb"0*([0-9a-fA-F]{1,12})[ \t]*(?:;[^\r\n]{0,8192})?\r\n")
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
    def count_waiting(self) -> Iterator[None]:
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
        self._is_held = False

    @property
    def outgoing_bytes(self) -> int:
        """How much of the answer has still to be sent."""
        return len(self._outgoing)

    def recv(self, bufsize: int, flags: int = 0, /) -> bytes:
        """The next bytes, as the standard library has it."""
        with self.pace.count_waiting():
            data = super().recv(bufsize, flags)
        self.pace.moved_bytes += len(data)
        return data

    def recv_into(self, buffer: Any, nbytes: int = 0, flags: int = 0, /) -> int:
        """The same into a buffer."""
        with self.pace.count_waiting():
            received = super().recv_into(buffer, nbytes, flags)
        self.pace.moved_bytes += received
        return received

    def hold(self) -> None:
        """Have the next data, the head of an answer, wait for what follows it: the client wakes once for both."""
        self._is_held = True

    def sendall(self, data: Any, flags: int = 0, /) -> None:
        """Send the data, or keep it for `flush`; wait only while more than `LONGEST_OUTGOING_BYTES` is kept."""
        self._outgoing += data
        if self._is_held:
            self._is_held = False
            return
        self.flush()
        while len(self._outgoing) > LONGEST_OUTGOING_BYTES:
            with self.pace.count_waiting():
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
    """What a request's head tells before it is parsed in full; `body_bytes` is None for a body in chunks.

    `path` is what routes will see: decoded, without the query, and without the host that a target may begin with.
    """

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
    return Head(
        path=_path(words[1]) if len(words) > 1 else b"",
        size_bytes=end + 4,
        body_bytes=None if _CHUNKED.search(lines) else _body_bytes(lines),
        expects_answer=bool(_EXPECTS.search(lines)),
        has_credentials=bool(_CREDENTIALS.search(lines)),
        wants_json=bool(_WANTS_JSON.search(lines)),
    )


def _path(target: bytes) -> bytes:
    with suppress(ValueError):  # the parser refuses it, too
        return unquote_to_bytes(split_request_uri(target.decode("latin-1")).path)
    return b""


def _body_bytes(lines: bytes) -> int:
    """The length that the parser will read: any number of digits is one."""
    found = _LENGTH.search(lines)
    if found is None:
        return 0
    return int(found[1]) if len(found[1]) <= _LONGEST_LENGTH_DIGITS else _ENDLESS_BYTES


class Connection(TConn):  # type: ignore[misc]
    """A connection whose requests are read by the worker's loop until a thread can begin with them."""

    def __init__(self, cfg: Any, accepted: socket.socket, client: Any, server: Any) -> None:
        super().__init__(cfg, ClientSocket(accepted), client, server)
        self.data_ready = True  # no thread waits for the first byte
        self.received = bytearray()
        self.head: Head | None = None
        self.deadline = 0.0
        self.claims: frozenset[str] = frozenset()
        self.answering_since: float | None = None
        """None where the request was answered, too, while its thread stays for the next one."""
        self.stays = False
        self.lingers_until = 0.0
        self.unread_bytes = 0
        self._began = 0.0
        self._next_chunk = 0

    @property
    def kept_bytes(self) -> int:
        """The memory that this connection takes while no thread works for it."""
        return len(self.received) + int(self.sock.outgoing_bytes)

    def begin_request(self, *, idle_seconds: float) -> None:
        """Be ready for the next request; what arrived beyond the last one is its beginning."""
        if self.parser:
            self.received += self.parser.unreader.take_buffered()
        self.sock.pace, self.head, self._began, self._next_chunk = Pace(), None, monotonic(), 0
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

    def receives_within(self, seconds: float) -> bool:
        """Wait so long for data, and take what has arrived; False when there is none, or the connection has ended."""
        arrival = select.poll()
        arrival.register(self.sock, select.POLLIN)
        with suppress(OSError):
            return bool(arrival.poll(seconds * 1000)) and self.receive()
        return False

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
            return self._has_last_chunk(self.head.size_bytes)
        return len(self.received) >= self.head.size_bytes + self.head.body_bytes

    def _has_last_chunk(self, start: int) -> bool:
        """Whether the chunks end within what has arrived (RFC 9112, 7.1); what only looks like their end may be data.

        A line that is no chunk's has no end, and the parser refuses it.
        """
        self._next_chunk = max(self._next_chunk, start)
        while line := _CHUNK.match(self.received, self._next_chunk):
            if not (size := int(line[1], 16)):
                return self.received.find(b"\r\n\r\n", line.end() - 2) >= 0
            self._next_chunk = line.end() + size + len(b"\r\n")
        return False

    def init(self) -> None:
        """Give the parser what has arrived; in the thread that handles the request."""
        super().init()
        self.parser.unreader.unread(bytes(self.received))
        self.received.clear()


def list_ended(waiting: Iterable[Connection]) -> list[Connection]:
    """Those of the connections whose clients have ended their side, found by one call, whatever was sent before.

    Most of them have left; one that only sends no more looks the same. Only Linux tells.
    """
    by_file = {connection.sock.fileno(): connection for connection in waiting}
    poll = select.poll()
    for file in by_file:
        poll.register(file, getattr(select, "POLLRDHUP", 0))
    return [by_file[file] for file, _event in poll.poll(0)]
