"""What somebody is in a project because it belongs to a group of theirs.

Owners of a group own its projects; members are what the group's setting says, writers unless it says readers. A
participant has no role in them. While a group is suspended, nobody has a role through it.
"""

from collections.abc import Collection
from functools import cache

from sqlalchemy import ColumnElement, Select, SQLColumnExpression, case, func, literal, null, or_, select
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core.account import GROUP, Account
from framework.accounts.core.ways_in.reading import lacks_factor
from framework.accounts.models import GroupMember, User
from framework.celery.outbox import enqueue
from framework.errors import Forbidden
from framework.projects.core.validation import ROLES
from framework.projects.models import Event, Member, Project
from framework.repositories.models import Repository

OWNER, MEMBER, PARTICIPANT = "owner", "member", "participant"
GROUP_ROLES = (OWNER, MEMBER, PARTICIPANT)
WITH_PROJECTS = (OWNER, MEMBER)
"""Who has a part in the group's projects."""
MEMBER_ROLES = ("reader", "writer")
"""What members of a group can be in its projects; the first is what a setting that no release knows stands for."""


class FactorNeeded(Forbidden):
    """The group asks its owners for a second factor, and the caller, who is one of them, has none."""

    own_page = True
    fallback_link = ("Set up a second factor", "/settings/security")

    def __init__(self, group: str) -> None:
        super().__init__(
            f"{group} asks its owners for a second factor. Until you have set one up in your settings, under Security, "
            "you are a member there."
        )


class GroupSuspended(Forbidden):
    """An administrator has suspended the group, and the caller, who is in it, has no other way to what it owns."""

    own_page = True

    def __init__(self, group: str) -> None:
        super().__init__(
            f"The group {group} is suspended, so your role in it does not count now. Write to the people who run "
            f"{config.current().base_url} to find out why."
        )


def role_through_group(group_role: str | None, member_role: str | None) -> str | None:
    """What somebody of this role in a group is in its projects, by the group's setting."""
    if group_role == OWNER:
        return "owner"
    if group_role != MEMBER:
        return None
    return "writer" if member_role in {None, "writer"} else MEMBER_ROLES[0]


def highest_role(own: str | None, group_role: str | None, member_role: str | None) -> str | None:
    """The higher one of a role in a project and that through its group."""
    through = role_through_group(group_role, member_role)
    if own is None or through is None:
        return own or through
    return max(own, through, key=lambda role: ROLES.index(role) if role in ROLES else 0)


@cache
def group_role() -> ColumnElement[str]:
    """The role of a row of `GroupMember` as it counts: none while the group is suspended.

    An owner without the factor that is asked for is a member.
    """
    return case((is_group_suspended(), null()), (lacks_factor(), MEMBER), else_=GroupMember.role)


@cache
def is_group_suspended() -> ColumnElement[bool]:
    """Whether a row of `GroupMember` is one of a suspended group."""
    group = aliased(User)
    return select(group.id).where(group.id == GroupMember.group_id, group.suspended_at.is_not(None)).exists()


def joins_group(owner_id: ColumnElement[int] | SQLColumnExpression[int], user_id: object) -> ColumnElement[bool]:
    """What joins this person's membership to a project by its owner."""
    return (GroupMember.group_id == owner_id) & (GroupMember.user_id == user_id)


def select_groups(user_id: SQLColumnExpression[int] | int, roles: Collection[str] = WITH_PROJECTS) -> Select[int]:
    """The groups in which this person has one of these roles."""
    mine = (GroupMember.user_id == user_id, ~is_group_suspended())
    counts = GroupMember.role if MEMBER in roles else group_role()
    return select(GroupMember.group_id).where(*mine, counts.in_(roles))


def may_see(user_id: SQLColumnExpression[int] | int) -> ColumnElement[bool]:
    """Which projects this person sees: public ones, their own, and those in which they or a group of theirs take part.

    Those in the trash count like the others.
    """
    takes_part = select(Member.project_id).where(Member.user_id == user_id).correlate(User)
    through = select_groups(user_id).correlate(User)
    mine = (Project.owner_id == user_id, Project.id.in_(takes_part), Project.owner_id.in_(through))
    return or_(*mine, Project.visibility == "public")


def is_known_by_name() -> ColumnElement[bool]:
    """Whether the group's owners know a row of `GroupMember` by the name, not by the address alone they added it by.

    What somebody has done in a project of the group tells the name, as in a project (`ADDRESS` in `members/people.py`).
    """
    done = select(Event.id).join(Project, Project.id == Event.project_id)
    acted = done.where(Project.owner_id == GroupMember.group_id, Event.actor_id == GroupMember.user_id)
    return or_(GroupMember.added_as.is_(None), acted.correlate(GroupMember).exists())


def select_owners(owner_id: ColumnElement[int] | int) -> Select[int]:
    """The people who own this account: those of a group; a person is their own."""
    return select(GroupMember.user_id).where(GroupMember.group_id == owner_id, GroupMember.role == OWNER)


def select_tellers(user_id: int) -> Select[int]:
    """The project of each group that this person is in whose facts name all of the group's people."""
    groups = select(GroupMember.group_id).where(GroupMember.user_id == user_id)
    return _select_oldest().where(Project.owner_id.in_(groups)).group_by(Project.owner_id)


def find_teller(session: Session, group_id: int, *, without: int | None = None) -> int | None:
    """The oldest project of a group that the journal knows, whose facts name all of the group's people.

    `without` leaves out one that is about to go.
    """
    return session.scalar(_select_oldest().where(Project.owner_id == group_id, Project.id != (without or 0)))


def refresh_teller(session: Session, owner_id: int) -> None:
    """Have the journal told of a group's people, by the project that names all of them; a person needs none."""
    is_group = select(User.id).where(User.id == owner_id, User.kind == GROUP)
    teller = find_teller(session, owner_id) if session.scalar(is_group) else None
    if teller is not None:
        enqueue(session, "framework.projects.tasks.refresh_about", teller)


def _select_oldest() -> Select[int]:
    """A project without a version has no journal."""
    return (
        select(func.min(Project.id))
        .join(Repository, Repository.id == Project.repository_id)
        .where(Repository.version > 0)
    )


def read_group_role(session: Session, owner_id: int, user_id: int) -> tuple[str | None, str | None]:
    """What somebody is in the group that owns a project, and what its members are there: for `highest_role`."""
    query = select(group_role(), User.member_role).join(User, User.id == GroupMember.group_id)
    row = session.execute(query.where(joins_group(literal(owner_id), user_id))).one_or_none()
    return (row[0], row[1]) if row else (None, None)


def owns_account(session: Session, account: Account, owner_id: int) -> bool:
    """Whether this account, which owns projects, is the person's own, or a group that they own."""
    if account.id == owner_id:
        return True
    return account.takes_part and read_group_role(session, owner_id, account.id)[0] == OWNER


def list_owners(session: Session, owner: User) -> list[User]:
    """Who answers for what this account owns, and gets the mails about it: the person, or the group's owners by id."""
    if owner.kind != GROUP:
        return [owner]
    return list(session.scalars(select(User).where(User.id.in_(select_owners(owner.id))).order_by(User.id)))


def list_project_owners(session: Session, row: Project) -> list[User]:
    """Everybody who owns a project, by id: as its account's owner, or with a role of their own."""
    members = select(Member.user_id).where(Member.project_id == row.id, Member.role == "owner")
    mine = (User.id == row.owner_id, User.id.in_(select_owners(row.owner_id)), User.id.in_(members))
    return list(session.scalars(select(User).where(or_(*mine), User.kind != GROUP).order_by(User.id)))
