"""A history that was fetched from elsewhere becomes one version, by the same checks and limits as a push."""

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from framework import config
from framework.accounts.account import Account
from framework.errors import HoldfastError, Unavailable
from framework.git import landing, policy
from framework.git.breadth import check_breadth
from framework.git.commands import Command, PushRequest
from framework.git.landing import Landing
from framework.git.pktline import Received
from framework.git.verdicts import Verdicts
from framework.lfs.pushing import needed
from framework.projects import quota
from framework.projects.access import ProjectAccess
from framework.projects.protection import protection_of
from framework.repositories import git, keys, staging
from framework.repositories.change import StoredLfs
from framework.repositories.commit import OutcomeUnknown
from framework.repositories.log import NotConfirmed
from framework.repositories.quarantine import DEADLINE_SECONDS, Quarantine
from framework.repositories.scratch import scratch
from framework.repositories.sending import send
from framework.repositories.snapshot import read_snapshot
from framework.repositories.splitting import PushedPack, split


def land_history(
    access: ProjectAccess, account: Account, fetched: Path, *, say: Callable[[str], None]
) -> tuple[int, list[str]]:
    """Give the project the branches and tags of this bare repository; how many, and why others were refused.

    What the project has already stays, so that a second run after a lost answer changes nothing.

    Raises:
        What makes a push fail as a whole; nothing is stored then.
    """
    snapshot, refs = read_snapshot(access.repository_id), _refs(fetched)
    wanted = {name: sha for name, sha in refs.items() if snapshot.refs.get(name) != sha}
    commands = tuple(Command(name, snapshot.refs.get(name), sha) for name, sha in wanted.items())
    verdicts = Verdicts(PushRequest(commands, frozenset()))
    protection = protection_of(access.id)
    landing.check_refs(verdicts, snapshot, protection)
    if not verdicts.accepted:
        return len(refs) - len(wanted), list(verdicts.reasons())
    push_id = keys.new_id()
    with scratch("import") as folder:
        try:
            quarantine = Quarantine(folder, access.repository_id)
            say("Checking every object")
            packs, lfs = _checked(quarantine, fetched, verdicts)
            landing.check_tips(verdicts, quarantine, protection)
            quota.check_room(access, sum(pack.new.stored_bytes for pack in packs))
            say("Storing")
            send(access.repository_id, push_id, {pack.new.name: pack.written for pack in packs})
            wanted_refs = Landing(access, account, push_id, verdicts, protection, tuple(packs), lfs)
            landing.land(wanted_refs, snapshot, quarantine)
        except (OutcomeUnknown, NotConfirmed):
            raise
        except HoldfastError:
            with suppress(Unavailable):
                staging.abandon(push_id)
            raise
    return len(refs) - len(wanted) + len(verdicts.accepted), list(verdicts.reasons())


def _refs(fetched: Path) -> dict[str, str]:
    printed = git.run(fetched, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags")
    lines = printed.decode(errors="surrogateescape").splitlines()
    return {name: sha for sha, name in (line.split(" ", 1) for line in lines)}


def _checked(
    quarantine: Quarantine, fetched: Path, verdicts: Verdicts
) -> tuple[list[PushedPack], tuple[StoredLfs, ...]]:
    """The packs to store and the LFS objects that they need, which have to be there already."""
    arguments = ("pack-objects", "--all", "--stdout", "--delta-base-offset", "-q")
    with git.start(fetched, *arguments, deadline_seconds=DEADLINE_SECONDS) as process:
        received = Received(git.chunks(process))
        pack = quarantine.take(policy.counted(received), config.current().max_push_bytes)
    if pack is None:
        return [], ()
    found = quarantine.inventory(pack, policy.limits())
    policy.check_inflation(found)
    policy.check_sizes(quarantine, found, verdicts.tips)
    policy.check_names(quarantine, found)
    check_breadth(quarantine, verdicts.tips)
    quarantine.check_connected(verdicts.tips)
    return split(quarantine, pack, found), needed(quarantine, found, verdicts.tips)
