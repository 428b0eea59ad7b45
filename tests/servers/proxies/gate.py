"""A gate before a server: it passes every byte on, until it is shut, or cuts a client off in mid-sentence."""

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from socketserver import BaseRequestHandler, ThreadingTCPServer
from typing import cast
from urllib.parse import urlsplit

PIECE_BYTES = 64 * 1024
LAST_BYTES = 10


class Pause:
    """Finds the end of the one request that begins so, whose head tells how long its body is (RFC 9112)."""

    def __init__(self, begins: bytes, act: Callable[[], object]) -> None:
        self.act = act
        self._begins = begins
        self._head: bytes | None = None
        self._body_left: int | None = None
        self._found = False

    def find_end(self, piece: bytes) -> int | None:
        """Where in this piece the body ends, if it does; None where it does not."""
        if self._found:
            return None
        body = self._take_head(piece)
        if self._body_left is None:
            return None
        self._body_left -= len(body)
        self._found = self._body_left <= 0
        return len(piece) + self._body_left if self._found else None

    def _take_head(self, piece: bytes) -> bytes:
        """What of the piece belongs to the body."""
        if self._body_left is not None:
            return piece
        start = piece.find(self._begins)
        if self._head is None and start < 0:
            return b""
        self._head = (self._head or b"") + piece[max(0, start) :]
        head, empty_line, body = self._head.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if empty_line and length:
            self._body_left = int(length[1])
        return body


class Gate:
    """What stands before the server at `url`; the gate's own `url` differs from it by the port."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self.target = (parts.hostname or "127.0.0.1", parts.port or 0)
        self._connections: set[socket.socket] = set()
        self._left: int | None = None
        self._pause: Pause | None = None
        self._open()
        self.url = url.replace(f":{self.target[1]}", f":{self._port}", 1)

    @contextmanager
    def shut(self) -> Iterator[None]:
        """Nobody listens while the block runs, and the connections of before are gone."""
        self.close()
        try:
            yield
        finally:
            self._open(self._port)

    @contextmanager
    def cutting_after(self, size_bytes: int) -> Iterator[None]:
        """Clients get no more than so many bytes through while the block runs, then they are cut off."""
        self._left = size_bytes
        try:
            yield
        finally:
            self._left = None

    @contextmanager
    def pausing_before_the_end(self, path: str, act: Callable[[], object]) -> Iterator[None]:
        """Let something happen when the body of a POST to this path has arrived but for its last bytes, once."""
        self._pause = Pause(f"POST {path} ".encode(), act)
        try:
            yield
        finally:
            self._pause = None

    def parts(self, piece: bytes) -> Iterator[bytes]:
        """The piece of what a client says, in two where something has to happen before the second."""
        end = self._pause.find_end(piece) if self._pause else None
        if self._pause and end is not None:
            first = max(0, end - LAST_BYTES)
            yield piece[:first]
            self._pause.act()
            yield piece[first:]
        else:
            yield piece

    def close(self) -> None:
        """Stop listening, and end every connection."""
        self._server.shutdown()
        self._server.server_close()
        for connection in list(self._connections):
            _end(connection)

    def allowed(self, piece: bytes) -> bytes:
        """As much of what a client says as is passed on."""
        if self._left is None:
            return piece
        passed = piece[: self._left]
        self._left -= len(passed)
        return passed

    def hold(self, connection: socket.socket) -> None:
        """Know of a connection, so that it can be ended."""
        self._connections.add(connection)

    def _open(self, port: int = 0) -> None:
        self._server = _Server(("127.0.0.1", port), self)
        self._port: int = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()


class _Server(ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], gate: Gate) -> None:
        self.gate = gate
        super().__init__(address, _Conversation)


class _Conversation(BaseRequestHandler):
    def handle(self) -> None:
        gate = cast("_Server", self.server).gate
        with suppress(OSError), socket.create_connection(gate.target) as server:
            for end in (self.request, server):
                gate.hold(end)
            back = threading.Thread(target=_pass_back, args=(server, self.request), daemon=True)
            back.start()
            while piece := self.request.recv(PIECE_BYTES):
                passed = gate.allowed(piece)
                for part in gate.parts(passed):
                    server.sendall(part)
                if len(passed) < len(piece):
                    break
            for end in (self.request, server):
                _end(end)
            back.join()


def _pass_back(server: socket.socket, client: socket.socket) -> None:
    with suppress(OSError):
        while piece := server.recv(PIECE_BYTES):
            client.sendall(piece)
    _end(client)


def _end(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
