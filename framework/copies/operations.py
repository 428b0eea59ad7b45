"""Copies and projects from templates: a project is made at once, and filled from its origin."""

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, read_account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.celery.jobs import announce, track_progress
from framework.celery.outbox import enqueue
from framework.copies.filling import Source, fill
from framework.copies.models import Copied
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid, NotFound
from framework.projects.core.access import ProjectAccess, project_for, recheck
from framework.projects.core.description import describe
from framework.projects.lifecycle.operations import InTransaction, create_project
from framework.projects.members import quota
from framework.projects.members.limits import QuotaExceeded
from framework.projects.models import Project, Template
from framework.projects.notify.activity import record
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.creation import change_about

KIND = "copy"
TASK = "framework.copies.tasks.fill_project"
AT_ONCE_BYTES = 20_000_000
"""An origin with less is copied while somebody waits; a task completes it if the server is interrupted meanwhile."""
COMPLETED_AFTER = timedelta(minutes=5)
KINDS = ("copy", "branch", "template")


class NotATemplate(Conflict):
    """A project is to begin from one that nobody has marked as a template."""

    field = "template"

    def __init__(self, full_name: str) -> None:
        super().__init__(f"{full_name} is not a template. A maintainer can make it one in its settings.")


class NothingToCopy(Invalid):
    """The origin has no version."""

    def __init__(self, full_name: str) -> None:
        super().__init__(f"{full_name} is empty, so there is nothing to copy.")


class OriginGone(NotFound):
    """The origin was deleted, or may not be seen any more, before it was copied."""

    def __init__(self) -> None:
        super().__init__("The original project is not there any more, or you may no longer see it. Nothing was copied.")


@dataclass(frozen=True)
class NewCopy:
    """What is to be made of the origin: `kind` is one of `KINDS`. The copy of a private project is private.

    `owner` is the caller, or a group in which they may create projects; empty for the caller.
    """

    name: str
    description: str = ""
    visibility: str = "private"
    kind: str = "copy"
    owner: str = ""


@dataclass(frozen=True)
class Begun:
    """A new project, and the work that fills it."""

    project: ProjectAccess
    work_id: str


def set_template(account: Account, project: ProjectAccess, *, wanted: bool) -> None:
    """Let others begin from the project's newest files, or not any more; for maintainers.

    Raises:
        RoleTooLow: the caller is no maintainer any more.
    """
    with transaction() as session:
        recheck(session, project.id, account, "maintainer")
        if wanted:
            insert_if_absent(session, Template, project_id=project.id, created_at=now())
        else:
            session.execute(delete(Template).where(Template.project_id == project.id))
        record(session, project.id, actor=account, kind="settings")


def is_template(project_id: int) -> bool:
    """Whether others may begin from the project's newest files."""
    with read_transaction() as session:
        return session.get(Template, project_id) is not None


def copy_project(
    account: Account, origin: ProjectAccess, new: NewCopy, *, in_transaction: InTransaction = do_nothing
) -> Begun:
    """A new project of the caller's with what the origin has; filled before this returns, or by a task if it is large.

    `in_transaction` runs last in the transaction that makes the project.

    Raises:
        NothingToCopy, NotATemplate, QuotaExceeded: nothing is made. What `create_project` raises.
        What `fill` raises: an empty project stays.
    """
    _refuse(origin, new)
    begun: list[str] = []
    is_large = origin.stored_bytes > AT_ONCE_BYTES

    def begin(session: Session, project: ProjectAccess) -> None:
        recheck(session, origin.id, account, "reader")
        if session.get_one(Project, origin.id).visibility == "private":  # it may have become so since it was read
            session.get_one(Project, project.id).visibility = "private"
        session.add(Copied(project_id=project.id, origin_id=origin.id, kind=new.kind))
        work_id = announce(session, KIND, project_id=project.id, owner_id=account.id)
        later = None if is_large else now() + COMPLETED_AFTER
        enqueue(session, TASK, project.id, account.id, work_id, key=f"copy-{work_id}", not_before=later)
        begun.append(work_id)
        in_transaction(session, project)
        if new.kind == "copy":
            _refuse_excess(session, project, origin.stored_bytes)

    visibility = "private" if origin.visibility == "private" else new.visibility
    project = create_project(
        account,
        name=new.name,
        description=new.description,
        visibility=visibility,
        owner=new.owner,
        in_transaction=begin,
    )
    if not is_large:
        fill_project(project.id, account.id, begun[-1])
    return Begun(project, begun[-1])


def fill_project(project_id: int, account_id: int, work_id: str) -> str:
    """Fill the project from its origin, if the account may still read that; a sentence. A second run changes nothing.

    Raises:
        OriginGone: it stays empty. What `fill` raises.
    """
    with read_transaction() as session:
        account = read_account(session, account_id)
        row = session.get(Copied, project_id)
        if row is None or row.filled_at is not None:
            return "Everything was copied before."
        target, source = _open(session, account, row)
    _follow_origin(project_id)
    with track_progress(KIND, total=1, project_id=project_id, owner_id=account_id, work_id=work_id) as work:
        access = project_for(account, *target, "writer")
        refused = fill(access, account, source, say=work.say)
        _follow_origin(project_id)
        with transaction() as session:
            session.get_one(Copied, project_id).filled_at = now()
        told = " ".join(["Everything was copied." if not refused else "", *(f"Left out: {one}" for one in refused[:3])])
        work.advance(1, told.strip())
    return told.strip()


def _follow_origin(project_id: int) -> None:
    """Make the project private if its origin is by now: filling it may take long after it was asked for."""
    with read_transaction() as session:
        row = session.get_one(Project, project_id)
        is_outdated = row.visibility == "public" and _has_private_origin(session, project_id)

    def change(session: Session) -> dict[str, Any]:
        row = session.get_one(Project, project_id)
        if row.visibility == "public" and _has_private_origin(session, project_id):
            row.visibility = "private"
            told = audit.ToldProject(row.id, f"{session.get_one(User, row.owner_id).name}/{row.name}")
            audit.record(session, "visibility", actor=None, project=told, visibility="private")
        return describe(session, row)

    if is_outdated:
        change_about(row.repository_id, change, actor=SYSTEM_ACTOR)


def _has_private_origin(session: Session, project_id: int) -> bool:
    query = select(Project.visibility).join(Copied, Copied.origin_id == Project.id)
    return session.scalar(query.where(Copied.project_id == project_id)) == "private"


def _refuse(origin: ProjectAccess, new: NewCopy) -> None:
    if new.kind not in KINDS:
        raise Invalid("Choose what to copy.")
    if new.kind == "template" and not is_template(origin.id):
        raise NotATemplate(origin.full_name)
    if origin.entry_hash is None:
        raise NothingToCopy(origin.full_name)


def _refuse_excess(session: Session, project: ProjectAccess, new_bytes: int) -> None:
    owner = session.get_one(User, session.get_one(Project, project.id).owner_id)
    usage = quota.read_owner_usage(session, owner)
    if new_bytes > usage.room_bytes:
        raise QuotaExceeded(owner.name, usage, new_bytes=new_bytes)


def _open(session: Session, account: Account, row: Copied) -> tuple[tuple[str, str], Source]:
    """The names of the project to fill, and what to fill it from."""
    check_again = partial(_refuse_unreadable, account=account, origin_id=row.origin_id)
    check_again(session)
    repository_id = session.scalars(select(Project.repository_id).where(Project.id == row.origin_id)).one()
    names = select(User.name, Project.name).join(User, User.id == Project.owner_id).where(Project.id == row.project_id)
    owner, name = session.execute(names).one()
    return (owner, name), Source(repository_id, row.kind, int(row.created_at.timestamp()), check_again)


def _refuse_unreadable(session: Session, *, account: Account, origin_id: int | None) -> None:
    if origin_id is None:
        raise OriginGone
    try:
        recheck(session, origin_id, account, "reader")
    except NotFound as gone:
        raise OriginGone from gone
