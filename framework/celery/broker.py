"""The message broker: a folder, Redis or RabbitMQ, as the configuration says; connections that never hang."""

import hashlib
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import BoundedSemaphore
from typing import Any
from urllib.parse import urlsplit

from kombu import Connection, Exchange, Queue
from kombu.exceptions import OperationalError
from sqlalchemy.engine import make_url

from framework import config, rooms
from framework.database.engine import application_name
from framework.database.session import refuse_held_connection
from framework.errors import Unavailable
from framework.rooms import DEFAULT, MAIL, STORAGE

ANSWER_SECONDS = 2
CONNECTIONS = 2
"""A process that sends holds no more at once, since small plans have 20 for all; none when it has sent."""

FOLDER_TRANSPORT = "framework.celery.folder:Transport"
FOLDER_URL = "filesystem://localhost//"
FOLDER_POLL_SECONDS = 0.2


class BrokerAway(Unavailable):
    """The broker does not take messages at the moment; what waits for it stands in the outbox."""

    def __init__(self, reason: object) -> None:
        super().__init__(f"The message broker does not answer: {reason}. Look at BROKER_URL and at the broker itself.")


def url() -> str:
    """The broker's address, as kombu takes it."""
    return FOLDER_URL if in_folder() else config.current().broker_url


def in_folder() -> bool:
    """Whether messages are files in a folder."""
    return config.current().broker_folder is not None


def transport() -> str | None:
    """The kombu transport to use instead of the one that the address names."""
    return FOLDER_TRANSPORT if in_folder() else None


def transport_options() -> dict[str, Any]:
    """What the transport needs beside the address."""
    if folder := config.current().broker_folder:
        return _folders(folder)
    if urlsplit(url()).scheme.startswith("redis"):
        alive = {"socket_connect_timeout": ANSWER_SECONDS, "socket_keepalive": True, "health_check_interval": 25}
        return {**alive, "client_name": application_name().replace(" ", "-")}
    return {"confirm_publish": True}


def tls() -> dict[str, Any] | None:
    """How to speak TLS to Redis; None where the address says all.

    Heroku's Key-Value Store signs its own certificates, so `?ssl_cert_reqs=required` is for those who have real ones.
    """
    parts = urlsplit(url())
    if parts.scheme != "rediss":
        return None
    checked = "ssl_cert_reqs=" in parts.query and "none" not in parts.query.lower()
    return {"ssl_cert_reqs": ssl.CERT_REQUIRED if checked else ssl.CERT_NONE}


def deployment() -> str:
    """A name that all processes of this deployment share and no other has: derived from where its database is.

    The password is left out, since hosts change it while messages are under way.
    """
    database = make_url(config.current().database_url)
    place = f"{database.host or ''}:{database.port or ''}/{database.database or ''}"
    return f"holdfast-{hashlib.sha256(place.encode()).hexdigest()[:10]}"


def queues() -> list[Queue]:
    """The queues of this deployment, the default one first: long work in the store keeps no mail waiting."""
    return [_queue(kind) for kind in (DEFAULT, MAIL, STORAGE)]


def queue_for(task: str) -> Queue:
    """The queue that takes this task, by the room that it stands in."""
    return _queue(rooms.queue_kind(task))


def _queue(kind: str) -> Queue:
    name = f"{deployment()}.{kind}"
    return Queue(name, Exchange(name, type="direct"), routing_key=name)


@contextmanager
def connect() -> Iterator[Connection]:
    """A new connection for a few messages, given up after `ANSWER_SECONDS`; other threads wait for so long, too.

    Raises:
        BrokerAway: it does not answer, or stopped answering inside the block, or others wait for it already.
    """
    refuse_held_connection("the message broker")
    places = _places
    if not places.acquire(timeout=ANSWER_SECONDS):
        raise BrokerAway(f"all {CONNECTIONS} connections of this process wait for it")
    try:
        with _connection() as connection:
            yield connection
    finally:
        places.release()


def _renew_places() -> None:
    """A process begins with all its places, whoever held some in the one that it was forked from."""
    global _places
    _places = BoundedSemaphore(CONNECTIONS)


_places = BoundedSemaphore(CONNECTIONS)
os.register_at_fork(after_in_child=_renew_places)


@contextmanager
def _connection() -> Iterator[Connection]:
    options = {**transport_options(), **_short_timeouts()}
    connection = Connection(
        url(), transport=transport(), ssl=tls() or False, connect_timeout=ANSWER_SECONDS, transport_options=options
    )
    failures: tuple[type[BaseException], ...] = (OperationalError, OSError)
    failures += (*connection.connection_errors, *connection.channel_errors)
    try:
        with connection:
            connection.ensure_connection(max_retries=0, timeout=ANSWER_SECONDS)
            yield connection
    except failures as failure:
        raise BrokerAway(failure) from failure


def _short_timeouts() -> dict[str, Any]:
    if in_folder():
        return {}
    if urlsplit(url()).scheme.startswith("redis"):
        return {"socket_timeout": ANSWER_SECONDS}
    return {"read_timeout": ANSWER_SECONDS, "write_timeout": ANSWER_SECONDS}


def _folders(root: Path) -> dict[str, Any]:
    names = {"data_folder_in": "messages", "data_folder_out": "messages"}
    folders = {**names, "processed_folder": "taken", "control_folder": "control"}
    return {key: str(root / name) for key, name in folders.items()} | {"polling_interval": FOLDER_POLL_SECONDS}
