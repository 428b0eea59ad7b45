"""A task as a worker holds it, until the broker has been told of its end."""

from typing import Any

from celery.worker.request import Request as AnyRequest


class Request(AnyRequest):
    """Lets a broker that cannot be told end the connection, so that the worker opens another one.

    Celery writes a line to the log instead. On Redis the message then counts as unfinished for as long as the
    connection lasts: a worker that runs one task at a time never asks for the next, and notices nothing.
    """

    def __init__(self, message: Any, **options: Any) -> None:
        super().__init__(message, **{**options, "connection_errors": ()})
