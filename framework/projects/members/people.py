"""Who takes part in a project, and as what."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy import case, exists, select
from sqlalchemy.orm import Session

from framework.accounts.core import budgets
from framework.accounts.core import validation as account_rules
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import find_user
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.errors import Conflict, Invalid, NotFound
from framework.projects.core import validation
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import describe
from framework.projects.members import invitations
from framework.projects.models import Event, Member, Project
from framework.projects.notify import emails
from framework.projects.notify.activity import BY_ADDRESS, record
from framework.repositories.write.creation import change_about

Made = TypeVar("Made")

_DONE = exists().where(Event.project_id == Member.project_id, Event.actor_id == Member.user_id)
_ADDRESS = case((Member.added_as.is_not(None) & ~_DONE, Member.added_as))
"""The address that stands for a member's name; what they have done in the project has told the name."""


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
    """Somebody who takes part; `owns` marks the account that the project belongs to, which stays.

    `added_as` is the address by which they were added, where it is all that the project may know of them.
    """

    id: int
    name: str
    full_name: str
    role: str
    owns: bool
    added_as: str | None = None

    @property
    def shown(self) -> str:
        """What they are called on the project's pages."""
        return self.added_as or self.name


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
        select(User, Member, _ADDRESS)
        .join(Member, Member.user_id == User.id)
        .where(Member.project_id == project.id)
        .order_by(User.name_key)
    )
    with read_transaction() as session:
        owner = session.get_one(User, session.get_one(Project, project.id).owner_id)
        members = [
            Participant(user.id, user.name, user.full_name, member.role, owns=False, added_as=address)
            for user, member, address in session.execute(query)
        ]
    return [Participant(owner.id, owner.name, owner.full_name, "owner", owns=True), *members]


def add_person(account: Account, project: ProjectAccess, *, person: str, role: str) -> Added:
    """Let somebody take part, found by name or confirmed address, and tell them by mail; another address is invited.

    Raises:
        UnknownPerson: nobody has this name, and it is no address.
        AlreadyThere: they take part already.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no maintainer any more, or no owner and somebody becomes one or is one.
        BudgetSpent: they have added this person, or many people, too often lately.
    """
    validation.role(role)
    invited = budgets.fingerprint(account_rules.email_key(person))
    with transaction() as session:
        as_stranger = [f"invites-unconfirmed:{account.id}", f"invited-unconfirmed:{invited}"]
        keys = [f"invite:{account.id}:{project.id}:{invited}", f"invites:{account.id}"]
        budgets.spend(session, keys if account.email_confirmed else keys + as_stranger)
        recheck(session, project.id, account, _needed(role))
        user = find_user(session, person)
        if user is None:
            email = _address(person)
            row = session.get_one(Project, project.id)
            invitations.invite(session, row, project, email=email, role=role, by=account)
            return Added(email, pending=True, mailed=True)
    address = person.strip() if "@" in person else None
    who = address or user.name

    def add(session: Session, row: Project) -> Added:
        if user.id == row.owner_id or session.get(Member, (row.id, user.id)) is not None:
            raise AlreadyThere(f"{who} takes part already; change the role in the list.")
        session.add(Member(project_id=row.id, user_id=user.id, role=role, added_as=address))
        name = BY_ADDRESS if address else user.name
        details = {"person": name, "person_id": user.id, "role": role}
        record(session, row.id, actor=account, kind="person_added", details=details)
        return Added(who, pending=False, mailed=emails.mail_added(session, user, project, role=role, by=account))

    return _change(account, project, add, needed=_needed(role))


def _address(person: str) -> str:
    try:
        return account_rules.email(person.strip())
    except account_rules.InvalidEmail as refusal:
        raise UnknownPerson("Nobody here has this user name. Check it, or enter an e-mail address.") from refusal


def change_role(account: Account, project: ProjectAccess, *, person_id: int, role: str) -> str:
    """Give somebody who takes part another role; what the project calls them.

    Of their invitations that nobody has taken those end which the new role could not send.

    Raises:
        MemberNotFound: they take no part, or the project is theirs.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no maintainer any more, or no owner and somebody becomes one or is one.
    """
    validation.role(role)

    def change(session: Session, row: Project) -> str:
        member, user = _member(session, row, person_id)
        recheck(session, row.id, account, _needed(role, member.role))
        member.role, address = role, _address_of(session, member)
        invitations.withdraw_beyond(session, row, person_id, role)
        details = {"person": BY_ADDRESS if address else user.name, "role": role}
        record(session, row.id, actor=account, kind="person_changed", details=details)
        return address or user.name

    return _change(account, project, change)


def remove_person(account: Account, project: ProjectAccess, *, person_id: int) -> str:
    """Let somebody take part no longer, nor whom they invited and who has not come yet; what the project calls them.

    Raises:
        MemberNotFound: they take no part, or the project is theirs.
        RoleTooLow: the caller is no maintainer any more, or no owner and they are one.
    """

    def remove(session: Session, row: Project) -> str:
        member, user = _member(session, row, person_id)
        recheck(session, row.id, account, _needed(member.role))
        address = _address_of(session, member)
        session.delete(member)
        invitations.withdraw_beyond(session, row, person_id, None)
        details = {"person": BY_ADDRESS if address else user.name}
        record(session, row.id, actor=account, kind="person_removed", details=details)
        return address or user.name

    return _change(account, project, remove)


def _needed(*roles: str) -> str:
    """The role that deciding about people of these roles takes."""
    return "owner" if "owner" in roles else "maintainer"


def _change(
    account: Account, project: ProjectAccess, act: Callable[[Session, Project], Made], *, needed: str = "maintainer"
) -> Made:
    made: list[Made] = []

    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, needed)
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


def _address_of(session: Session, member: Member) -> str | None:
    mine = (Member.project_id == member.project_id, Member.user_id == member.user_id)
    return session.scalar(select(_ADDRESS).where(*mine))
