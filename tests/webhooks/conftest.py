"""A server that receives webhooks, and time that passes."""

import json
import socketserver
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, select

from framework import config
from framework.celery.models import OutboxRow
from framework.database.session import read_transaction, transaction
from framework.database.types import from_now
from framework.webhooks.delivering import deliver
from framework.webhooks.models import Delivery, Webhook
from framework.webhooks.outgoing import TASK


@dataclass
class Received:
    """One request: its path, headers and body."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The body's document."""
        return json.loads(self.body)


@dataclass
class Receiver:
    """A server on this machine, what it has received, and which answers it will give before it says 200."""

    url: str
    received: list[Received] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    answer: bytes = b"thanks"

    def events(self) -> list[str]:
        """The events that came, in order."""
        return [one.headers["X-Holdfast-Event"] for one in self.received]


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    receiver: Receiver

    def handle_error(self, *_told: object) -> None:
        """Say nothing: some clients of the tests break off."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        receiver = self.server.receiver
        body = self.rfile.read(int(self.headers["Content-Length"]))
        receiver.received.append(Received(self.path, dict(self.headers), body))
        status = receiver.statuses.pop(0) if receiver.statuses else 200
        self.send_response(status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", str(len(receiver.answer)))
        self.end_headers()
        self.wfile.write(receiver.answer)

    def log_message(self, *_told: object) -> None:
        """Say nothing."""


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Have the server answer meanwhile."""
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def start_receiver() -> Iterator[tuple[_Server, Receiver]]:
    """A receiver on a free port."""
    server = _Server(("127.0.0.1", 0), _Handler)
    server.receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hooks?key=1")
    with serving(server):
        yield server, server.receiver


@pytest.fixture
def to_private_networks(app: Flask) -> None:
    """Let webhooks go to this machine."""
    config.use(replace(config.current(), webhooks_to_private_networks=True))


@pytest.fixture
def receiver(to_private_networks: None) -> Iterator[Receiver]:
    """A server that receives webhooks."""
    with start_receiver() as (_server, receiver):
        yield receiver


def deliver_due() -> list[str]:
    """Do what workers do with the deliveries whose time has come, in order; their states afterwards."""
    due = select(OutboxRow).where(OutboxRow.task == TASK, OutboxRow.not_before <= from_now())
    with transaction() as session:
        rows = session.scalars(due.order_by(OutboxRow.created_at, OutboxRow.not_before)).all()
        session.execute(delete(OutboxRow).where(OutboxRow.id.in_([row.id for row in rows])))
    return [deliver(row.args[0]) for row in rows]


def pass_time(**period: float) -> None:
    """Move everything about webhooks so far into the past."""
    earlier = timedelta(**period)
    with transaction() as session:
        for task in session.scalars(select(OutboxRow).where(OutboxRow.task == TASK)):
            task.not_before -= earlier
        for hook in session.scalars(select(Webhook)):
            hook.failing_since = hook.failing_since and hook.failing_since - earlier
            hook.paused_until = hook.paused_until and hook.paused_until - earlier
        for row in session.scalars(select(Delivery)):
            row.created_at, row.queued_at = row.created_at - earlier, row.queued_at - earlier
            row.tried_at = row.tried_at and row.tried_at - earlier


def deliveries() -> list[Delivery]:
    """All deliveries, the oldest first."""
    with read_transaction() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.created_at)))


def only_hook() -> Webhook:
    """The one webhook that there is."""
    with read_transaction() as session:
        return session.scalars(select(Webhook)).one()
