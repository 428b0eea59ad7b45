"""Healing: a damaged local copy is compared with what SQL recorded, mended from the store, and read once more.

A damaged copy is never uploaded: packs are sent from private scratch only.
"""

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from framework.errors import HoldfastError, Interrupted
from framework.files import sha256_of
from framework.gitcore import side_files
from framework.gitcore.git import GitFailed, GitTooSlow
from framework.repositories.cache import locks
from framework.repositories.cache.copy import Copy, ObjectAbsent, ObjectAltered, open_copy
from framework.repositories.cache.eviction import copy_path, evict, lock_path
from framework.repositories.cache.hydration import mend, pack_file
from framework.repositories.cache.marker import read_marker, write_marker
from framework.repositories.cache.packs.superseded import tidy
from framework.repositories.catalog.pack_records import HISTORY, StoredPack
from framework.repositories.catalog.snapshot import RepositoryMissing, read_snapshot_and_packs

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")
DAMAGE = (ObjectAltered, ObjectAbsent, GitFailed, FileNotFoundError)


def read_copy(repository_id: str, act: Callable[[Copy], Answer], kind: str = HISTORY) -> Answer:
    """What `act` makes of the opened local copy; when the copy turns out damaged, once more after it was mended.

    Raises:
        What `open_copy` and `act` raise.
    """
    answer, held = hold_copy(repository_id, act, kind)
    held.close()
    return answer


def hold_copy(repository_id: str, act: Callable[[Copy], Answer], kind: str = HISTORY) -> tuple[Answer, ExitStack]:
    """The same, with the copy held open for what is still to be streamed; the caller closes it.

    Raises:
        What `open_copy` and `act` raise.
    """
    try:
        return _hold(repository_id, act, kind)
    except GitTooSlow:  # at its deadline: that says nothing about the copy, and hashing all of it takes longer still
        raise
    except DAMAGE as damage:
        if not recover(repository_id):
            raise
        log.warning("%s was read again after healing: %s", repository_id, damage)
    return _hold(repository_id, act, kind)


def heal_after(repository_id: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Pass a stream on; when it breaks off because the copy is damaged, mend the copy for the next reader."""
    try:
        yield from chunks
    except GitTooSlow:
        raise
    except DAMAGE:
        heal(repository_id)
        raise


def recover(repository_id: str) -> bool:
    """Heal the local copy; whether it is worth another look, as it is where the copy has gone: it is made anew then.

    Raises:
        What `heal` raises.
    """
    return heal(repository_id) or read_marker(copy_path(repository_id)) is None


def heal(repository_id: str) -> bool:
    """Fetch again each file of the local copy that is not as SQL recorded it; whether there was one.

    Readers of the copy are not disturbed: a mended file takes the damaged one's place by a rename.

    Raises:
        StoreUnavailable, PackAltered, PackMissing: the copy stays as it is.
    """
    with locks.lock_exclusive(lock_path(repository_id, "update")):
        path = copy_path(repository_id)
        if read_marker(path) is None:
            return False
        snapshot, packs = read_snapshot_and_packs(repository_id)
        damaged = [(pack, suffix) for pack in packs for suffix in (".pack", ".idx") if _is_damaged(path, pack, suffix)]
        for pack, suffix in damaged:
            log.error("%s of pack %s was damaged in the local copy of %s", suffix, pack.name, repository_id)
        mend(path, snapshot, damaged)
        return _drop_damaged_side_files(path, packs) or bool(damaged)


def scrub(found: Sequence[Path], advance: Callable[[], object]) -> int:
    """Check these local copies, mend what is damaged, drop what is of no version; how many were damaged.

    `advance` is called after each.
    """
    damaged = 0
    for path in found:
        damaged += _scrub_one(path.stem)
        advance()
    return damaged


def _scrub_one(repository_id: str) -> bool:
    """One that cannot be checked must not keep the others from it."""
    try:
        damaged = heal(repository_id)
        tidy(repository_id)
    except Interrupted:
        raise
    except RepositoryMissing:  # deleted for good on another machine
        evict(repository_id)
    except HoldfastError as failure:
        log.warning("the copy of %s could not be checked: %s", repository_id, failure)
    else:
        return damaged
    return False


def _hold(repository_id: str, act: Callable[[Copy], Answer], kind: str) -> tuple[Answer, ExitStack]:
    with ExitStack() as stack:
        answer = act(stack.enter_context(open_copy(repository_id, kind)))
        return answer, stack.pop_all()


def _drop_damaged_side_files(path: Path, packs: Sequence[StoredPack]) -> bool:
    """Take them out when one is not as SQL recorded it; who opens the copy as `full` fetches them anew."""
    found = read_marker(path)
    side_files_of = [pack for pack in packs if found and pack.name == found.side_files_of]
    damaged = any(
        _differs(side_files.side_file_path(path, suffix), (recorded.size_bytes, recorded.sha256))
        for pack in side_files_of
        for suffix, recorded in pack.side_files.items()
        if suffix in side_files.INSTALLED
    )
    if found and damaged:
        log.error("a side file was damaged in the local copy %s", path.name)
        side_files.remove(path)
        write_marker(path, replace(found, kind=HISTORY, side_files_of=None))
    return damaged


def _is_damaged(path: Path, pack: StoredPack, suffix: str) -> bool:
    expected = (pack.pack_bytes, pack.pack_sha256) if suffix == ".pack" else (pack.idx_bytes, pack.idx_sha256)
    return _differs(pack_file(path, pack.name, suffix), expected)


def _differs(file: Path, expected: tuple[int, str]) -> bool:
    try:
        return (file.stat().st_size, sha256_of(file)) != expected
    except FileNotFoundError:  # not in this copy, or not yet
        return False
