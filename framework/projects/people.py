"""Who takes part in a project, and as what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts import budgets
from framework.accounts import rules as account_rules
from framework.accounts.account import Account
from framework.accounts.models import User
from framework.accounts.operations import find_user
from framework.database.session import reading, transaction
from framework.errors import Conflict, Invalid, NotFound
from framework.projects import invitations, messages, rules
from framework.projects.about import describe
from framework.projects.access import ProjectAccess, recheck
from framework.projects.activity import record
from framework.projects.models import Member, Project
from framework.repositories.operations import change_about

Made = TypeVar("Made")


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


@dataclass(frozen=True)
class Added:
    """Whom an owner added, by the name or address that was given; `pending` until an invitation is taken."""

    who: str
    pending: bool
    mailed: bool

    @property
    def sentence(self) -> str:
        """What the owner is told."""
        if self.pending:
            return f"{self.who} was invited by e-mail."
        return f"{self.who} was added{' and notified by e-mail' if self.mailed else ''}."


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


def add_person(account: Account, project: ProjectAccess, *, person: str, role: str) -> Added:
    """Let somebody take part, found by name or confirmed address, and tell them by mail; another address is invited.

    Raises:
        UnknownPerson: nobody has this name, and it is no address.
        AlreadyThere: they take part already.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no owner any more.
        BudgetSpent: they have added this person, or many people, too often lately.
    """
    rules.role(role)
    invited = budgets.fingerprint(person.strip().casefold())
    with transaction() as session:
        budgets.spend(session, [f"invite:{account.id}:{project.id}:{invited}", f"invites:{account.id}"])
        recheck(session, project.id, account, "owner")
        user = find_user(session, person)
        if user is None:
            email = _address(person)
            row = session.get_one(Project, project.id)
            invitations.invite(session, row, project, email=email, role=role, by=account)
            return Added(email, pending=True, mailed=True)
    who = person.strip() if "@" in person else user.name

    def add(session: Session, row: Project) -> Added:
        if user.id == row.owner_id or session.get(Member, (row.id, user.id)) is not None:
            raise AlreadyThere(f"{who} takes part already; change the role in the list.")
        session.add(Member(project_id=row.id, user_id=user.id, role=role))
        record(session, row.id, actor=account, kind="person_added", details={"person": user.name, "role": role})
        return Added(who, pending=False, mailed=messages.added(session, user, project, role=role, by=account))

    return _change(account, project, add)


def _address(person: str) -> str:
    try:
        return account_rules.email(person.strip())
    except account_rules.InvalidEmail as refusal:
        raise UnknownPerson("Nobody here has this user name. Check it, or enter an e-mail address.") from refusal


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


def _change(account: Account, project: ProjectAccess, act: Callable[[Session, Project], Made]) -> Made:
    made: list[Made] = []

    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, "owner")
        row = session.get_one(Project, project.id)
        made.append(act(session, row))
        session.flush()
        return describe(session, row)

    change_about(project.repository_id, change, actor=account.name)
    return made[-1]


def _member(session: Session, row: Project, person_id: int) -> tuple[Member, User]:
    member = session.get(Member, (row.id, person_id))
    if member is None:
        raise MemberNotFound("This person takes no part in the project, or it is theirs.")
    return member, session.get_one(User, person_id)
