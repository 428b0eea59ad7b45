"""Eviction: when the cache is over its size, copies are dropped by score; see docs/decisions/0014-eviction-score.md.

The ghost list (a term of the 2Q and ARC caches) names what was evicted lately, with its size: a cache one GiB larger
would still hold the last GiB of it. Who is fetched again while on the list is a miss that the larger cache would
not have had. The list lies beside the cache as the names of empty files, so that processes share it; a lost entry is a
figure that is a little too low.
"""

import logging
import shutil
import time
from contextlib import suppress
from pathlib import Path
from threading import Lock

from framework import config
from framework.observability import counts
from framework.repositories.cache import locks
from framework.repositories.cache.marker import last_used, read_marker
from framework.repositories.cache.scratch import scratch

ROUND_TRIP_BYTES = 8 << 20
"""What is transferred in the time that the round trips of hydrating take: a copy of this size costs twice that."""

GHOST_BYTES = 1 << 30
MOST_GHOSTS = 5000

COUNTED_AGAIN_SECONDS = 60
SLACK_SHARE = 32
"""A full cache is emptied by one part of so many beyond its size: else each write would find it full again."""

log = logging.getLogger(__name__)


def copy_path(repository_id: str) -> Path:
    """Where the local copy of a repository lies, or would."""
    return Path(f"{config.current().data}/cache/{repository_id}.git")  # on each page, and faster than two joins


def lock_path(repository_id: str, kind: str) -> Path:
    """The lock file of a repository: `lease` for its readers, `update` for who changes the copy."""
    return config.current().data / "locks" / f"{repository_id}.{kind}"


def evict(repository_id: str) -> bool:
    """Drop the local copy unless somebody reads or changes it; whether it is gone.

    It is renamed first, so that nobody ever finds half a copy in its place.
    """
    path = copy_path(repository_id)
    with (
        locks.try_lock_exclusive(lock_path(repository_id, "update")) as unchanged,
        locks.try_lock_exclusive(lock_path(repository_id, "lease")) as unread,
    ):
        if not (unchanged and unread):
            return False
        if path.exists():
            with scratch("evict") as folder:
                path.rename(folder / path.name)
                shutil.rmtree(folder / path.name)
        return True


def make_room(*, keep: str, grown_bytes: int | None = None) -> int:
    """Evict until the cache holds `CACHE_MAX_BYTES` at most; how many bytes were freed.

    The copy of the repository `keep` stays, and those in use, so the cache may be over its size for a while. Counting
    reads the marker of each copy, of which there may be ten thousand: a caller that tells by how much the cache has
    grown leaves it at that while there is room by the last count, which no other process is asked about for a minute.
    """
    most = config.current().cache_max_bytes
    counted = _counts.get(_root())
    if counted and grown_bytes is not None and counted.lasts(most, grown_bytes):
        return 0
    held = count_cached_bytes()
    freed = free(held - most + most // SLACK_SHARE, keep=keep) if held > most else 0
    _counts[_root()] = _Count(held - freed)
    return freed


class _Count:
    """What the copies took when this process counted them, and by how much it has made them grow since."""

    def __init__(self, held_bytes: int) -> None:
        self._held_bytes = held_bytes
        self._until = time.monotonic() + COUNTED_AGAIN_SECONDS
        self._growing = Lock()

    def lasts(self, most_bytes: int, grown_bytes: int) -> bool:
        """Whether there is room for so much more, by what is known; it counts as taken."""
        with self._growing:
            self._held_bytes += grown_bytes
            return self._held_bytes <= most_bytes and time.monotonic() < self._until


_counts: dict[Path, _Count] = {}
"""By the folder of the copies."""


def free(wanted_bytes: int, *, keep: str) -> int:
    """Evict other copies, the highest score first, until so much is free; how many bytes were freed."""
    freed = 0
    if wanted_bytes <= 0:
        return freed
    for path, size in _by_score():
        if freed >= wanted_bytes:
            break
        if path.stem != keep and evict(path.stem):
            freed += size
            counts.count_copy_evicted(size)
            add_ghost(path.stem, size)
            log.info("evicted %s, %d bytes", path.stem, size)
    return freed


def eviction_score(idle_seconds: float, size_bytes: int) -> float:
    """How much a copy wastes by staying: its room for the time that it lay idle, by what hydrating it would cost.

    That is some round trips and the transfer, so a large copy counts for its idle time alone, and a small one is kept
    for longer the smaller it is. (GreedyDual-Size's ratio, Cao and Irani 1997, with LRU's clock.)
    """
    return idle_seconds * size_bytes / (size_bytes + ROUND_TRIP_BYTES)


def copies() -> list[Path]:
    """The local copies."""
    return list(_root().glob("*.git"))


def count_cached_bytes() -> int:
    """What all local copies take, in bytes."""
    return sum(size_bytes(path) for path in copies())


def size_bytes(copy: Path) -> int:
    """What one copy takes, in bytes; 0 for one that is going or coming."""
    marker = read_marker(copy)
    return marker.size_bytes if marker else 0


def add_ghost(repository_id: str, size_bytes: int) -> None:
    """Put a copy of this size, which has just been evicted to make room, on the ghost list."""
    take_ghost(repository_id)
    _ghost_list().mkdir(parents=True, exist_ok=True)
    (_ghost_list() / f"{time.time_ns():020}-{size_bytes}-{repository_id}").touch()
    kept = 0
    for number, ghost in enumerate(_ghosts_newest_first()):
        kept += int(ghost.name.split("-")[1])
        if kept > GHOST_BYTES or number >= MOST_GHOSTS:
            ghost.unlink(missing_ok=True)


def take_ghost(repository_id: str) -> bool:
    """Take the copy, which is being fetched again, off the ghost list; whether it was there."""
    found = list(_ghost_list().glob(f"*-{repository_id}"))
    for ghost in found:
        ghost.unlink(missing_ok=True)
    return bool(found)


def _ghosts_newest_first() -> list[Path]:
    with suppress(FileNotFoundError):
        return sorted(_ghost_list().iterdir(), reverse=True)
    return []


def _ghost_list() -> Path:
    return config.current().data / "ghosts"


def _by_score() -> list[tuple[Path, int]]:
    """The copies with their sizes in bytes, the highest score first; what has no marker is of no use to anybody."""
    moment = time.time()
    found = [(path, size_bytes(path)) for path in copies()]
    weighed = [
        (eviction_score(moment - last_used(path), size) if size else float("inf"), path, size) for path, size in found
    ]
    return [(path, size) for _score, path, size in sorted(weighed, reverse=True)]


def _root() -> Path:
    return config.current().data / "cache"
