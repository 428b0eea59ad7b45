"""Deleting a person: what becomes of the projects that they own or take part in.

A project that somebody else owns, too, becomes theirs. Of the others each is moved to the trash. The row of the person
keeps their place there, without anything of them, until the trash is emptied; without such projects it goes at once.
A crash in between leaves the account suspended, with its name, so that the command can be repeated.
"""

from typing import Any

from sqlalchemy import delete, select, union
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import AccountSuspended
from framework.accounts.lifecycle import administration
from framework.accounts.models import GroupMember, User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.errors import Conflict
from framework.projects.core.addresses import keep_former_address, select_moved_from
from framework.projects.core.description import describe
from framework.projects.core.groups import refresh_teller, select_tellers
from framework.projects.core.owners import lock_co_owners, lock_owners
from framework.projects.core.tellers import let_next_tell
from framework.projects.lifecycle.adoption import free_name
from framework.projects.lifecycle.embargo import clear_embargo
from framework.projects.lifecycle.left_behind import (
    LISTED,
    Leaving,
    Owned,
    OwnsGroups,
    OwnsProjects,
    find_heir,
    read_leaving,
)
from framework.projects.lifecycle.moving import refuse_departure
from framework.projects.members.roles import end_beyond
from framework.projects.models import Member, Project
from framework.projects.notify.activity import Audited, record
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.write.creation import change_about


class StillOwns(Conflict):
    """Something has become the person's, or shared, since their deletion began: it has to be looked at once more."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} was changed meanwhile, so the deletion is not finished. Repeat it.")


def plan_leaving(name: str) -> Leaving:
    """What deleting this person would do.

    Raises:
        AccountNotFound.
    """
    with transaction() as session:
        return read_leaving(session, administration.find_account(session, name))


def delete_person(name: str, *, with_projects: bool = False, force: bool = False) -> None:
    """Delete the account, as `plan_leaving` tells.

    Raises:
        AccountNotFound.
        OwnsGroups: there are groups that nobody else owns.
        OwnsProjects: there are projects that nobody else owns, and `with_projects` is not given.
        LastAdministrator: nobody else is one, and `force` is not given.
        StillOwns: somebody changed what the person owns in the same moment.
    """
    user_id = plan_leaving(name).user_id
    with transaction() as session:
        user = lock_co_owners(session, user_id)
        leaving = read_leaving(session, user)
        if leaving.groups:
            raise OwnsGroups(leaving)
        if leaving.alone and not with_projects:
            raise OwnsProjects(leaving)
        administration.suspend_row(session, user, reason=None, force=force)  # from here on nothing can be added
    _finish(leaving, shared_too=True)


def finish(user_id: int) -> bool:
    """Delete a person who asked for it and is suspended since; whether it was done. Doing so twice is fine.

    If others would lose something by now, the account is resumed instead, and its person told by mail.

    Raises:
        StillOwns: what they own was changed in the same moment; the task repeats it.
    """
    with transaction() as session:
        if session.get(User, user_id) is None:
            return False
        user = lock_co_owners(session, user_id)
        if user.deleted_at is not None or user.suspended_at is None:  # resumed meanwhile: kept
            return False
        leaving = read_leaving(session, user)
        if leaving.stuck or leaving.groups:
            _stop(session, user, leaving)
            return False
    _finish(leaving, shared_too=False)
    return True


def _finish(leaving: Leaving, *, shared_too: bool) -> None:
    for project in leaving.owned:
        if project.heir is not None:
            _give_to_heir(project, leaving)
    for project in leaving.alone:
        _move_to_trash(project, shared_too=shared_too)
    _erase(leaving.user_id)


def _stop(session: Session, user: User, leaving: Leaving) -> None:
    user.suspended_at = None
    audit.record(session, "deletion_stopped", actor=None, person=user)
    email = addresses.find_confirmed_address(user)
    if email is None:
        return
    facts = {
        "name": user.name,
        "site": config.current().base_url,
        "projects": [project.full_name for project in leaving.stuck[:LISTED]],
        "groups": leaving.groups[:LISTED],
    }
    key = f"account-deletion-stopped-{user.id}-{now():%Y%m%d%H%M%S%f}"
    messages.queue(session, messages.prepare(to=email, template="account_deletion_stopped", facts=facts, key=key))


def hand_over(project_id: int, name: str) -> None:
    """Make somebody the owner of a project; when they have one of its name, it gets a number.

    An embargo ends where they were no owner before, who would know of it.

    Raises:
        AccountNotFound.
        AccountSuspended: nobody could do anything with the project.
        What `refuse_departure` raises.
    """
    with read_transaction() as session:
        project = session.get_one(Project, project_id)
        refuse_departure(session, project)
        repository_id = project.repository_id
    let_next_tell(project_id)

    def change(session: Session) -> dict[str, Any]:
        row, heir = session.get_one(Project, project_id), administration.find_account(session, name)
        if heir.suspended_at is not None:
            raise AccountSuspended(heir.name)
        refuse_departure(session, row)
        return _give(session, row, heir)

    change_about(repository_id, change, actor=SYSTEM_ACTOR)


def _give_to_heir(project: Owned, leaving: Leaving) -> None:
    """The heir is asked for again, with every owner locked: the one who was read may be leaving, too."""

    def change(session: Session) -> dict[str, Any]:
        row = session.get_one(Project, project.id)
        heir = find_heir(session, row)
        if heir is None or row.owner_id != leaving.user_id:
            raise StillOwns(project.full_name)
        return _give(session, row, heir)

    precheck = lambda session, _change: lock_owners(session, project.id)  # noqa: E731
    change_about(project.repository_id, change, actor=SYSTEM_ACTOR, precheck=precheck)


def _give(session: Session, row: Project, heir: User) -> dict[str, Any]:
    if row.owner_id != heir.id:
        keep_former_address(session, row)
        row.name = free_name(session, row, owner_id=heir.id)
        end_beyond(session, row, row.owner_id, None, by=None)
        former_owner_id = row.owner_id
        row.owner_id, row.name_key = heir.id, row.name.casefold()
        member = session.get(Member, (row.id, heir.id))
        if member is None or member.role != "owner":  # other owners have had the mails about an embargo
            clear_embargo(row)
        session.execute(delete(Member).where(Member.project_id == row.id, Member.user_id == heir.id))
        details, audited = {"person": heir.name}, Audited([heir.id])
        record(session, row.id, actor=None, kind="handed_over", details=details, audited=audited)
        session.flush()
        refresh_teller(session, former_owner_id)
    return describe(session, row)


def forget_owner(session: Session, user_id: int) -> None:
    """Delete the row of a person who was deleted before, when the last of their projects has gone."""
    user = session.get_one(User, user_id)
    if user.deleted_at is not None and session.scalar(select(Project.id).where(Project.owner_id == user_id)) is None:
        session.delete(user)


def _move_to_trash(project: Owned, *, shared_too: bool) -> None:
    def change(session: Session) -> dict[str, Any]:
        row = session.get_one(Project, project.id)
        if not shared_too and session.scalar(select(Member.user_id).where(Member.project_id == row.id).limit(1)):
            raise StillOwns(project.full_name)
        row.trashed_at = row.trashed_at or now()
        record(session, row.id, actor=None, kind="trashed")
        return describe(session, row)

    change_about(project.repository_id, change, actor=SYSTEM_ACTOR)


def _erase(user_id: int) -> None:
    """One transaction; tasks then tell the journals of the projects that named the person."""
    member = aliased(Member)
    with transaction() as session:
        user = lock_co_owners(session, user_id)
        leaving = read_leaving(session, user)
        if leaving.groups or leaving.alone or leaving.handed_over:
            raise StillOwns(user.name)
        owns = select(Project.id).where(Project.owner_id == user_id)
        owned = session.scalars(owns).all()
        takes_part = select(member.project_id).where(member.user_id == user_id)
        concerned = union(takes_part, owns)
        for row in session.scalars(select(Project).where(Project.id.in_(concerned))).all():
            end_beyond(session, row, user_id, None, by=None)
            enqueue(session, "framework.projects.tasks.refresh_about", row.id)
        session.execute(delete(Member).where(Member.user_id == user_id))
        for project_id in session.scalars(select_tellers(user_id).union(select_moved_from(user_id))).all():
            enqueue(session, "framework.projects.tasks.refresh_about", project_id)
        session.execute(delete(GroupMember).where(GroupMember.user_id == user_id))
        administration.erase(session, user)
        if not owned:
            session.delete(user)
