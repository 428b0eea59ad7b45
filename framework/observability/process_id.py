"""The id of this process, without asking the system: a page's counts and its line in the log would ask eight times."""

import os

_current = os.getpid()


def read() -> int:
    """As `os.getpid` tells it."""
    return _current


def _ask_again() -> None:
    global _current  # a fork is another process
    _current = os.getpid()


os.register_at_fork(after_in_child=_ask_again)
