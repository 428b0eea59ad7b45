"""A proxy between the project and its S3 service that sees every request and spoils the chosen ones."""

import fcntl
import select
import socket
import struct
import termios
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from io import BufferedIOBase
from socketserver import StreamRequestHandler, ThreadingTCPServer
from time import sleep
from typing import cast
from urllib.parse import urlsplit

from tests.servers.proxies.faults import Fault, Seen, _Rule
from tests.servers.proxies.heads import Head, read_head, without_expect

PIECE_BYTES = 64 * 1024


class FaultyProxy:
    """The proxy; `url` is what the project takes for its service."""

    def __init__(self, target_url: str) -> None:
        target = urlsplit(target_url)
        self.target = (target.hostname or "127.0.0.1", target.port or 80)
        self.seen: list[Seen] = []
        self.in_sequence = 0
        """The length of the longest chain of requests of which each began when the one before it was answered."""
        self.closing = threading.Event()
        self._rules: list[_Rule] = []
        self._always: Fault | None = None
        self._lock = threading.Lock()
        self._connections: set[socket.socket] = set()
        self._server: _Server | None = _Server(("127.0.0.1", 0), self)
        self._port: int = self._server.server_address[1]
        self._server.begin()

    @property
    def url(self) -> str:
        """The proxy's address; it stays the same while connections are refused."""
        return f"http://127.0.0.1:{self._port}"

    def spoil(self, method: str, fault: Fault, *, part: str = "", times: int = 1) -> None:
        """Let this happen to the next `times` requests of the method whose path and query hold `part`."""
        with self._lock:
            self._rules.append(_Rule(method, part, fault, times))

    @contextmanager
    def spoiling(self, fault: Fault) -> Iterator[None]:
        """Let this happen to every request that begins while the block runs."""
        self._always = fault
        try:
            yield
        finally:
            self._always = None

    @contextmanager
    def refusing(self) -> Iterator[None]:
        """Nobody listens while the block runs, and the connections of before are gone."""
        self.stop()
        try:
            yield
        finally:
            self.closing = threading.Event()
            self._server = _Server(("127.0.0.1", self._port), self)
            self._server.begin()

    def stop(self) -> None:
        """Close every connection and stop listening."""
        self.closing.set()
        if self._server:
            self._server.end()
            self._server = None
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    def fault_for(self, head: Head) -> Fault:
        """What happens to every one, else the first rule's that fits, which is used up by one."""
        if self._always:
            return self._always
        method, path = head.line[0], head.line[1]
        with self._lock:
            for rule in self._rules:
                if rule.times and rule.method == method and rule.part in path:
                    rule.times -= 1
                    return rule.fault
        return Fault()

    def note(self, head: Head, round_trips: int) -> int:
        """Remember a request; its place in the longest chain that it continues."""
        with self._lock:
            self.seen.append(Seen(head.line[0], head.line[1], head.headers, round_trips))
            return self.in_sequence + 1

    def note_answer(self, place: int) -> None:
        """Remember that the request at this place of its chain is answered now."""
        with self._lock:
            self.in_sequence = max(self.in_sequence, place)

    @contextmanager
    def holding(self, connection: socket.socket) -> Iterator[None]:
        """Know of a connection while it lasts."""
        with self._lock:
            self._connections.add(connection)
        try:
            yield
        finally:
            with self._lock:
                self._connections.discard(connection)


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], proxy: FaultyProxy) -> None:
        self.proxy = proxy
        super().__init__(address, _Conversation)
        self._thread = threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True)

    def begin(self) -> None:
        self._thread.start()

    def end(self) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class _Conversation(StreamRequestHandler):
    """The requests of one connection, one after another, each passed on over a connection of its own."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.proxy = cast("_Server", self.server).proxy
        with self.proxy.holding(self.connection), suppress(OSError, _Cut):
            while head := read_head(self.rfile):
                self._pass_on(head)

    def _pass_on(self, head: Head) -> None:
        fault = self.proxy.fault_for(head)
        continued = self._continue(head)
        place = self.proxy.note(head, 1 + continued)
        if fault.hang:
            self.proxy.closing.wait()
            raise _Cut
        if fault.status is not None:
            self._skip(head.length)
            self._answer(head, fault.status, fault.code)
            return
        with socket.create_connection(self.proxy.target) as upstream, upstream.makefile("rb") as answers:
            upstream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            upstream.sendall(without_expect(head.raw))
            held, cut = fault.hold_request_after_bytes, fault.cut_request_after_bytes
            length = head.length if held is None else min(held, head.length)
            self._relay(self.rfile, upstream, length, cut, fault.flip_request_byte, fault)
            if held is not None:
                self._hold(upstream)
            self._pass_back(head, answers, fault, place)

    def _hold(self, upstream: socket.socket) -> None:
        """Wait until one of the two has gone."""
        ends = select.poll()
        for end in (self.connection, upstream):
            ends.register(end, select.POLLRDHUP)
        while not ends.poll(50) and not self.proxy.closing.is_set():
            pass
        raise _Cut

    def _pass_back(self, head: Head, answers: BufferedIOBase, fault: Fault, place: int) -> None:
        answer = read_head(answers)
        if answer is None:
            raise _Cut
        self.proxy.closing.wait(fault.delay_seconds)
        self.proxy.note_answer(place)
        if fault.lost_answer is not None:
            self._answer(head, fault.lost_answer, fault.code)
            return
        self.connection.sendall(answer.raw)
        if head.line[0] == "HEAD":
            return
        if answer.headers.get("transfer-encoding") == "chunked":
            self._relay_chunks(answers)
            return
        self._relay(
            answers, self.connection, answer.length, fault.cut_answer_after_bytes, fault.flip_answer_byte, fault
        )

    def _continue(self, head: Head) -> bool:
        asked = head.headers.get("expect", "").lower() == "100-continue"
        if asked:
            self.connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        return asked

    def _relay(
        self,
        source: BufferedIOBase,
        target: socket.socket,
        length: int,
        cut: int | None,
        flip: int | None,
        fault: Fault,
    ) -> None:
        passed, piece_bytes = 0, PIECE_BYTES
        if fault.slow_bytes_per_second:
            piece_bytes = max(1, fault.slow_bytes_per_second // 20)
        ends_at = length if cut is None else min(cut, length)
        while passed < ends_at:
            piece = bytearray(source.read(min(piece_bytes, ends_at - passed)))
            if not piece:
                raise _Cut
            if flip is not None and passed <= flip < passed + len(piece):
                piece[flip - passed] ^= 1
            target.sendall(piece)
            passed += len(piece)
            if fault.slow_bytes_per_second:
                sleep(len(piece) / fault.slow_bytes_per_second)
        if cut is not None:
            self._await_receipt()
            self._reset()

    def _relay_chunks(self, source: BufferedIOBase) -> None:
        while True:
            size_line = source.readline()
            size = int(size_line.split(b";")[0], 16)
            self.connection.sendall(size_line + source.read(size + 2))
            if size == 0:
                return

    def _skip(self, length: int) -> None:
        while length > 0 and (piece := self.rfile.read(min(PIECE_BYTES, length))):
            length -= len(piece)

    def _answer(self, head: Head, status: int, code: str) -> None:
        body = f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
        head_lines = (
            f"HTTP/1.1 {status} Injected\r\nContent-Type: application/xml\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        self.connection.sendall(head_lines.encode() + (b"" if head.line[0] == "HEAD" else body))

    def _await_receipt(self) -> None:
        """Wait until the client's kernel holds all that was sent: a reset throws away what is on its way."""
        while _unacknowledged_bytes(self.connection) and not self.proxy.closing.wait(0.005):
            pass

    def _reset(self) -> None:
        """Close so that the client is told of a reset, not of an end."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
        raise _Cut


class _Cut(Exception):
    """The conversation is over."""


def _unacknowledged_bytes(connection: socket.socket) -> int:
    (unacknowledged,) = struct.unpack("i", fcntl.ioctl(connection, termios.TIOCOUTQ, bytes(4)))
    return cast("int", unacknowledged)
