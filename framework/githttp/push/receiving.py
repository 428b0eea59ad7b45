"""A pack that came, from a push or from elsewhere: checked in quarantine, stored, made one version.

The checks run beside each other and beside the sending; what was sent of a pack that is refused is deleted.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import plans
from framework.accounts.core.account import Account
from framework.accounts.core.plans import Plan
from framework.errors import HoldfastError, Unavailable
from framework.formatting import format_size
from framework.gitcore.git import GitFailed
from framework.gitcore.pkt_line import Received
from framework.githttp.protocol.ref_statuses import RefStatuses
from framework.githttp.push import landing, policy
from framework.githttp.push.landing import Landing, RefSummary
from framework.githttp.push.tree_size import check_tree_size
from framework.lfs.pushing import find_needed
from framework.observability import counts
from framework.observability.pool import Pool
from framework.projects.branches.protection import protection_of
from framework.projects.core.access import ProjectAccess
from framework.projects.members import quota
from framework.repositories import object_keys
from framework.repositories.cache.repair import recover
from framework.repositories.catalog.changes import StoredLfs
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot_and_packs
from framework.repositories.journal.writer import NotConfirmed
from framework.repositories.write import staging
from framework.repositories.write.inventory import Inventory, ObjectsMissing
from framework.repositories.write.pack_upload import send
from framework.repositories.write.quarantine import Quarantine
from framework.repositories.write.refusals import OutcomeUnknown, PacksChanged
from framework.repositories.write.splitting import PushedPack, large_left_out, split

CHECKS_AT_ONCE = 6


@dataclass(frozen=True)
class Arrival:
    """Who brings objects to which project; `arrived` is called when the pack was read, `say` with what is told.

    `recheck` may refuse the version in its transaction, beside what is asked of every push there. With `keeps_packs`
    the local copy takes in what became part of it, since somebody will look at it here.
    """

    access: ProjectAccess
    account: Account
    arrived: Callable[[], None]
    say: Callable[[str], None]
    recheck: Callable[[Session], None] = landing.admit_all
    keeps_packs: bool = False


class PackReceiver:
    """Makes a version of what the statuses' commands ask for; `statuses` tells afterwards what became of each.

    `twins` are names in its folders that some systems take for the same, in pairs.
    """

    def __init__(self, arrival: Arrival, statuses: RefStatuses) -> None:
        self._arrival, self._statuses = arrival, statuses
        self._access = arrival.access
        self._repository_id = arrival.access.repository_id
        self._push_id = object_keys.new_id()
        self._protection = protection_of(self._access.id)
        self._plan, self._room_bytes = Plan(plans.UNLIMITED), 0
        self._found: Inventory | None = None
        self._lfs: tuple[StoredLfs, ...] = ()
        self._summaries: dict[str, RefSummary] = {}
        self.twins: list[tuple[str, str]] = []

    def receive(self, folder: Path, pack: Received | None, announced_bytes: int = 0) -> None:
        """Do it all; the work is done in `folder`, which is scratch.

        Raises:
            OutcomeUnknown, NotConfirmed: it may have become one. Others: nothing did, and nothing stays in the store.
        """
        try:
            self._receive_pack(folder, pack, announced_bytes)
        except (OutcomeUnknown, NotConfirmed):
            raise
        except HoldfastError:
            self._abandon()
            raise

    def _receive_pack(self, folder: Path, pack: Received | None, announced_bytes: int) -> None:
        (snapshot, stored), quarantine = read_snapshot_and_packs(self._repository_id), None
        landing.check_refs(self._statuses, snapshot, self._protection)
        packs: list[PushedPack] = []
        if pack and self._statuses.accepted:
            self._check_room(announced_bytes)
            quarantine = Quarantine(folder, self._repository_id, policy.CLEARING, known=(snapshot, stored))
            packs = self._store_packs(quarantine, pack)
        if self._statuses.moves:
            self._land_until_done(packs, snapshot, quarantine)

    def _store_packs(self, quarantine: Quarantine, received: Received) -> list[PushedPack]:
        """The packs in the store, when every object may be stored and nothing that they need is missing."""
        settings = config.current()
        pack = quarantine.take(policy.limit_objects(received), settings.max_push_bytes, policy.most_allocated_bytes())
        self._arrival.arrived()
        with Pool(CHECKS_AT_ONCE) as pool:
            connected = pool.submit(self._check_connected, quarantine)
            if pack is None:
                connected.result()
                self._check_tips(quarantine)
                return []
            self._found = found = self._take_inventory(quarantine, pack)
            trees = pool.submit(policy.check_trees, quarantine, found, self._statuses.tips)
            tokens = pool.submit(policy.check_tokens, quarantine, found, self._statuses.tips)
            lfs = pool.submit(find_needed, quarantine, found, self._statuses.tips)
            packs = pool.submit(split, quarantine, pack, found)
            self._check_tips(quarantine)
            summaries = pool.submit(landing.summarise_refs, self._statuses.moves, quarantine)
            sent = self._send_if_wanted(packs.result())
            connected.result()
            self.twins = trees.result()
            tokens.result()
            self._lfs, self._summaries = lfs.result(), summaries.result()
        self._tell_stored(sent)
        return sent

    def _take_inventory(self, quarantine: Quarantine, pack: Path) -> Inventory:
        """What the pack holds, when its objects have sizes that may be stored."""
        found = quarantine.inventory(pack, policy.limits(self._plan))
        policy.check_inflation(found)
        policy.check_sizes(quarantine, found, self._statuses.tips, self._plan)
        return found

    def _send_if_wanted(self, packs: list[PushedPack]) -> list[PushedPack]:
        """These packs, in the store, unless no ref may move."""
        if not self._statuses.moves:
            return []
        new_bytes = sum(pack.new.stored_bytes for pack in packs)
        if new_bytes > self._room_bytes:
            self._check_room(new_bytes)
        self._send(packs)
        return packs

    def _check_room(self, new_bytes: int) -> None:
        """Refuse what has no room now, and note how much has: other owners fill a store that is limited as a whole."""
        usage = quota.check_room(self._access, new_bytes)
        limited = config.current().store_max_bytes is not None
        self._plan, self._room_bytes = usage.plan, new_bytes if limited else usage.room_bytes

    def _land_until_done(self, packs: list[PushedPack], snapshot: Snapshot, quarantine: Quarantine | None) -> None:
        while True:
            try:
                landed = landing.land(self._make_landing(packs), snapshot, quarantine)
            except PacksChanged:
                assert quarantine, "without objects there is nothing to check against packs"
                counts.count_change_retried("push")
                packs = self._check_again(packs, quarantine)
            else:
                return None if landed else self._abandon()

    def _make_landing(self, packs: list[PushedPack]) -> Landing:
        return Landing(
            access=self._access,
            account=self._arrival.account,
            push_id=self._push_id,
            statuses=self._statuses,
            protection=self._protection,
            packs=tuple(packs),
            lfs=self._lfs,
            summaries=self._summaries,
            recheck=self._arrival.recheck,
            keeps_packs=self._arrival.keeps_packs,
        )

    def _check_again(self, packs: list[PushedPack], quarantine: Quarantine) -> list[PushedPack]:
        """The packs to send after the project was repacked: large blobs that it had before may be gone."""
        quarantine.follow()
        lost = large_left_out(quarantine, self._found, packs) if self._found else []
        if lost:
            self._send(lost, again=True)
            self._tell_stored(lost)
        if self._found:  # a purge may have dropped what its pointers stand for
            self._lfs = find_needed(quarantine, self._found, self._statuses.tips)
        quarantine.check_connected_as_sent(self._statuses.tips, [pack.written.pack for pack in [*packs, *lost]])
        return [*packs, *lost]

    def _check_tips(self, quarantine: Quarantine) -> None:
        """Where objects are missing on the way, that is told, unless the copy was to blame."""
        try:
            landing.check_tips(self._statuses, quarantine, self._protection)
        except (GitFailed, ObjectsMissing):
            self._check_connected(quarantine)
            landing.check_tips(self._statuses, quarantine, self._protection)

    def _check_connected(self, quarantine: Quarantine) -> None:
        """An object that is missing may be our copy's fault: then the copy is mended and asked once more."""
        try:
            self._walk(quarantine)
        except ObjectsMissing:
            if not recover(self._repository_id):
                raise
            quarantine.follow()
            self._walk(quarantine)

    def _walk(self, quarantine: Quarantine) -> None:
        """Folders first: git walks them by recursion, and their depth is the pusher's choice."""
        check_tree_size(quarantine, self._statuses.tips, policy.MAX_INFLATION * config.current().max_push_bytes)
        quarantine.check_connected(self._statuses.tips)

    def _send(self, packs: list[PushedPack], *, again: bool = False) -> None:
        send(self._repository_id, self._push_id, {pack.new.name: pack.written for pack in packs}, again=again)

    def _tell_stored(self, packs: list[PushedPack]) -> None:
        if packs:
            stored = sum(pack.new.stored_bytes for pack in packs)
            self._arrival.say(f"stored {format_size(stored)} in the object store")

    def _abandon(self) -> None:
        """Delete what was sent; where the store or the database does not answer, the sweep does it later."""
        with suppress(Unavailable, SQLAlchemyError):
            staging.abandon(self._push_id)
