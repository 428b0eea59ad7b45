"""gunicorn's worker with threads, none of which waits for a slow client: its loop reads requests and ends answers."""

import errno
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor  # noqa: TID251 # gunicorn submits to it
from contextlib import suppress
from functools import partial
from selectors import EVENT_READ, EVENT_WRITE
from time import monotonic, sleep
from typing import Any
from wsgiref.types import WSGIApplication

from gunicorn.workers.gthread import STOP_KEEPALIVE_LINGER, ThreadWorker

from framework import single_flight
from framework.web.server import balance, refusals
from framework.web.server.aside import Aside
from framework.web.server.connections import (
    HURRIED,
    LONGEST_HEAD_BYTES,
    PATIENT,
    RECEIVED_AT_ONCE_BYTES,
    Connection,
)
from framework.web.server.gate import claims_of
from framework.web.server.places import Places
from framework.web.server.wsgi import _close_early

LONGEST_WAIT_SECONDS = 25
"""How long a request waits for others of its kind; below the 30 seconds that Heroku's router waits."""
LINGER_SECONDS, LINGER_STALL_SECONDS, LINGER_BYTES = 120, 5, 1 << 30
NEXT_REQUEST_SECONDS = 0.005
"""How long a thread stays with a client, who may ask again at once, while most of the threads have nothing to do."""
POLICE_SECONDS = 0.5
NOTIFIES_EVERY_SECONDS = 1.0
FREE_CONNECTIONS = 10
MOST_KEPT_BYTES = 32 << 20
"""Of requests that arrive and answers that leave without a thread, for a process."""
_TRANSIENT = {errno.EAGAIN, errno.EWOULDBLOCK, errno.ECONNABORTED, errno.EMFILE, errno.ENFILE}

Handler = Callable[[Connection], None]


class Worker(ThreadWorker):  # type: ignore[misc]
    """Hands a request to a thread once its head and the start of its body are there and its kind has a free share.

    What an answer leaves in the socket's way is sent by the loop, and a refused body is read and forgotten by it.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._watched: dict[Connection, Handler] = {}
        self._places = Places(self.cfg.threads, self.enqueue_req)
        self.method_queue.close = lambda: None  # threads that outlive the loop still write into its pipe
        in_loop = self.method_queue.defer
        self._aside = Aside(
            self.cfg.threads, partial(in_loop, self._places.give), partial(in_loop, self._places.come_back)
        )
        self._policed_at = self._notified_at = 0.0

    @classmethod
    def check_config(cls, cfg: Any, log: Any) -> None:
        """Refuse what a loop that reads the sockets itself cannot do.

        Raises:
            RuntimeError: TLS is to be spoken here.
        """
        if cfg.is_ssl:
            raise RuntimeError("Let a proxy speak TLS (docs/deployment.md), and leave certfile and keyfile out.")

    def load_wsgi(self) -> None:
        """Load the application."""
        super().load_wsgi()
        balance.tell_held(self.age, 0)
        self.wsgi: WSGIApplication = _close_early(self.wsgi)
        single_flight.wait_within(self._aside.step)

    def get_thread_pool(self) -> ThreadPoolExecutor:
        """Threads for the requests that the gate lets in, and for those that are aside."""
        return ThreadPoolExecutor(2 * self.cfg.threads)

    def accept(self, listener: socket.socket) -> None:
        """Take a new connection, unless a worker with fewer does; where there are too many, an old one is closed."""
        if balance.holds_more_than_another(self.age):
            sleep(balance.YIELD_SECONDS)
        if self.nr_conns >= self.worker_connections - FREE_CONNECTIONS:
            self._drop_oldest()
        try:
            accepted, client = listener.accept()
        except OSError as error:
            if error.errno not in _TRANSIENT:
                raise
            if error.errno in {errno.EMFILE, errno.ENFILE}:
                self._drop_oldest()
            return
        self._count_connections(1)
        connection = Connection(self.cfg, accepted, client, listener.getsockname())
        self._await_request(connection)

    def handle(self, conn: Connection) -> object:
        """Answer a request, and those that come right after it: the loop and other threads are not woken for them."""
        with self._aside.answering(conn):
            stays = self._answer(conn)
            while stays and self._has_next(conn):
                stays = self._answer(conn)
            return stays

    def _answer(self, conn: Connection) -> object:
        """Answer a request; what it has left to be sent, such as the head of an answer without a body, goes out."""
        try:
            return super().handle(conn)
        finally:
            with suppress(OSError):
                conn.sock.flush()

    def _has_next(self, conn: Connection) -> bool:
        """Whether the client's next request is here and takes the place of the last; others are left to the loop."""
        conn.answering_since = None  # said before it is asked who waits, so that this thread or the loop sees the other
        if not (self.alive and self._places.are_many_free()) or conn.sock.outgoing_bytes:
            return False
        conn.begin_request(idle_seconds=self.cfg.keepalive)
        is_here = conn.is_ready() or (conn.receives_within(NEXT_REQUEST_SECONDS) and conn.is_ready())
        if not is_here or self._places.starter.has_waiting() or claims_of(conn) != conn.claims:
            return False
        conn.answering_since = monotonic()
        return True

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Handle what happens, and start requests that have waited for others to begin."""
        super().wait_for_and_dispatch_events(min(timeout, self._places.starter.seconds_to_next()))
        self._places.starter.start_due()

    def notify(self) -> None:
        """Tell the main process now and then that the loop turns; each time would cost each request a few."""
        if monotonic() - self._notified_at >= NOTIFIES_EVERY_SECONDS:
            self._notified_at = monotonic()
            super().notify()

    def finish_request(self, conn: Connection, fs: "Future[object]") -> None:
        """A thread has answered: send what is left, and keep the connection or let it end."""
        self._places.give(conn)
        conn.stays = not fs.cancelled() and fs.exception() is None and bool(fs.result())
        if not conn.sock.outgoing_bytes:
            return self._settle(conn)
        conn.deadline = monotonic() + PATIENT.grace_seconds
        return self._watch(conn, self._flush, EVENT_WRITE)

    def murder_pending(self) -> None:
        """End what waits for too long; called at each turn of the loop."""
        now = monotonic()
        if now < self._policed_at + POLICE_SECONDS:
            return
        self._policed_at = now
        for connection in [one for one in self._watched if one.deadline < now]:
            self._expire(connection)
        for connection in [one for one in self._places.line if one.deadline < now]:
            self._refuse(connection, 503, "Service Unavailable")
        while sum(one.kept_bytes for one in self._watched) > MOST_KEPT_BYTES:
            self._expire(max(self._watched, key=lambda one: one.kept_bytes))
        self._cut_off_slow()

    def _cut_off_slow(self) -> None:
        limits = HURRIED if self._places.are_all_taken() else PATIENT
        for connection in self._places.taken:
            if connection.sock.pace.is_too_slow(limits):
                self.log.info("A client that was too slow is cut off")
                with suppress(OSError):
                    connection.sock.shutdown(socket.SHUT_RDWR)

    def murder_keepalived(self, force: bool = False) -> None:  # noqa: FBT001, FBT002 # as gunicorn calls it
        """When the worker ends, end all that is not being answered."""
        if force:
            for connection in [*self._watched, *self._places.line]:
                self._close(connection)

    def _cap_keepalive(self, deadline: float) -> None:
        del deadline
        for connection in self._watched:
            if not connection.received:
                connection.deadline = min(connection.deadline, monotonic() + STOP_KEEPALIVE_LINGER)

    def _await_request(self, connection: Connection) -> None:
        """Take what is here of a request; the rest, or the first of it, is waited for."""
        connection.begin_request(idle_seconds=self.cfg.keepalive if self.alive else STOP_KEEPALIVE_LINGER)
        connection.sock.settimeout(0)
        self._read(connection)

    def _read(self, connection: Connection) -> None:
        try:
            is_open = connection.receive()
        except OSError:
            return self._close(connection)
        if connection.is_ready() or (connection.head and not is_open):
            self._unwatch(connection)
            return self._enter(connection)
        if not is_open:
            return self._close(connection)
        if connection.head is None and len(connection.received) > LONGEST_HEAD_BYTES:
            return self._refuse(connection, 431, "Request Header Fields Too Large")
        if connection not in self._watched:
            self._watch(connection, self._read, EVENT_READ)
        return None

    def _enter(self, connection: Connection) -> None:
        if self._places.take(connection):
            return None
        line, claims = self._places.line, connection.claims
        if line.is_full(claims):
            for gone in line.list_gone(claims):
                self._close(gone)
        if line.is_full(claims):
            return self._refuse(connection, 503, "Service Unavailable")
        connection.deadline = monotonic() + LONGEST_WAIT_SECONDS
        return line.join(connection)

    def _flush(self, connection: Connection) -> None:
        try:
            connection.sock.flush()
        except OSError:
            return self._close(connection)
        connection.deadline = monotonic() + PATIENT.grace_seconds
        if not connection.sock.outgoing_bytes:
            self._unwatch(connection)
            self._settle(connection)
        return None

    def _settle(self, connection: Connection) -> None:
        if not connection.stays:
            return self._linger(connection)
        return self._await_request(connection)

    def _linger(self, connection: Connection) -> None:
        """End our side, and read on for a while (RFC 9112, 9.6): who is cut off while it sends sees no answer."""
        try:
            connection.sock.shutdown(socket.SHUT_WR)
        except OSError:
            return self._close(connection)
        connection.lingers_until, connection.unread_bytes = monotonic() + LINGER_SECONDS, LINGER_BYTES
        connection.deadline = monotonic() + LINGER_STALL_SECONDS
        return self._watch(connection, self._forget, EVENT_READ)

    def _forget(self, connection: Connection) -> None:
        try:
            data = connection.sock.recv(RECEIVED_AT_ONCE_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        connection.unread_bytes -= len(data)
        connection.deadline = min(connection.lingers_until, monotonic() + LINGER_STALL_SECONDS)
        if not data or connection.unread_bytes < 0:
            self._close(connection)

    def _expire(self, connection: Connection) -> None:
        """End what waited for too long: who was about to ask is told so, others have an answer or asked nothing."""
        if self._watched[connection] == self._read and connection.received:
            self._refuse(connection, 408, "Request Timeout")
        else:
            self._close(connection)

    def _refuse(self, connection: Connection, status: int, reason: str) -> None:
        self._unwatch(connection)
        self._places.line.leave(connection)
        with suppress(OSError):
            refusals.refuse(connection.sock, status, reason, connection.head)
        connection.stays = False
        self._linger(connection)

    def _drop_oldest(self) -> None:
        oldest = next(iter(self._watched), None)
        if oldest:
            self._expire(oldest)

    def _watch(self, connection: Connection, handler: Handler, event: int) -> None:
        connection.sock.settimeout(0)
        self._watched[connection] = handler
        self.poller.register(connection.sock, event, lambda _socket: self._react(connection, handler))

    def _react(self, connection: Connection, handler: Handler) -> None:
        """Handle an event, unless another one of the same turn has ended the connection."""
        if self._watched.get(connection) == handler:
            handler(connection)

    def _unwatch(self, connection: Connection) -> None:
        if self._watched.pop(connection, None):
            self.poller.unregister(connection.sock)

    def _close(self, connection: Connection) -> None:
        self._unwatch(connection)
        self._places.line.leave(connection)
        self._count_connections(-1)
        connection.close()

    def _count_connections(self, more: int) -> None:
        self.nr_conns += more
        balance.tell_held(self.age, self.nr_conns)
