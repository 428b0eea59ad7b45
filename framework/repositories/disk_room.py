"""Room on this machine's disk for what repacks a project: it is made before, and its lack is told in a sentence."""

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from framework import config
from framework.errors import Unavailable
from framework.gitcore import git
from framework.repositories.cache import eviction
from framework.repositories.catalog.pack_records import StoredPack

NO_SPACE = "No space left on device"


class NoRoom(Unavailable):
    """The disk of this machine has no room to repack the project, which stays as it is."""

    def __init__(self, needed_bytes: int, free_bytes: int) -> None:
        super().__init__(
            f"Repacking this project needs {needed_bytes >> 20:,} MiB of disk, and this machine has"
            f" {free_bytes >> 20:,} MiB free. Nothing was changed; make room or use a larger machine."
        )


def refuse_without_room(repository_id: str, packs: Sequence[StoredPack]) -> int:
    """Make room for what is not here yet and for the new packs; how much that is, in bytes."""
    total = sum(pack.size_bytes for pack in packs)
    needed = total + max(0, total - eviction.size_bytes(eviction.copy_path(repository_id)))
    if _free_bytes() < needed <= _free_bytes() + eviction.count_cached_bytes():
        eviction.free(needed - _free_bytes(), keep=repository_id)
    if _free_bytes() < needed:
        raise NoRoom(needed, _free_bytes())
    return needed


@contextmanager
def raise_no_room(needed_bytes: int) -> Iterator[None]:
    """Have a full disk told as `NoRoom`, with the bytes that were needed."""
    try:
        yield
    except git.GitFailed as failure:
        if NO_SPACE not in failure.said:
            raise
        raise NoRoom(needed_bytes, _free_bytes()) from failure
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
            raise
        raise NoRoom(needed_bytes, _free_bytes()) from error


def _free_bytes() -> int:
    return shutil.disk_usage(config.current().data).free
