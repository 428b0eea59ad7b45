"""Who takes part in a project, and as what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.account import Account
from framework.accounts.models import User
from framework.accounts.operations import find_user
from framework.database.session import reading
from framework.errors import Conflict, Invalid, NotFound
from framework.projects import messages, rules
from framework.projects.about import describe
from framework.projects.access import ProjectAccess, recheck
from framework.projects.activity import record
from framework.projects.models import Member, Project
from framework.repositories.operations import change_about


class UnknownPerson(Invalid):
    """Nobody has this name or address."""

    field = "person"


class AlreadyThere(Conflict):
    """The person takes part already."""

    field = "person"


class MemberNotFound(NotFound):
    """This person takes no part in the project."""


@dataclass(frozen=True)
class Participant:
    """Somebody who takes part; `owns` marks the account that the project belongs to, which stays."""

    id: int
    name: str
    full_name: str
    role: str
    owns: bool


def people_of(project: ProjectAccess) -> list[Participant]:
    """The account that owns the project, then the others by name."""
    query = (
        select(User, Member.role)
        .join(Member, Member.user_id == User.id)
        .where(Member.project_id == project.id)
        .order_by(User.name_key)
    )
    with reading() as session:
        owner = session.get_one(User, session.get_one(Project, project.id).owner_id)
        members = [
            Participant(user.id, user.name, user.full_name, role, owns=False) for user, role in session.execute(query)
        ]
    return [Participant(owner.id, owner.name, owner.full_name, "owner", owns=True), *members]


def add_person(account: Account, project: ProjectAccess, *, person: str, role: str) -> str:
    """Let somebody take part, found by name or e-mail, and tell them by mail; their user name.

    Raises:
        UnknownPerson: nobody is found.
        AlreadyThere: they take part already.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no owner any more.
    """
    rules.role(role)

    def add(session: Session, row: Project) -> str:
        user = find_user(session, person)
        if user is None:
            raise UnknownPerson("Nobody here has this user name or e-mail address. Ask them to sign up first.")
        if user.id == row.owner_id or session.get(Member, (row.id, user.id)) is not None:
            raise AlreadyThere(f"{user.name} takes part already; change the role in the list.")
        session.add(Member(project_id=row.id, user_id=user.id, role=role))
        record(session, row.id, actor=account, kind="person_added", details={"person": user.name, "role": role})
        messages.added(session, user, project, role=role, by=account)
        return user.name

    return _change(account, project, add)


def change_role(account: Account, project: ProjectAccess, *, person_id: int, role: str) -> str:
    """Give somebody who takes part another role; their user name.

    Raises:
        MemberNotFound: they take no part, or the project is theirs.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no owner any more.
    """
    rules.role(role)

    def change(session: Session, row: Project) -> str:
        member, user = _member(session, row, person_id)
        member.role = role
        record(session, row.id, actor=account, kind="person_changed", details={"person": user.name, "role": role})
        return user.name

    return _change(account, project, change)


def remove_person(account: Account, project: ProjectAccess, *, person_id: int) -> str:
    """Let somebody take part no longer; their user name.

    Raises:
        MemberNotFound: they take no part, or the project is theirs.
        RoleTooLow: the caller is no owner any more.
    """

    def remove(session: Session, row: Project) -> str:
        member, user = _member(session, row, person_id)
        session.delete(member)
        record(session, row.id, actor=account, kind="person_removed", details={"person": user.name})
        return user.name

    return _change(account, project, remove)


def _change(account: Account, project: ProjectAccess, act: Callable[[Session, Project], str]) -> str:
    names: list[str] = []

    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, "owner")
        row = session.get_one(Project, project.id)
        names.append(act(session, row))
        session.flush()
        return describe(session, row)

    change_about(project.repository_id, change, actor=account.name)
    return names[-1]


def _member(session: Session, row: Project, person_id: int) -> tuple[Member, User]:
    member = session.get(Member, (row.id, person_id))
    if member is None:
        raise MemberNotFound("This person takes no part in the project, or it is theirs.")
    return member, session.get_one(User, person_id)
