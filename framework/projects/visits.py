"""A person who comes to a project: what they may do there, and its local copy opened for them.

The first visit after a long rest is news to who takes part.
"""

from collections.abc import Callable
from contextlib import ExitStack
from typing import Any, TypeVar, cast

from flask import g
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import aliased

from framework.accounts.core.sessions import LIVE_COLUMNS, LiveSession, describe_live, is_live, live_parameters
from framework.accounts.models import BrowserSession, GroupMember, User
from framework.accounts.signin.login import current_account, read_secret, recognise
from framework.database.prepared import PreparedSelect
from framework.projects.core.access import ProjectAccess, admit, project_for
from framework.projects.core.found import COLUMNS, FoundProject
from framework.projects.core.groups import joins_group
from framework.projects.core.links import shown_digests
from framework.projects.models import Member, Project
from framework.projects.notify import wakeups
from framework.projects.notify.inbox import TopbarStatus, read_topbar_status, select_status
from framework.repositories.cache.copy import Copy
from framework.repositories.cache.repair import hold_copy, read_copy
from framework.repositories.catalog.pack_records import HISTORY
from framework.repositories.models import Repository

Result = TypeVar("Result")


def begin_visit(owner: str, name: str) -> ProjectAccess:
    """The project, for whoever sends this request: one statement finds them, it, and what tops their pages.

    Raises:
        Moved, ProjectNotFound: as `project_for`.
    """
    secret = read_secret()
    row = _find(secret, owner, name) if secret else None
    if row is None:
        return project_for(current_account(), owner, name)
    live, found, g.topbar_status = row
    account = recognise(live)
    if found is None or shown_digests():
        return project_for(account, owner, name)
    return admit(found, account, "reader")


def read_topbar() -> TopbarStatus:
    """What the top of the page tells whoever sends this request; asked for once."""
    if "topbar_status" not in g:
        g.topbar_status = read_topbar_status(current_account())
    return cast("TopbarStatus", g.topbar_status)


def _find(secret: str, owner: str, name: str) -> tuple[LiveSession, FoundProject | None, TopbarStatus] | None:
    """The session, the project where it is there, and the status; None where nobody is signed in by this secret."""
    names = {"owner": owner.casefold(), "name": name.casefold()}
    row = _VISIT.read_row(live_parameters(secret) | names)
    if row is None:
        return None
    unread, mail_problem, *rest = row
    live, project = rest[: len(LIVE_COLUMNS)], rest[len(LIVE_COLUMNS) :]
    found = FoundProject(*project) if project[0] else None
    return describe_live(live, secret), found, TopbarStatus.of(unread, mail_problem)


def _select_visit() -> Select[Any]:
    """A live session, its person, what is at the top of their pages, and the project, whose columns may be empty."""
    owner = aliased(User)
    project = (Project.owner_id == owner.id) & (Project.name_key == bindparam("name")) & Project.trashed_at.is_(None)
    of_owner = {User.name: owner.name, User.member_role: owner.member_role}
    columns = (of_owner.get(column, column) for column in COLUMNS)
    return (
        select(*select_status(), *LIVE_COLUMNS, *columns)
        .join(User, User.id == BrowserSession.user_id)
        .outerjoin(owner, owner.name_key == bindparam("owner"))
        .outerjoin(Project, project)
        .outerjoin(Repository, Repository.id == Project.repository_id)
        .outerjoin(Member, (Member.project_id == Project.id) & (Member.user_id == User.id))
        .outerjoin(GroupMember, joins_group(Project.owner_id, User.id))
        .where(is_live(), User.suspended_at.is_(None))
    )


_VISIT = PreparedSelect(_select_visit())


def read_project(access: ProjectAccess, act: Callable[[Copy], Result], kind: str = HISTORY) -> Result:
    """What `act` makes of the project's opened copy, for the person whose access this is; see `read_copy`.

    Raises:
        What `read_copy` and `act` raise.
    """
    note_visit(access)
    return read_copy(access.repository_id, act, kind)


def hold_project(access: ProjectAccess, act: Callable[[Copy], Result], kind: str = HISTORY) -> tuple[Result, ExitStack]:
    """The same, with the copy held open for what is still to be streamed; the caller closes it."""
    note_visit(access)
    return hold_copy(access.repository_id, act, kind)


def note_visit(access: ProjectAccess) -> None:
    """Write that somebody has opened a project that was archived for being idle; any other costs nothing."""
    if access.idle_since:
        wakeups.note(access.id, access.visitor_id)
