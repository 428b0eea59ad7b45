"""Prefetch: what a project's page does not need is fetched beside it, so that the clone that may follow finds it here.

One or two threads of a process do it, a pack at a time over one connection each, into a folder of their own; the copy
is changed only when everything is at hand, by links, so that no reader waits for a download.
"""

import logging
import os
import shutil
import threading

from sqlalchemy.exc import SQLAlchemyError

from framework import config
from framework.errors import HoldfastError
from framework.gitcore.packs import WrittenPack
from framework.observability import counts
from framework.repositories.cache import copies
from framework.repositories.cache.eviction import copy_path
from framework.repositories.cache.hydration import download, pack_file
from framework.repositories.cache.marker import FULL, read_marker
from framework.repositories.cache.scratch import scratch
from framework.repositories.cache.threads import Threads
from framework.repositories.catalog.snapshot import read_snapshot_and_packs

THREADS = 2
LONGEST_QUEUE = 20
SHARE_OF_CACHE = 10
"""One copy may take this part of the cache without anybody having asked for it."""

log = logging.getLogger(__name__)

_lock = threading.Lock()
_threads = Threads("prefetch", lambda: THREADS)
_waiting: set[tuple[int, str]] = set()


def warm(repository_id: str) -> None:
    """Have the local copy, which somebody looks at, become a full one in a while; costs the caller nothing.

    Nothing happens when prefetch is off, the copy is full already, or many others wait.
    """
    if not config.current().prefetch or _is_full(repository_id):
        return
    mine = (os.getpid(), repository_id)
    with _lock:
        if mine in _waiting or len(_waiting) >= LONGEST_QUEUE:
            return
        _waiting.add(mine)
        _threads.submit(_warm_and_forget, mine)


def _warm_and_forget(mine: tuple[int, str]) -> None:
    """A prefetch that fails is no failure of anybody's: whoever needs the packs fetches them."""
    try:
        outcome, size = complete(mine[1])
    except (HoldfastError, OSError, SQLAlchemyError) as failure:
        log.warning("the prefetch of %s failed: %s", mine[1], failure)
        outcome, size = "failed", 0
    finally:
        with _lock:
            _waiting.discard(mine)
    counts.count_prefetch(outcome, size)


def complete(repository_id: str) -> tuple[str, int]:
    """Fetch what the local copy lacks; `done`, `no_room` or `needless`, and the bytes that came.

    Raises:
        RepositoryMissing, StoreUnavailable, PackAltered, PackMissing, DatabaseBehind, DiskFull: the copy is as it was.
    """
    _snapshot, packs = read_snapshot_and_packs(repository_id)
    if _is_full(repository_id):
        return "needless", 0
    lacking = [pack for pack in packs if not pack_file(copy_path(repository_id), pack.name).exists()]
    size = sum(pack.pack_bytes for pack in lacking)
    if not _has_room(size):
        return "no_room", 0
    written: dict[str, WrittenPack] = {}
    with scratch("prefetch") as folder:
        for pack in lacking:
            if not copy_path(repository_id).exists():  # nobody looks any more
                return "needless", sum(made.pack_bytes for made in written.values())
            written[pack.name] = download(repository_id, pack, folder)
        copies.install(repository_id, written, FULL)
    return "done", size


def _is_full(repository_id: str) -> bool:
    """Whether the local copy is full, or is away, since nobody looks at it then."""
    marker = read_marker(copy_path(repository_id))
    return marker is None or marker.kind == FULL


def _has_room(size_bytes: int) -> bool:
    """The disk keeps what a request may need, and the cache is not turned upside down for a guess."""
    settings = config.current()
    free = shutil.disk_usage(settings.data).free
    return size_bytes <= settings.cache_max_bytes // SHARE_OF_CACHE and free - size_bytes > settings.max_request_bytes
