"""Commit statuses as pages and programs get them: one statement for all commits of a page, none where there is none."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.orm import Session

from framework.accounts.core.account import name_person
from framework.accounts.models import User
from framework.database.batches import in_batches
from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess
from framework.statuses.models import CommitStatus

PENDING, SUCCESS, FAILURE, ERROR = "pending", "success", "failure", "error"
STATES = (PENDING, SUCCESS, FAILURE, ERROR)


@dataclass(frozen=True)
class Status:
    """What was last said about a commit in one context; `creator` is None when the account is gone.

    `creator_name` is the full name, which may be empty.
    """

    id: int
    sha: str
    context: str
    state: str
    description: str
    target_url: str
    creator: str | None
    created_at: datetime
    updated_at: datetime
    creator_name: str | None = None

    @property
    def called(self) -> str:
        """What people call the creator; empty when the account is gone."""
        return name_person(self.creator, self.creator_name) if self.creator else ""


@dataclass(frozen=True)
class CombinedStatus:
    """All that was said about one commit: in each context the newest, the contexts in alphabetical order."""

    statuses: Sequence[Status] = ()

    @property
    def state(self) -> str:
        """The states of all together, as `combine_states` says."""
        return combine_states({status.state for status in self.statuses})

    def without(self, person: str) -> "CombinedStatus":
        """The same without what programs of this person say, or of somebody whose account is gone: it may be theirs."""
        return CombinedStatus(tuple(status for status in self.statuses if status.creator not in {None, person}))

    @property
    def passed(self) -> int:
        """How many succeeded."""
        return sum(status.state == SUCCESS for status in self.statuses)

    @property
    def sentence(self) -> str:
        """The state in words, such as “2 of 3 checks passed”."""
        count = len(self.statuses)
        return f"{self.passed} of {count} check{'' if count == 1 else 's'} passed"


def combine_states(states: Set[str]) -> str:
    """`failure` if one failed or broke off, else `pending` if one is or there is none, else `success`."""
    if states & {FAILURE, ERROR}:
        return FAILURE
    return SUCCESS if states == {SUCCESS} else PENDING


def read_shown(access: ProjectAccess, shas: Collection[str]) -> Mapping[str, CombinedStatus]:
    """What the viewer may know about these commits, by their ids; nothing through an anonymous link.

    A project about which nobody ever said anything costs no statement.
    """
    if access.anonymous or not access.status_revision or not shas:
        return {}
    with read_transaction() as session:
        return read_of_commits(session, {(access.id, sha) for sha in shas})[access.id]


def read_of_commits(session: Session, commits: Collection[tuple[int, str]]) -> Mapping[int, dict[str, CombinedStatus]]:
    """What was said about these commits, each a project's number and an id: by project, then by id."""
    theirs = {"creator": User.name, "creator_name": User.full_name}
    names = Status.__dataclass_fields__
    columns = (theirs[name] if name in theirs else getattr(CommitStatus, name) for name in names)
    query = select(CommitStatus.project_id, *columns).outerjoin(User, User.id == CommitStatus.creator_id)
    key = tuple_(CommitStatus.project_id, CommitStatus.sha)
    chosen = (query.where(key.in_(some)).order_by(CommitStatus.context) for some in in_batches(sorted(commits)))
    rows = [row for some in chosen for row in session.execute(some)]
    grouped = defaultdict[int, dict[str, list[Status]]](lambda: defaultdict(list))
    for project_id, *values in rows:
        told = Status(*values)
        grouped[project_id][told.sha].append(told)
    found = defaultdict[int, dict[str, CombinedStatus]](dict)
    for project_id, shas_told in grouped.items():
        found[project_id] = {sha: CombinedStatus(tuple(told)) for sha, told in shas_told.items()}
    return found
