"""A push: received and checked in quarantine, stored, made one version; then the client hears of each ref."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from framework import config
from framework.accounts.account import Account
from framework.errors import HoldfastError, Unavailable
from framework.git import landing, policy
from framework.git.answering import Output, answer
from framework.git.body import PushBody
from framework.git.breadth import check_breadth
from framework.git.commands import PushRequest
from framework.git.landing import Landing
from framework.git.pktline import Received
from framework.git.verdicts import Verdicts
from framework.lfs.pushing import needed
from framework.metrics import counts
from framework.projects import quota
from framework.projects.access import ProjectAccess
from framework.projects.protection import Protection, protection_of
from framework.repositories import cache, keys, staging
from framework.repositories.change import StoredLfs
from framework.repositories.commit import OutcomeUnknown, PacksChanged
from framework.repositories.healing import heal
from framework.repositories.log import NotConfirmed
from framework.repositories.quarantine import Inventory, ObjectsMissing, PackRefused, Quarantine
from framework.repositories.scratch import scratch
from framework.repositories.sending import send
from framework.repositories.snapshot import Snapshot, read_snapshot
from framework.repositories.splitting import PushedPack, large_left_out, split
from framework.web.pages import size

CHECKS_AT_ONCE = 4


@dataclass(frozen=True)
class Push:
    """A push whose head has been read: who pushes what to where, and the body that holds the rest."""

    access: ProjectAccess
    account: Account
    asked: PushRequest
    body: PushBody
    received: Received


def receive(push: Push) -> Iterator[bytes]:
    """The answer to a `git-receive-pack` request; an accepted push is in the store before its `ok` is sent."""
    output = Output(push.asked.capabilities)
    work = _Work(push, output)
    return answer(work.run, output, may_speak=lambda: push.body.has_ended)


class _Work:
    def __init__(self, push: Push, output: Output) -> None:
        self._push, self._output = push, output
        self._repository_id = push.access.repository_id
        self._push_id = keys.new_id()
        self._verdicts = Verdicts(push.asked)
        self._found: Inventory | None = None
        self._lfs: tuple[StoredLfs, ...] = ()

    def run(self) -> None:
        """Do it all; when the outcome is not known, the answer ends without a report: neither `ok` nor `ng`."""
        with scratch("push") as folder:
            try:
                packs = self._stored(folder)
            except (OutcomeUnknown, NotConfirmed) as error:
                self._push.body.drain()
                self._output.say(error.sentence)
                return
            except HoldfastError as refusal:
                packs = []
                self._refuse_all(refusal)
            finally:
                self._push.body.drain()
            self._tell()
            self._install(packs)

    def _stored(self, folder: Path) -> list[PushedPack]:
        """Check, send and commit; the packs that became part of a version."""
        snapshot, quarantine = read_snapshot(self._repository_id), None
        protection = protection_of(self._push.access.id)
        landing.check_refs(self._verdicts, snapshot, protection)
        packs: list[PushedPack] = []
        if self._push.asked.has_pack and self._verdicts.accepted:
            quota.check_room(self._push.access, self._push.body.announced_bytes)
            quarantine = Quarantine(folder, self._repository_id)
            packs = self._checked(quarantine)
            landing.check_tips(self._verdicts, quarantine, protection)
        self._push.body.drain()
        if not self._verdicts.moves:
            return []
        if packs:
            quota.check_room(self._push.access, sum(pack.new.stored_bytes for pack in packs))
            self._send(packs)
        return self._landed(packs, snapshot, quarantine, protection)

    def _landed(
        self,
        packs: list[PushedPack],
        snapshot: Snapshot,
        quarantine: Quarantine | None,
        protection: Protection,
    ) -> list[PushedPack]:
        access, account = self._push.access, self._push.account
        while True:
            wanted = Landing(access, account, self._push_id, self._verdicts, protection, tuple(packs), self._lfs)
            try:
                return packs if landing.land(wanted, snapshot, quarantine) else self._abandoned()
            except PacksChanged:
                assert quarantine, "without objects there is nothing to check against packs"
                counts.change_retried("push")
                packs = self._checked_again(packs, quarantine)

    def _checked_again(self, packs: list[PushedPack], quarantine: Quarantine) -> list[PushedPack]:
        """The packs to send after the project was repacked: large blobs that it had before may be gone."""
        quarantine.follow()
        lost = large_left_out(quarantine, self._found, packs) if self._found else []
        if lost:
            self._send(lost)
        quarantine.check_connected_as_sent(self._verdicts.tips, [pack.written.pack for pack in [*packs, *lost]])
        return [*packs, *lost]

    def _checked(self, quarantine: Quarantine) -> list[PushedPack]:
        """The push's packs, when every object in them may be stored and nothing that they need is missing."""
        pack = quarantine.take(policy.counted(self._push.received), config.current().max_push_bytes)
        packs: list[PushedPack] = []
        if pack:
            self._found = found = quarantine.inventory(pack, policy.limits())
            policy.check_inflation(found)
            policy.check_sizes(quarantine, found, self._verdicts.tips)
            packs = self._checked_at_once(quarantine, pack, found)
        else:
            self._check_connected(quarantine)
        return packs

    def _checked_at_once(self, quarantine: Quarantine, pack: Path, found: Inventory) -> list[PushedPack]:
        """Names, connectivity and Git LFS are looked at beside each other, while the packs to store are made."""
        with ThreadPoolExecutor(CHECKS_AT_ONCE) as pool:
            names = pool.submit(policy.check_names, quarantine, found)
            connected = pool.submit(self._check_connected, quarantine)
            lfs = pool.submit(needed, quarantine, found, self._verdicts.tips)
            packs = pool.submit(split, quarantine, pack, found)
            names.result()
            connected.result()
            self._lfs = lfs.result()
            return packs.result()

    def _check_connected(self, quarantine: Quarantine) -> None:
        """An object that is missing may be our copy's fault: then the copy is mended and asked once more."""
        try:
            self._walk(quarantine)
        except ObjectsMissing:
            if not heal(self._repository_id):
                raise
            quarantine.follow()
            self._walk(quarantine)

    def _walk(self, quarantine: Quarantine) -> None:
        """Folders first: git walks them by recursion, and their depth is the pusher's choice."""
        check_breadth(quarantine, self._verdicts.tips)
        quarantine.check_connected(self._verdicts.tips)

    def _send(self, packs: list[PushedPack]) -> None:
        send(self._repository_id, self._push_id, {pack.new.name: pack.written for pack in packs})
        stored = sum(pack.new.stored_bytes for pack in packs)
        self._output.progress(f"stored {size(stored)} in the object store")

    def _refuse_all(self, refusal: HoldfastError) -> None:
        if isinstance(refusal, PackRefused):
            self._verdicts.unpack = "index-pack failed"
        self._verdicts.refuse_all(refusal.sentence)
        self._abandoned()

    def _abandoned(self) -> list[PushedPack]:
        """Delete what was sent; where the store or the database does not answer, the sweep does it later."""
        with suppress(Unavailable):
            staging.abandon(self._push_id)
        return []

    def _tell(self) -> None:
        for reason in self._verdicts.reasons():
            self._output.say(f"error: {reason}")
        if self._verdicts.accepted:
            self._output.say(f"\n  {config.current().base_url}{self._push.access.path}\n")
        self._output.report(self._verdicts.lines())

    def _install(self, packs: list[PushedPack]) -> None:
        """Take the packs into the local copy; what hinders it is left to the next reader."""
        if packs:
            with suppress(Unavailable):
                cache.install(self._repository_id, {pack.new.name: pack.written for pack in packs})
