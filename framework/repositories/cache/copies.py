"""The local cache: bare repositories below `<data>/cache/` that may vanish at any moment and are made again from S3."""

import errno
import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from framework.errors import HoldfastError, Interrupted, Unavailable
from framework.gitcore.packs import WrittenPack
from framework.observability import counts
from framework.repositories.cache import eviction, locks, marker, usage
from framework.repositories.cache.archived import drop_archived
from framework.repositories.cache.eviction import copy_path, lock_path
from framework.repositories.cache.hydration import Filling, fill, lay_out
from framework.repositories.cache.marker import FULL, Marker, read_marker
from framework.repositories.cache.packs.superseded import drop_superseded, tidy
from framework.repositories.cache.scratch import scratch
from framework.repositories.cache.status import refuse_contradiction
from framework.repositories.cache.threads import Threads
from framework.repositories.catalog.pack_records import HISTORY, StoredPack
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot, read_snapshot_and_packs
from framework.web.remembered import store as pages

log = logging.getLogger(__name__)

MOST_INSTALLING = 64
"""More than there are requests and tasks in a process: none waits for another project's copy."""
_installing = Threads("installing", lambda: MOST_INSTALLING)

VersionAndPacks = tuple[Snapshot, Sequence[StoredPack]]
MOST_LOOKS = 20
"""How often somebody looks again who found that what had just been read was out of date."""


class DiskFull(Unavailable):
    """The local disk has no room for the project, although other copies were dropped."""

    def __init__(self) -> None:
        super().__init__("This server has no room for the project just now. Nothing is lost; try again in a minute.")


class CopyContended(Unavailable):
    """Other versions came between, or the disk was emptied, each time that the copy was brought to the newest one."""

    def __init__(self) -> None:
        super().__init__("This project is being changed faster than it can be read just now; try again in a moment.")


@contextmanager
def lease_copy(repository_id: str, kind: str = HISTORY) -> Iterator[tuple[Path, Snapshot]]:
    """A bare repository on the local disk that holds at least the newest version, and what SQL says of it.

    `history` serves pages and browser edits, `full` everything that reads large blobs by git. It stays as it is
    until the block ends. A warm copy asks SQL and nothing else.

    Raises:
        RepositoryMissing, StoreUnavailable, PackAltered, PackMissing, DatabaseBehind, DiskFull, CopyContended.
    """
    with lease_warm_copy(repository_id, kind) as warm:
        if warm:
            yield warm
            return
    with ExitStack() as lease:
        snapshot = _catch_up_and_lease(repository_id, kind, lease)
        eviction.make_room(keep=repository_id, grown_bytes=eviction.size_bytes(copy_path(repository_id)))
        yield _open(repository_id, hit=False), snapshot
    tidy(repository_id)


@contextmanager
def lease_warm_copy(
    repository_id: str, kind: str, known: Snapshot | None = None
) -> Iterator[tuple[Path, Snapshot] | None]:
    """The same of a copy that holds the newest version already; None where it would have to be brought forward.

    The newest version may be `known` to whoever has read it just before.
    """
    _do_when_due()
    with ExitStack() as lease:
        snapshot = _lease_if_current(repository_id, kind, lease, known)
        yield (_open(repository_id, hit=True), snapshot) if snapshot else None
    if snapshot:
        tidy(repository_id)


def _open(repository_id: str, *, hit: bool) -> Path:
    """The copy, of which the cache knows now that it is used."""
    path = copy_path(repository_id)
    marker.touch(path)
    counts.count_copy_opened(at_once=hit)
    usage.note_opened(repository_id, hit=hit)
    return path


def note_use(repository_id: str) -> None:
    """Note that somebody looks at what was read from the copy before; one that is not here is not fetched for it."""
    _do_when_due()
    marker.touch_now_and_then(copy_path(repository_id))
    usage.note_used(repository_id)


def _do_when_due() -> None:
    if usage.write_when_due():
        drop_archived()
        pages.delete_old()


def _lease_if_current(repository_id: str, kind: str, lease: ExitStack, known: Snapshot | None) -> Snapshot | None:
    """Take the lease of a copy that is at the newest version; None without a lease where it is not, or is away."""
    if not marker.last_used(copy_path(repository_id)):
        return None
    with ExitStack() as attempt:
        snapshot = known or read_snapshot(repository_id)
        attempt.enter_context(locks.lock_shared(lock_path(repository_id, "lease")))
        found = read_marker(copy_path(repository_id))
        if found and found.contradicts(snapshot):
            snapshot = read_snapshot(repository_id)
            refuse_contradiction(found, snapshot)
        if found and found.serves(snapshot, kind):
            lease.push(attempt.pop_all())
            return snapshot
    return None


def _catch_up_and_lease(repository_id: str, kind: str, lease: ExitStack) -> Snapshot:
    """Bring the copy to the newest version and take its lease.

    An eviction takes both locks: while this one has `update`, none comes between the filling and the lease, however
    small the cache. Only on a disk that is emptied, locks and all, there may be another copy in the place.
    """
    for _look in range(MOST_LOOKS):
        with (
            ExitStack() as attempt,
            locks.lock_exclusive(lock_path(repository_id, "update")),
        ):
            snapshot = _bring_forward(repository_id, kind, {})
            attempt.enter_context(locks.lock_shared(lock_path(repository_id, "lease")))
            found = read_marker(copy_path(repository_id))
            if found and found.serves(snapshot, kind):
                lease.push(attempt.pop_all())
                return snapshot
    raise CopyContended


def link_packs(repository_id: str, folder: Path, known: VersionAndPacks | None = None) -> VersionAndPacks:
    """Hard links in this folder to every pack of the newest version, and that version.

    They outlive whatever happens to the local copy. Without a pack no copy is looked at. Where the newest version is
    `known` to whoever has read it just before, and the copy is at it, SQL is not asked again.

    Raises:
        What `lease_copy` raises.
    """
    newest, packs = known or read_snapshot_and_packs(repository_id)
    if not packs:
        return newest, packs
    with lease_warm_copy(repository_id, FULL, newest) as warm:
        if warm and warm[1] == newest:
            _link(warm[0], packs, folder)
            return newest, packs
    for _look in range(MOST_LOOKS):
        with lease_copy(repository_id, FULL) as (path, snapshot):
            newest, packs = read_snapshot_and_packs(repository_id)
            if newest == snapshot:
                _link(path, packs, folder)
                return newest, packs
    raise CopyContended


def _link(path: Path, packs: Sequence[StoredPack], folder: Path) -> None:
    for pack in packs:
        for suffix in (".pack", ".idx"):
            name = f"pack-{pack.name}{suffix}"
            (folder / name).hardlink_to(path / "objects" / "pack" / name)


def install(repository_id: str, written: Mapping[str, WrittenPack], kind: str = HISTORY) -> None:
    """Take packs that this process has at hand into the local copy, and bring it to this kind.

    Where there is no copy one is made only when these are all packs: nothing has to be fetched for it.
    """
    _catch_up(repository_id, kind, written, anew=False)


@contextmanager
def install_meanwhile(repository_id: str, written: Mapping[str, WrittenPack]) -> Iterator[None]:
    """Have `install` work beside the block, which ends when both have; a copy that it leaves is the next reader's."""
    with ExitStack() as both:
        if written:
            with suppress(Interrupted):
                both.callback(_await_installed, _installing.submit(install, repository_id, written))
        yield


def _await_installed(installed: "Future[None]") -> None:
    """Whatever hindered it is no failure of the block, such as one by which a change is stored."""
    failure = installed.exception()
    if failure and not isinstance(failure, (HoldfastError, SQLAlchemyError)):
        log.error("a local copy could not be brought forward", exc_info=failure)


def take_in(repository_id: str, written: Mapping[str, WrittenPack]) -> None:
    """Make these packs a full local copy: they are here because somebody needed them, and found none.

    Raises:
        What `lease_copy` raises.
    """
    _catch_up(repository_id, FULL, written)
    usage.note_opened(repository_id, hit=False)


def _catch_up(repository_id: str, kind: str, written: Mapping[str, WrittenPack], *, anew: bool = True) -> None:
    """Bring the local copy to SQL's newest version: one process or thread at a time does it, the others wait."""
    path = copy_path(repository_id)
    with locks.lock_exclusive(lock_path(repository_id, "update")):
        before = eviction.size_bytes(path)
        _bring_forward(repository_id, kind, written, anew=anew)
        grown = eviction.size_bytes(path) - before
    eviction.make_room(keep=repository_id, grown_bytes=grown)


def _bring_forward(repository_id: str, kind: str, written: Mapping[str, WrittenPack], *, anew: bool = True) -> Snapshot:
    """The same for who has the lock; the version that the copy holds now at least.

    Unless it is made `anew`, a copy that is not there is left so, where packs would have to be fetched for it.
    """
    snapshot, packs = read_snapshot_and_packs(repository_id)
    path = copy_path(repository_id)
    found = read_marker(path)
    if found:
        refuse_contradiction(found, snapshot)
    if not found and not anew and not snapshot.packs <= written.keys():
        return snapshot
    if not (found and found.serves(snapshot, kind)):
        _with_room(path, Filling(snapshot, packs, kind, written), found)
        drop_superseded(path)
        counts.count_copy_filled(anew=found is None)
        if found is None and eviction.take_ghost(repository_id):
            usage.note_regained()
    return snapshot


def _with_room(path: Path, filling: Filling, found: Marker | None) -> None:
    """Fill the copy; on a full disk once more, when other copies have made room."""
    try:
        with _raise_disk_full():
            _fill(path, filling, found)
    except DiskFull:
        eviction.free(filling.size_bytes, keep=path.stem)
        with _raise_disk_full():
            _fill(path, filling, found)


@contextmanager
def _raise_disk_full() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFull from error
        raise


def _fill(path: Path, filling: Filling, found: Marker | None) -> None:
    """A copy that is there is brought forward in its place; a new one is made beside and takes its place whole."""
    if found:
        fill(path, filling)
        return
    with scratch("hydrate") as draft:
        lay_out(draft / "copy")
        fill(draft / "copy", filling)
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(path, ignore_errors=True)
        _take_place(draft / "copy", path)


def _take_place(draft: Path, path: Path) -> None:
    """On a disk that was emptied the lock's file is another one, and whoever has that may be faster: theirs is kept."""
    try:
        draft.rename(path)
    except OSError as error:
        if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
