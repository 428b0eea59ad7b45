"""Saying something about a commit: a writer's program does, and the newest of each context counts."""

import re
from dataclasses import asdict, dataclass

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.models import Project
from framework.projects.visits import read_project
from framework.repositories.history.refs import resolve
from framework.statuses.models import CommitStatus
from framework.statuses.reading import STATES, CombinedStatus, Status, read_of_commits, read_shown
from framework.webhooks.outgoing import STATUS, queue_event

LONGEST_CONTEXT, LONGEST_DESCRIPTION, LONGEST_URL = 100, 200, 500
MOST_CONTEXTS = 50
DEFAULT_CONTEXT = "default"

_ADDRESS = re.compile(r"https?://[^\s/@\\\"<>]+(?:[/?#][^\s\\\"<>]*)?", re.IGNORECASE)


class InvalidStatus(Invalid):
    """A part of a status breaks a rule; `field` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class TooManyContexts(Conflict):
    """As many contexts have said something about the commit as may."""

    def __init__(self) -> None:
        super().__init__(f"A commit can have statuses of {MOST_CONTEXTS} contexts. Send one of those that it has.")


@dataclass(frozen=True)
class StatusText:
    """What a program says: a state, in which context, and a line and an address for people."""

    state: str
    context: str = DEFAULT_CONTEXT
    description: str = ""
    target_url: str = ""


def set_status(account: Account, access: ProjectAccess, sha: str, told: StatusText) -> Status:
    """Say this about the commit with this id, instead of what was said in the context before.

    What somebody else's program said is replaced by maintainers only.

    Raises:
        InvalidStatus, TooManyContexts, RefAbsent: the project has no such commit; nothing is written.
        ProjectNotFound, RoleTooLow: the caller may not, or not any more.
    """
    check_status(told)
    sha = read_project(access, lambda copy: resolve(copy, sha))
    with transaction() as session:
        recheck(session, access.id, account, "writer")
        _count_up(session, access.id)
        _write(session, access.id, sha, told, account)
        queue_event(session, access.id, STATUS, {"sha": sha, **asdict(told), "sender": {"name": account.name}})
        combined = read_of_commits(session, {(access.id, sha)})[access.id][sha]
    return next(status for status in combined.statuses if status.context == told.context)


def read_statuses(access: ProjectAccess, sha: str) -> CombinedStatus:
    """What was said about the commit with this id.

    Raises:
        RefAbsent: the project has no such commit.
    """
    sha = read_project(access, lambda copy: resolve(copy, sha))
    return read_shown(access, [sha]).get(sha, CombinedStatus())


def check_status(told: StatusText) -> None:
    """Refuse what is too long, on several lines, or leads to an address that is not of the web.

    Raises:
        InvalidStatus.
    """
    if told.state not in STATES:
        raise InvalidStatus("state", f"The state is one of {', '.join(STATES)}.")
    if not told.context.strip() or len(told.context) > LONGEST_CONTEXT or not told.context.isprintable():
        raise InvalidStatus("context", f"The context is a line of 1 to {LONGEST_CONTEXT} characters.")
    if len(told.description) > LONGEST_DESCRIPTION or not told.description.isprintable():
        raise InvalidStatus("description", f"The description is a line of at most {LONGEST_DESCRIPTION} characters.")
    is_address = len(told.target_url) <= LONGEST_URL and told.target_url.isprintable()
    if told.target_url and not (is_address and _ADDRESS.fullmatch(told.target_url)):
        raise InvalidStatus("target_url", f"The address begins with https:// and has at most {LONGEST_URL} characters.")


def _count_up(session: Session, project_id: int) -> None:
    """Have pages that show statuses be rendered anew; the lock on the row makes programs wait for each other."""
    mine = update(Project).where(Project.id == project_id)
    session.execute(mine.values(status_revision=Project.status_revision + 1))


def _write(session: Session, project_id: int, sha: str, told: StatusText, account: Account) -> None:
    theirs = CommitStatus.project_id == project_id, CommitStatus.sha == sha
    row = session.scalars(select(CommitStatus).where(*theirs, CommitStatus.context == told.context)).one_or_none()
    if row is None:
        if (session.scalar(select(func.count()).where(*theirs)) or 0) >= MOST_CONTEXTS:
            raise TooManyContexts
        row = CommitStatus(project_id=project_id, sha=sha, context=told.context)
        session.add(row)
    elif row.creator_id not in {None, account.id}:
        recheck(session, project_id, account, "maintainer")  # or a student could hide what a teacher's program says
    row.state, row.description, row.target_url = told.state, told.description, told.target_url
    row.creator_id, row.updated_at = account.id, now()
    session.flush()
