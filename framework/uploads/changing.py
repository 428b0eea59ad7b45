"""The one way by which people's changes become a commit, from the browser and from programs alike."""

from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.signin.token_leaks import refuse_tokens, tokens_in_file
from framework.lfs.writing import write
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.members.admission import Admission
from framework.projects.notify import activity
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.operations import InTransaction, Move, Operation, Put, Write, Written

LONGEST_MESSAGE = 10_000
LISTED_PATHS = 20


@dataclass(frozen=True)
class Changes:
    """What one person changes on one branch, in one commit; `parent`, `base`, `start` and `free` are as in `Write`.

    `kind` is what the activity calls it: `upload`, `hand_in`, or `commit` for everything else, and `details` is what it
    tells beside the rest. Where somebody has looked already, `tracked` are the paths that the branch wants in Git LFS,
    and `tokens` what looks like access tokens in the files, by their paths.
    """

    operations: Sequence[Operation]
    branch: str
    message: str
    parent: str | None = None
    base: str | None = None
    start: str | None = None
    free: str | None = None
    kind: str = "commit"
    details: Mapping[str, Any] = field(default_factory=dict)
    tracked: Set[str] | None = None
    tokens: Mapping[str, Set[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class Contributor:
    """Whose change it is: Git's `Name <e-mail>`, the journal's actor, and the account, for somebody who has one.

    `recheck` runs in the commit's transaction, with the repository locked, and raises when they may not any more; it
    gives the id of the account that owns the project, if that is what it has read.
    """

    author: str
    actor: str
    account: Account | None
    recheck: Callable[[Session], int | None]


def store_changes(
    access: ProjectAccess, account: Account, changes: Changes, *, in_transaction: InTransaction = do_nothing
) -> Written:
    """Store the changes of somebody who may write, as `store_contribution` does.

    Raises:
        What `store_contribution` raises, RoleTooLow: nothing is stored.
    """
    member = Contributor(
        account.author, account.name, account, lambda session: recheck(session, access.id, account, "writer")
    )
    return store_contribution(access, member, changes, in_transaction=in_transaction)


def store_contribution(
    access: ProjectAccess, by: Contributor, changes: Changes, *, in_transaction: InTransaction = do_nothing
) -> Written:
    """Store the changes as one commit, or nothing of them; tell the project's other members.

    `in_transaction` runs last in the commit's transaction, and not at all when there is nothing to change.

    Raises:
        What `lfs.writing.write` and the contributor's `recheck` raise, QuotaExceeded, FileOverPlan, OwnerChanged,
            TokenInFile: nothing is stored.
    """
    puts = [operation for operation in changes.operations if isinstance(operation, Put)]
    for put in puts:
        found = changes.tokens.get(put.path)
        refuse_tokens(put.path, tokens_in_file(put.bring_file()) if found is None else found)
    message = changes.message.strip()[:LONGEST_MESSAGE]
    wanted = Write(
        repository_id=access.repository_id,
        branch=changes.branch,
        operations=changes.operations,
        message=message,
        author=by.author,
        actor=by.actor,
        parent=changes.parent,
        base=changes.base,
        start=changes.start,
        free=changes.free,
    )
    admission = Admission(access, files=[(put.path, put.size_bytes) for put in puts])
    title, paths = message.partition("\n")[0], _paths_to_tell(changes.operations)

    def tell(session: Session, written: Written) -> None:
        owner_id = by.recheck(session)  # with the repository locked, as who changes roles does
        admission.confirm(session, owner_id)
        details: dict[str, Any] = {**changes.details, "branch": changes.branch, "sha": written.sha, "title": title}
        details |= {"files": paths[:LISTED_PATHS], "file_count": len(paths)}
        activity.record(session, access.id, actor=by.account, kind=changes.kind, details=details)
        in_transaction(session, written)

    return write(wanted, precheck=admission, in_transaction=tell, tracked=changes.tracked)


def _paths_to_tell(operations: Sequence[Operation]) -> tuple[str, ...]:
    """The paths that people are told of: a moved file's is its new one."""
    return tuple(operation.to if isinstance(operation, Move) else operation.path for operation in operations)
