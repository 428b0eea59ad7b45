"""Which refs of a push may move, and the one version that moves them."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.gitcore.ref_names import HEADS, NOTES, TAGS, BadRef, RefElsewhere, check_ref, clashes, short_name
from framework.githttp.protocol.commands import Command
from framework.githttp.protocol.ref_statuses import RefStatuses
from framework.observability import counts
from framework.projects.branches.protection import Protection, RefProtected, recheck_protection, rewrite_refusal
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.members.admission import Admission, OwnerChanged
from framework.projects.notify import activity
from framework.repositories.catalog.changes import Change, Committed, RefUpdate, StoredLfs
from framework.repositories.catalog.snapshot import Snapshot
from framework.repositories.write.commit import commit
from framework.repositories.write.inventory import ObjectsMissing
from framework.repositories.write.quarantine import Quarantine
from framework.repositories.write.refusals import RefClash, RefMoved
from framework.repositories.write.splitting import PushedPack

FETCH_FIRST = "fetch first"
SUMMARISED_REFS = 20
FIRST_CHOICES = ("main", "master")
LISTED_TITLES = 10


@dataclass(frozen=True)
class RefSummary:
    """What a push did to one ref: how many commits it brought, and the newest ones' titles."""

    command: Command
    title: str = ""
    count: int = 0
    titles: tuple[str, ...] = ()

    @property
    def details(self) -> dict[str, Any]:
        """The event's details."""
        short = short_name(self.command.name)
        if self.command.new is None:
            return {"deleted": short}
        kind = "tag" if self.command.name.startswith(TAGS) else "branch"
        details = {kind: short, "sha": self.command.new, "title": self.title}
        return {**details, "commits": self.count, "titles": list(self.titles)} if kind == "branch" else details


def admit_all(_session: Session) -> None:
    """Refuse nothing beside what is asked of every push."""


@dataclass(frozen=True)
class Landing:
    """What is ready to become a version: packs and LFS objects in the store, refs that may move, the rules passed.

    `summaries` is what the activity will tell, by the refs' names; `recheck` may refuse in the version's transaction.
    The local copy takes in the packs if it `keeps_packs`.
    """

    access: ProjectAccess
    account: Account
    push_id: str
    statuses: RefStatuses
    protection: Protection
    packs: tuple[PushedPack, ...]
    lfs: tuple[StoredLfs, ...]
    summaries: dict[str, RefSummary]
    recheck: Callable[[Session], None] = admit_all
    keeps_packs: bool = False


def check_refs(statuses: RefStatuses, snapshot: Snapshot, protection: Protection) -> None:
    """Refuse the refs that need no look at an object: bad names, doubles, stale ones, deleted protected branches."""
    asked = Counter(command.name for command in statuses.asked.commands)
    for command in statuses.asked.commands:
        if reason := _refusal(command, snapshot, asked, protection):
            statuses.refuse(command.name, reason)
    _refuse_clashes(statuses, snapshot)


def _refuse_clashes(statuses: RefStatuses, snapshot: Snapshot) -> None:
    """Refuse names that cannot be beside others, before the transaction that asks once more; all of them at once."""
    moves = statuses.moves
    created = [command.name for command in moves if command.new and not command.old]
    gone = {command.name for command in moves if not command.new}
    for name, other in list(clashes(created, {*created, *(snapshot.refs.keys() - gone)})):
        statuses.refuse(name, RefClash(name, other).sentence)


def check_tips(statuses: RefStatuses, quarantine: Quarantine, protection: Protection) -> None:
    """Refuse branches that would point to something else than a commit, and protected ones that would lose some.

    Raises:
        ObjectsMissing: what one would point to is not there.
    """
    pointing = [command for command in statuses.accepted if command.new and command.name.startswith((HEADS, NOTES))]
    kinds = quarantine.kinds([command.new or "" for command in pointing])
    for command, kind in zip(pointing, kinds, strict=True):
        if kind == "missing":
            raise ObjectsMissing
        if kind != "commit":
            statuses.refuse(command.name, f"branches and notes point to a commit, and this is a {kind}")
        elif not protection.may_rewrite(command.name) and _loses_commits(command, quarantine):
            statuses.refuse(command.name, rewrite_refusal(command.name).sentence)


def land(landing: Landing, snapshot: Snapshot, quarantine: Quarantine | None) -> Committed | None:
    """Make all refs that may move one version; those that lost a race are refused. None when none was left.

    Raises:
        PacksChanged: the project was repacked; the push has to be checked again. What `commit` raises otherwise.
    """
    statuses = landing.statuses
    while moves := statuses.moves:
        summaries = landing.summaries or summarise_refs(moves, quarantine)
        first = tuple(summaries[command.name] for command in moves if command.name in summaries)
        based_on = quarantine.snapshot if quarantine else snapshot
        change = _change(landing, moves, based_on)
        if quarantine:
            change = replace(change, pack_generation=based_on.pack_generation)
        try:
            return _commit(landing, change, first)
        except OwnerChanged:  # who owns it now is asked
            counts.count_change_retried("push")
        except RefMoved as moved:
            counts.count_change_conflicted("push")
            statuses.refuse(moved.name, FETCH_FIRST)
        except (RefClash, RefProtected) as refusal:
            statuses.refuse(refusal.name, refusal.sentence)
    return None


def summarise_refs(moves: list[Command], quarantine: Quarantine | None) -> dict[str, RefSummary]:
    """What the activity tells of the first refs, since nobody reads about thousands, by their names."""
    first = moves[:SUMMARISED_REFS]
    tips = list({command.new for command in first if command.new}) if quarantine else []
    brought = dict(_commits_of(tips, quarantine)) if quarantine and tips else {}
    return {command.name: RefSummary(command, *brought.get(command.new or "", ())) for command in first}


def _commits_of(tips: list[str], quarantine: Quarantine) -> Iterator[tuple[str, tuple[str, int, tuple[str, ...]]]]:
    """Of each tip that leads to a commit: its title, how many commits it brings, and the newest ones' titles."""
    for tip, kind in zip(tips, quarantine.peeled_kinds(tips), strict=True):
        if kind == "commit":
            count, titles = quarantine.new_commits(tip, LISTED_TITLES)
            yield tip, (titles[0] if titles else quarantine.title(tip), count, tuple(titles))


def _refusal(command: Command, snapshot: Snapshot, asked: Counter[str], protection: Protection) -> str | None:
    try:
        check_ref(command.name)
        if command.new is None:
            protection.refuse_deletion(command.name)
        elif command.old and command.old != command.new:
            protection.refuse_moving_tag(command.name)
    except (BadRef, RefElsewhere, RefProtected) as refusal:
        return refusal.sentence
    if asked[command.name] > 1:
        return "one push changes a branch or tag once"
    if command.old != snapshot.refs.get(command.name):
        return FETCH_FIRST
    return None


def _loses_commits(command: Command, quarantine: Quarantine) -> bool:
    return bool(command.old and command.new) and not quarantine.descends(command.new or "", command.old or "")


def _commit(landing: Landing, change: Change, summaries: tuple[RefSummary, ...]) -> Committed | None:
    access, account = landing.access, landing.account
    admission = Admission(access)

    def tell(session: Session, _committed: Committed) -> None:
        owner_id = recheck(session, access.id, account, "writer")  # with the repository locked, as who changes roles
        admission.confirm(session, owner_id)
        recheck_protection(session, access.id, change.updates, landing.protection)
        landing.recheck(session)
        for ref in summaries:
            activity.record(session, access.id, actor=account, kind="push", details=ref.details)

    at_hand = {pack.new.name: pack.written for pack in landing.packs if landing.keeps_packs}
    return commit(change, precheck=admission, in_transaction=tell, at_hand=at_hand)


def _change(landing: Landing, moves: list[Command], snapshot: Snapshot) -> Change:
    created = [command.name.removeprefix(HEADS) for command in moves if command.new and command.name.startswith(HEADS)]
    first = next((name for name in FIRST_CHOICES if name in created), created[0] if created else None)
    return Change(
        repository_id=landing.access.repository_id,
        actor=landing.account.name,
        push_id=landing.push_id,
        updates=tuple(RefUpdate(command.name, command.old, command.new) for command in moves),
        packs=tuple(pack.new for pack in landing.packs),
        lfs=landing.lfs,
        kind="push",
        default_branch=None if snapshot.find_branch(snapshot.default_branch) else first,
    )
