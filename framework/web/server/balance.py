"""How many connections each worker holds, in memory that all of them share: a new one goes to whoever holds the fewest.

All workers wait at one socket, and whoever is quickest takes a connection. Four readers who come together could all
meet one of two workers, and keep their connections to it while the other is idle.
"""

import mmap

SLOTS = 64
"""Workers of one server at a time; two that share a slot are balanced badly, and no worse."""
YIELD_SECONDS = 0.0005
"""How long a worker leaves a new connection to others who hold fewer."""

_held = memoryview(mmap.mmap(-1, SLOTS * 4)).cast("i")
"""One more than each worker holds, 0 where there is no worker; made before workers are forked."""


def tell_held(age: int, connections: int) -> None:
    """Tell the other workers how many connections the worker of this age (gunicorn's number of it) holds."""
    _held[age % SLOTS] = connections + 1


def leave(age: int) -> None:
    """The worker takes no connections any more."""
    _held[age % SLOTS] = 0


def holds_more_than_another(age: int) -> bool:
    """Whether some other worker holds fewer connections than this one."""
    mine = _held[age % SLOTS]
    return any(0 < held < mine for held in _held)
