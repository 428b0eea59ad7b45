"""Failures that operation brings with it: a part that is away, a client that went. The log has one line of each."""

from socket import gaierror

from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as NoFreeConnection
from werkzeug.exceptions import ClientDisconnected

from framework.errors import HoldfastError

_KINDS = (HoldfastError, ConnectionError, TimeoutError, gaierror, NoFreeConnection, ClientDisconnected)
_NAMES = {
    "amqp.exceptions.AMQPError",
    "botocore.exceptions.ConnectionError",
    "botocore.exceptions.HTTPClientError",
    "kombu.exceptions.OperationalError",
    "redis.exceptions.ConnectionError",
    "redis.exceptions.TimeoutError",
}
"""Errors of libraries that not every deployment has."""

_OF_SQLITE = ("database is locked", "unable to open database file", "disk I/O error", "database or disk is full")


def is_foreseen(error: BaseException) -> bool:
    """Whether somebody expected this failure, so that its traceback says nothing."""
    if isinstance(error, (OperationalError, InterfaceError)):
        return is_away(error)
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    return isinstance(error, _KINDS) or not _NAMES.isdisjoint(names)


def is_away(error: OperationalError | InterfaceError) -> bool:
    """Whether the database is away or busy; SQLite says by the same error that a statement is wrong."""
    if type(error.orig).__module__ != "sqlite3":
        return True
    return str(error.orig).startswith(_OF_SQLITE)


def in_a_line(error: BaseException) -> str:
    """The error's kind and words, without the statement that a database's error repeats."""
    told = getattr(error, "orig", None) or error
    return f"{type(error).__name__}: {' '.join(str(told).split())}"
