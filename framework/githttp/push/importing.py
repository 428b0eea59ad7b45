"""A history that was fetched from elsewhere becomes one version, by the same checks and limits as a push."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.gitcore import git
from framework.gitcore.pkt_line import Received
from framework.gitcore.ref_names import KINDS
from framework.githttp.protocol.commands import Command, PushRequest
from framework.githttp.protocol.ref_statuses import RefStatuses
from framework.githttp.push.landing import admit_all
from framework.githttp.push.receiving import Arrival, PackReceiver
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.write.received_objects import DEADLINE_SECONDS


def land_history(
    access: ProjectAccess,
    account: Account,
    fetched: Path,
    *,
    say: Callable[[str], None],
    moved: Mapping[str, str] | None = None,
    recheck: Callable[[Session], None] = admit_all,
) -> tuple[int, list[str]]:
    """Give the project the branches and tags of this bare repository; how many, and why others were refused.

    What the project has already stays, so that a second run after a lost answer changes nothing, and nobody's work
    makes room. Only `moved` refs, by their full names, leave a commit for what is built on it, if they are still there;
    what these commits lead to is not packed again. `recheck` may refuse in the version's transaction.

    Raises:
        What makes a push fail as a whole; nothing is stored then.
    """
    snapshot, refs = read_snapshot(access.repository_id), _refs(fetched)
    wanted = {name: sha for name, sha in refs.items() if snapshot.refs.get(name) != sha}
    known = moved or {}
    commands = tuple(Command(name, known.get(name), sha) for name, sha in wanted.items())
    statuses = RefStatuses(PushRequest(commands, frozenset()))
    receiver = PackReceiver(Arrival(access, account, lambda: say("Checking every object"), say, recheck), statuses)
    with scratch("import") as folder:
        receiver.receive(folder, Received(_pack(fetched, known.values())))
    return len(refs) - len(wanted) + len(statuses.accepted), list(statuses.reasons())


def _refs(fetched: Path) -> dict[str, str]:
    printed = git.run(fetched, "for-each-ref", "--format=%(objectname) %(refname)", *KINDS)
    lines = printed.decode(errors="surrogateescape").split("\n")[:-1]
    return {name: sha for sha, name in (line.split(" ", 1) for line in lines)}


def _pack(fetched: Path, known: Iterable[str]) -> Iterator[bytes]:
    """All that the repository's refs lead to and the known commits do not, as one pack; made when it is asked for."""
    arguments = ("pack-objects", "--all", "--revs", "--stdout", "--delta-base-offset", "-q")
    with tempfile.TemporaryFile() as revisions:
        revisions.write("".join(f"^{sha}\n" for sha in known).encode())
        revisions.seek(0)
        with git.start(fetched, *arguments, stdin=revisions, deadline_seconds=DEADLINE_SECONDS) as process:
            yield from git.bulk(process)
