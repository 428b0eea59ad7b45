"""Consolidation: the packs of a project become two, published by the commit point as a version that changes packs only.

What was pushed meanwhile stays beside. Everything that can be read by its name is kept; a purge keeps only what the
refs reach.
"""

from collections.abc import Sequence
from contextlib import nullcontext, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from framework.celery.jobs import Work
from framework.errors import Conflict, Unavailable
from framework.formatting import format_size
from framework.gitcore import git
from framework.repositories import object_keys
from framework.repositories.cache import copies, repair
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog import lfs_objects
from framework.repositories.catalog.changes import SYSTEM_ACTOR, Change, Repacking
from framework.repositories.catalog.pack_records import StoredPack
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot_and_packs
from framework.repositories.disk_room import raise_no_room, refuse_without_room
from framework.repositories.journal.checkpoints import write_checkpoint
from framework.repositories.maintenance.fold_hold import hold_folds_off
from framework.repositories.maintenance.folds_meanwhile import find_replaced
from framework.repositories.maintenance.publishing import BeginAnew, abandon_on_failure, publish, store_packs
from framework.repositories.maintenance.repacking import (
    PackWorkspace,
    gather,
    list_everything,
    list_reached,
    name_packs,
    pack_blobs,
    pack_history,
)
from framework.repositories.write.commit import InTransaction, do_nothing
from framework.repositories.write.refusals import PacksChanged
from framework.repositories.write.splitting import PushedPack
from framework.storage.contract import StoreRefused, StoreUnavailable
from framework.storage.ownership.refusals import NotOwner

STEPS = 6
STEPS_BEFORE_COMMIT = 5
ATTEMPTS = 3
UNCHANGED = "Nothing had to be done: the project is neatly packed already."


class StillInMotion(Conflict):
    """People kept pushing what the purge was about to drop, or kept repacking."""

    def __init__(self) -> None:
        super().__init__("The project kept changing meanwhile, so nothing was erased. Try again later.")


@dataclass(frozen=True)
class Consolidated:
    """What came of it: how many packs there were, and bytes in the store that are in use, before and after.

    `dropped_lfs` are the Git LFS objects that a purge has found no use for.
    """

    packs: int
    before_bytes: int
    made: int
    after_bytes: int
    dropped_lfs: int = 0

    @property
    def sentence(self) -> str:
        """What to tell who asked for it."""
        before, after = format_size(self.before_bytes), format_size(self.after_bytes)
        large = f" {self.dropped_lfs} Git LFS objects that nothing needs were dropped." if self.dropped_lfs else ""
        return f"{self.packs} packs of {before} became {self.made} of {after}.{large}"


@dataclass(frozen=True)
class RepackRequest:
    """What is to be repacked, for whom; a purge drops what the refs do not reach.

    `in_transaction` writes that it was done, in the transaction that does it.
    """

    repository_id: str
    purge: bool = False
    actor: str = SYSTEM_ACTOR
    in_transaction: InTransaction = field(default=do_nothing)


def consolidate(request: RepackRequest, work: Work) -> Consolidated | None:
    """Repack the project; None when it consists of such packs already, or another consolidation was faster.

    A purge is never left out: it begins anew, on top of the other one.

    Raises:
        NoRoom, StillInMotion, RepositoryMissing: the project stays as it is. What `commit` and `lease_copy` raise.
    """
    with hold_folds_off(request.repository_id) if request.purge else nullcontext():
        return _consolidate(request, work)


def _consolidate(request: RepackRequest, work: Work) -> Consolidated | None:
    for _attempt in range(ATTEMPTS):
        packs = read_snapshot_and_packs(request.repository_id)[1]
        if not packs or (is_consolidated(packs) and not request.purge):
            return None
        needed = refuse_without_room(request.repository_id, packs)
        with suppress(BeginAnew), raise_no_room(needed), scratch("consolidate") as folder:
            return _Consolidation(request, work, folder).run()
        work.advance(-STEPS_BEFORE_COMMIT)
    raise StillInMotion


def is_consolidated(packs: Sequence[StoredPack]) -> bool:
    """Whether these are the packs of one consolidation and nothing beside."""
    return len({(pack.epoch, pack.version) for pack in packs}) == 1 and any(pack.side_files for pack in packs)


@dataclass(frozen=True)
class _Seen:
    """A version that the new packs were checked against, and which of its packs they replace, by name."""

    latest: PackWorkspace
    retired: frozenset[str]


class _Consolidation:
    def __init__(self, request: RepackRequest, work: Work, folder: Path) -> None:
        self._request, self._work, self._folder = request, work, folder
        self._push_id = object_keys.new_id()
        self._needed_lfs: set[str] | None = None
        self._dropped_lfs = 0

    def run(self) -> Consolidated | None:
        self._work.expect(STEPS)
        self._work.say("Reading what is there")
        repair.heal(self._request.repository_id)  # a damaged copy is never uploaded
        read = gather(self._request.repository_id, self._folder)
        made = self._pack(read)
        self._step("Storing the new packs")
        if not self._try_to_store(read, made):
            return None
        with suppress(StoreUnavailable, StoreRefused, NotOwner):  # it only shortens a later recovery
            write_checkpoint(self._request.repository_id, least_bytes=1)
        self._step("Installing them here")
        with suppress(Unavailable):  # it is stored; what hinders the local copy is left to the next reader
            copies.install(self._request.repository_id, {pack.new.name: pack.written for pack in made})
        return replace(_summarise(read, made), dropped_lfs=self._dropped_lfs)

    def _pack(self, read: PackWorkspace) -> list[PushedPack]:
        listing = list_reached(read) if self._request.purge else list_everything(read)
        self._note_needed_lfs(read)
        self._step("Packing commits, folders and small files")
        history = pack_history(read, listing)
        self._step("Packing large files")
        blobs = pack_blobs(read, listing)
        self._step("Indexing what commits reach")
        return name_packs(read, listing, history, blobs)

    def _try_to_store(self, read: PackWorkspace, made: Sequence[PushedPack]) -> bool:
        """Send the packs and make them a version; False when another consolidation was faster."""
        try:
            with abandon_on_failure(self._push_id):
                store_packs(self._request.repository_id, self._push_id, made)
                self._step("Making them the newest version")
                publish(
                    _Seen(read, frozenset(pack.name for pack in read.packs)),
                    lambda seen: self._change(read, seen, made),
                    lambda seen: self._check_again(read, seen, made),
                    in_transaction=self._request.in_transaction,
                )
        except PacksChanged as faster:
            if self._request.purge:  # the other one kept everything
                raise BeginAnew from faster
            return False
        return True

    def _change(self, read: PackWorkspace, seen: _Seen, made: Sequence[PushedPack]) -> Change:
        """The change after which the packs that were read are out of use, and those that came since are in use."""
        latest, kept = seen.latest, {sha for pack in made for sha in pack.new.sizes}
        gone = (read.large_blobs() - kept - latest.large_blobs(but=seen.retired)) if self._request.purge else set()
        place = latest.snapshot.epoch, latest.snapshot.version
        unneeded = frozenset(self._find_unneeded_lfs(latest.snapshot))
        self._dropped_lfs = len(unneeded)
        return Change(
            repository_id=self._request.repository_id,
            actor=self._request.actor,
            push_id=self._push_id,
            packs=tuple(pack.new for pack in made),
            pack_generation=latest.snapshot.pack_generation,
            kind="purge" if self._request.purge else "consolidation",
            repacking=Repacking(place, seen.retired, frozenset(gone), unneeded),
        )

    def _note_needed_lfs(self, found: PackWorkspace, known: Snapshot | None = None) -> None:
        """Add what a purge has to keep of Git LFS since the version `known`."""
        if self._request.purge and lfs_objects.names_any(self._request.repository_id):
            before = self._needed_lfs
            self._needed_lfs = found.lfs_objects() if before is None else before | found.lfs_objects(known)

    def _find_unneeded_lfs(self, latest: Snapshot) -> set[str]:
        """The objects that the version names, and that nothing which is kept stands for."""
        if self._needed_lfs is None:
            return set()
        named = lfs_objects.read_all_named(self._request.repository_id, until=latest.version)
        return {one.oid for one in named} - self._needed_lfs

    def _check_again(self, read: PackWorkspace, checked: _Seen, made: Sequence[PushedPack]) -> _Seen:
        """The newest version, when everything that its refs reach is in the new packs and those that came since.

        Raises:
            PacksChanged: another consolidation was faster. BeginAnew: an object is in neither.
        """
        newest = gather(self._request.repository_id, self._folder)
        replaced = find_replaced(read, newest)
        if replaced.mixed and self._request.purge:  # what it is about to drop lies in one pack with what came since
            raise PacksChanged
        newest.swap(replaced.whole, [pack.written for pack in made])
        try:
            newest.check_connected(known=read.snapshot)  # what came since may lie in packs that are replaced now
        except git.GitCutOff:
            raise
        except git.GitFailed as failure:
            raise BeginAnew from failure
        self._note_needed_lfs(newest, checked.latest.snapshot)
        return _Seen(newest, replaced.whole)

    def _step(self, what: str) -> None:
        self._work.advance(message=what)


def _summarise(read: PackWorkspace, made: Sequence[PushedPack]) -> Consolidated:
    before = sum(pack.stored_bytes for pack in read.packs)
    return Consolidated(len(read.packs), before, len(made), sum(pack.new.stored_bytes for pack in made))
