"""Whether work was refused because the machine was busy, for whoever would otherwise remember what came of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Shortfall:
    """`seen` when a refusal came that another time would not."""

    seen: bool = False


_watched: ContextVar[Shortfall | None] = ContextVar("watched", default=None)


@contextmanager
def watch_shortfall() -> Iterator[Shortfall]:
    """Look out for such refusals in this thread until the block ends."""
    shortfall = Shortfall()
    token = _watched.set(shortfall)
    try:
        yield shortfall
    finally:
        _watched.reset(token)


def note_shortfall() -> None:
    """Tell whoever is watching."""
    if shortfall := _watched.get():
        shortfall.seen = True
