"""The id of the request that is answered, or that caused the task that runs: the thread through all logs.

A router's `X-Request-ID` (Heroku's, for one) is taken over when it has the form of an id; else one is made. The answer
has it as a header of the same name, so that whoever reports a failure can say which line of the log tells of it.
"""

import re
from contextvars import ContextVar
from uuid import uuid4

_FORM = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_current: ContextVar[str | None] = ContextVar("request_id", default=None)


def begin(given: str | None) -> str:
    """Note that a request with this header begins in this thread; its id."""
    request_id = given if given and _FORM.fullmatch(given) else uuid4().hex
    _current.set(request_id)
    return request_id


def follow(request_id: str | None) -> None:
    """Note that this thread now does the work that a request caused; None for work that no request did."""
    _current.set(request_id)


def current() -> str | None:
    """The id of the request that this thread works for."""
    return _current.get()
