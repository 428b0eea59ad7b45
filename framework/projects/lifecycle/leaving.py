"""Deleting a person: what becomes of the projects that they own or take part in.

A project that somebody else owns, too, becomes theirs. Of the others each is moved to the trash. The row of the person
keeps their place there, without anything of them, until the trash is emptied; without such projects it goes at once.
A crash in between leaves the account suspended, with its name, so that the command can be repeated.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session, aliased

from framework.accounts.core.account import AccountSuspended
from framework.accounts.lifecycle import administration
from framework.accounts.models import GroupMember, User
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict
from framework.projects.core.addresses import keep_former_address
from framework.projects.core.description import describe
from framework.projects.core.groups import select_tellers
from framework.projects.lifecycle.adoption import free_name
from framework.projects.lifecycle.embargo import clear_embargo
from framework.projects.members.roles import end_beyond
from framework.projects.models import Member, Project
from framework.projects.notify.activity import Audited, record
from framework.repositories.catalog.changes import SYSTEM_ACTOR
from framework.repositories.write.creation import change_about

LISTED = 10


class OwnsProjects(Conflict):
    """The person is the only owner of projects, and nobody said what is to become of these."""

    def __init__(self, leaving: "Leaving") -> None:
        super().__init__(
            f"{leaving.name} is the only owner of {_name_projects(leaving.alone)}. Have another owner added on the "
            "page of the project's people, or repeat this with --with-projects to move these projects to the trash."
        )


class OwnsGroups(Conflict):
    """The person is the only owner of groups, which nobody could manage any more."""

    def __init__(self, leaving: "Leaving") -> None:
        names = ", ".join(leaving.groups[:LISTED])
        super().__init__(
            f"{leaving.name} is the only owner of the group{'' if len(leaving.groups) == 1 else 's'} {names}."
            " Make another member an owner there first."
        )


@dataclass(frozen=True)
class Owned:
    """A project of the person's: its number, its repository's id, its full name; `heir` becomes its owner.

    `shared` is one in which others take part.
    """

    id: int
    repository_id: str
    full_name: str
    trashed: bool
    heir: str | None
    shared: bool = False


@dataclass(frozen=True)
class Leaving:
    """What deleting a person does; nobody else owns the `groups`."""

    user_id: int
    name: str
    owned: Sequence[Owned]
    takes_part: int
    groups: Sequence[str] = ()
    """The groups that would be left without an owner."""

    @property
    def handed_over(self) -> list[Owned]:
        """The projects that somebody else owns, too."""
        return [project for project in self.owned if project.heir is not None]

    @property
    def alone(self) -> list[Owned]:
        """The projects, not in the trash, that nobody else owns."""
        return [project for project in self.owned if project.heir is None and not project.trashed]

    @property
    def unshared(self) -> list[Owned]:
        """Those of them in which nobody else takes part."""
        return [project for project in self.alone if not project.shared]

    @property
    def stuck(self) -> list[Owned]:
        """Those of them in which others take part: they lose the project unless one of them becomes an owner."""
        return [project for project in self.alone if project.shared]

    @property
    def sentences(self) -> list[str]:
        """What will happen, for whoever has to confirm it."""
        told = [f"{project.full_name} becomes a project of {project.heir}." for project in self.handed_over]
        if self.alone:
            told.append(f"Moved to the trash, and deleted for good with it: {_name_projects(self.alone)}.")
        if self.takes_part:
            count = f"{self.takes_part:,} project{'' if self.takes_part == 1 else 's'}"
            told.append(f"{self.name} is removed from {count} owned by others.")
        freed = "Nobody can take the user name for a year; the e-mail address is free at once."
        return [*told, f"Commits keep their authors. {freed}"]


def plan_leaving(name: str) -> Leaving:
    """What deleting this person would do.

    Raises:
        AccountNotFound.
    """
    with transaction() as session:
        return read_leaving(session, administration.find_account(session, name))


def read_leaving(session: Session, user: User) -> Leaving:
    """The same, in the transaction that holds the person's row."""
    takes_part = session.scalar(select(func.count()).select_from(Member).where(Member.user_id == user.id)) or 0
    return Leaving(user.id, user.name, _list_owned(session, user), takes_part, list_groups_alone(session, user.id))


def list_groups_alone(session: Session, user_id: int) -> list[str]:
    """The groups of which nobody else who can sign in is an owner, by name."""
    mine, other, person, group = aliased(GroupMember), aliased(GroupMember), aliased(User), aliased(User)
    others = (
        select(other.user_id)
        .join(person, person.id == other.user_id)
        .where(other.group_id == mine.group_id, other.role == "owner", other.user_id != user_id)
        .where(person.suspended_at.is_(None))
    )
    query = (
        select(group.name)
        .join(mine, mine.group_id == group.id)
        .where(mine.user_id == user_id, mine.role == "owner", ~others.exists())
    )
    return list(session.scalars(query.order_by(group.name_key)))


def delete_person(name: str, *, with_projects: bool = False, force: bool = False) -> None:
    """Delete the account, as `plan_leaving` tells.

    Raises:
        AccountNotFound.
        OwnsGroups: there are groups that nobody else owns.
        OwnsProjects: there are projects that nobody else owns, and `with_projects` is not given.
        LastAdministrator: nobody else is one, and `force` is not given.
    """
    leaving = plan_leaving(name)
    if leaving.groups:
        raise OwnsGroups(leaving)
    if leaving.alone and not with_projects:
        raise OwnsProjects(leaving)
    administration.suspend(leaving.name, reason=None, force=force)  # from here on nothing can be added
    finish(leaving.user_id)


def finish(user_id: int) -> bool:
    """Delete a person whose account is suspended for it; whether there was one. Doing so twice is fine."""
    with read_transaction() as session:
        user = session.get(User, user_id)
        if user is None or user.deleted_at is not None or user.suspended_at is None:  # resumed meanwhile: kept
            return False
        leaving = read_leaving(session, user)
    for project in leaving.owned:
        if project.heir is not None:
            hand_over(project.id, project.heir)
    for project in leaving.alone:
        _move_to_trash(project)
    _erase(user_id)
    return True


def hand_over(project_id: int, name: str) -> None:
    """Make somebody the owner of a project; when they have one of its name, it gets a number.

    An embargo ends where they were no owner before, who would know of it.

    Raises:
        AccountNotFound.
        AccountSuspended: nobody could do anything with the project.
    """
    with read_transaction() as session:
        repository_id = session.get_one(Project, project_id).repository_id

    def change(session: Session) -> dict[str, Any]:
        row, heir = session.get_one(Project, project_id), administration.find_account(session, name)
        if heir.suspended_at is not None:
            raise AccountSuspended(heir.name)
        if row.owner_id != heir.id:
            keep_former_address(session, row)
            row.name = free_name(session, row, owner_id=heir.id)
            end_beyond(session, row, row.owner_id, None, by=None)
            row.owner_id, row.name_key = heir.id, row.name.casefold()
            member = session.get(Member, (row.id, heir.id))
            if member is None or member.role != "owner":  # other owners have had the mails about an embargo
                clear_embargo(row)
            session.execute(delete(Member).where(Member.project_id == row.id, Member.user_id == heir.id))
            details, audited = {"person": heir.name}, Audited([heir.id])
            record(session, row.id, actor=None, kind="handed_over", details=details, audited=audited)
        return describe(session, row)

    change_about(repository_id, change, actor=SYSTEM_ACTOR)


def forget_owner(session: Session, user_id: int) -> None:
    """Delete the row of a person who was deleted before, when the last of their projects has gone."""
    user = session.get_one(User, user_id)
    if user.deleted_at is not None and session.scalar(select(Project.id).where(Project.owner_id == user_id)) is None:
        session.delete(user)


def _list_owned(session: Session, user: User) -> list[Owned]:
    """The heir of each is, of its other owners who can sign in, the one of the longest standing."""
    projects = session.scalars(select(Project).where(Project.owner_id == user.id).order_by(Project.name_key)).all()
    members = (
        select(Member.project_id, Member.role, User.name, User.suspended_at)
        .join(Project, Project.id == Member.project_id)
        .join(User, User.id == Member.user_id)
        .where(Project.owner_id == user.id)
        .order_by(Member.added_at, User.id)
    )
    shared, heirs = set[int](), dict[int, str]()
    for project_id, role, name, suspended_at in session.execute(members):
        shared.add(project_id)
        if role == "owner" and suspended_at is None:
            heirs.setdefault(project_id, name)
    return [
        Owned(
            id=project.id,
            repository_id=project.repository_id,
            full_name=f"{user.name}/{project.name}",
            trashed=project.trashed_at is not None,
            heir=heirs.get(project.id),
            shared=project.id in shared,
        )
        for project in projects
    ]


def _move_to_trash(project: Owned) -> None:
    def change(session: Session) -> dict[str, Any]:
        row = session.get_one(Project, project.id)
        row.trashed_at = row.trashed_at or now()
        record(session, row.id, actor=None, kind="trashed")
        return describe(session, row)

    change_about(project.repository_id, change, actor=SYSTEM_ACTOR)


def _erase(user_id: int) -> None:
    """One transaction; tasks then tell the journals of the projects that named the person."""
    member = aliased(Member)
    with transaction() as session:
        user = session.get_one(User, user_id, with_for_update=True)
        owned = session.scalars(select(Project.id).where(Project.owner_id == user_id)).all()
        takes_part = select(member.project_id).where(member.user_id == user_id)
        for row in session.scalars(select(Project).where(or_(Project.id.in_(takes_part), Project.id.in_(owned)))).all():
            end_beyond(session, row, user_id, None, by=None)
            enqueue(session, "framework.projects.tasks.refresh_about", row.id)
        session.execute(delete(Member).where(Member.user_id == user_id))
        for project_id in session.scalars(select_tellers(user_id)).all():
            enqueue(session, "framework.projects.tasks.refresh_about", project_id)
        session.execute(delete(GroupMember).where(GroupMember.user_id == user_id))
        administration.erase(session, user)
        if not owned:
            session.delete(user)


def _name_projects(projects: Sequence[Owned]) -> str:
    names = ", ".join(project.full_name for project in projects[:LISTED])
    more = len(projects) - LISTED
    counted = f"{len(projects):,} project{'' if len(projects) == 1 else 's'}"
    return f"{counted}: {names}{f' and {more:,} more' if more > 0 else ''}"
