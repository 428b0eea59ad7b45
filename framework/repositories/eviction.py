"""Eviction: local copies are dropped, the least recently used first, when the cache is over its size."""

import logging
import shutil
from pathlib import Path

from framework import config
from framework.metrics import counts
from framework.repositories import locks
from framework.repositories.marker import last_used, read_marker
from framework.repositories.scratch import scratch

log = logging.getLogger(__name__)


def copy_path(repository_id: str) -> Path:
    """Where the local copy of a repository lies, or would."""
    return _root() / f"{repository_id}.git"


def lock_path(repository_id: str, kind: str) -> Path:
    """The lock file of a repository: `lease` for its readers, `update` for who changes the copy."""
    return config.current().data / "locks" / f"{repository_id}.{kind}"


def evict(repository_id: str) -> bool:
    """Drop the local copy unless somebody reads or changes it; whether it is gone.

    It is renamed first, so that nobody ever finds half a copy in its place.
    """
    path = copy_path(repository_id)
    with (
        locks.exclusive_at_once(lock_path(repository_id, "update")) as unchanged,
        locks.exclusive_at_once(lock_path(repository_id, "lease")) as unread,
    ):
        if not (unchanged and unread):
            return False
        if path.exists():
            with scratch("evict") as folder:
                path.rename(folder / path.name)
                shutil.rmtree(folder / path.name)
        return True


def make_room(*, keep: str) -> int:
    """Evict until the cache holds `CACHE_MAX_BYTES` at most; how many bytes were freed.

    The copy of the repository `keep` stays, and those in use, so the cache may be over its size for a while.
    """
    return free(cached_bytes() - config.current().cache_max_bytes, keep=keep)


def free(wanted_bytes: int, *, keep: str) -> int:
    """Evict other copies, the least recently used first, until so much is free; how many bytes were freed."""
    freed = 0
    for path in sorted(copies(), key=last_used):
        if freed >= wanted_bytes:
            break
        if path.stem == keep:
            continue
        size = size_bytes(path)
        if evict(path.stem):
            freed += size
            counts.copy_evicted(size)
            log.info("evicted %s, %d bytes", path.stem, size)
    return freed


def copies() -> list[Path]:
    """The local copies."""
    return list(_root().glob("*.git"))


def cached_bytes() -> int:
    """What all local copies take, in bytes."""
    return sum(size_bytes(path) for path in copies())


def size_bytes(copy: Path) -> int:
    """What one copy takes, in bytes; 0 for one that is going or coming."""
    marker = read_marker(copy)
    return marker.size_bytes if marker else 0


def _root() -> Path:
    return config.current().data / "cache"
