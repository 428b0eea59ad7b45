"""Ghosts: what was evicted lately, by name and size, to tell what a little more cache would have spared.

A cache that is one GiB larger would still hold what was evicted last, up to a GiB of it. Whoever is fetched again while
his ghost is among those is a miss that the larger cache would not have had. The list lies beside the cache as empty
files' names and times, so that processes share it; a lost one is a figure that is a little too low.
"""

import time
from contextlib import suppress
from pathlib import Path

from framework import config

REMEMBERED_BYTES = 1 << 30
MOST_GHOSTS = 5000


def remember(repository_id: str, size_bytes: int) -> None:
    """A copy of this size has just been evicted to make room."""
    _forget(repository_id)
    _root().mkdir(parents=True, exist_ok=True)
    (_root() / f"{time.time_ns():020}-{size_bytes}-{repository_id}").touch()
    kept = 0
    for number, ghost in enumerate(_newest_first()):
        kept += _size(ghost)
        if kept > REMEMBERED_BYTES or number >= MOST_GHOSTS:
            ghost.unlink(missing_ok=True)


def was_evicted_lately(repository_id: str) -> bool:
    """Whether a cache that is one GiB larger would still have the copy that is being fetched; it is no ghost then."""
    return _forget(repository_id)


def _forget(repository_id: str) -> bool:
    found = list(_root().glob(f"*-{repository_id}"))
    for ghost in found:
        ghost.unlink(missing_ok=True)
    return bool(found)


def _newest_first() -> list[Path]:
    with suppress(FileNotFoundError):
        return sorted(_root().iterdir(), reverse=True)
    return []


def _size(ghost: Path) -> int:
    return int(ghost.name.split("-")[1])


def _root() -> Path:
    return config.current().data / "ghosts"
