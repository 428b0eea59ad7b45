"""Who takes part in a project, and how people come to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import case, exists, select
from sqlalchemy.orm import Session

from framework.accounts.core import validation as account_rules
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import find_user
from framework.accounts.models import User
from framework.database.session import read_transaction, transaction
from framework.errors import Conflict, Forbidden, HoldfastError, Invalid
from framework.formatting import list_names
from framework.projects.core import validation
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.core.description import describe
from framework.projects.core.owners import lock_owners
from framework.projects.members import invitations
from framework.projects.members.person_lists import MOST
from framework.projects.models import Event, Member, Project
from framework.projects.notify import emails
from framework.projects.notify.activity import BY_ADDRESS, record
from framework.repositories.write.creation import change_about

Made = TypeVar("Made")

_DONE = exists().where(Event.project_id == Member.project_id, Event.actor_id == Member.user_id)
ADDRESS = case((Member.added_as.is_not(None) & ~_DONE, Member.added_as))
"""The address that stands for a member's name; what they have done in the project has told the name."""


class UnknownPerson(Invalid):
    """Nobody has this name or address."""

    field = "person"


class AlreadyThere(Conflict):
    """The person takes part already."""

    field = "person"

    def __init__(self, who: str) -> None:
        super().__init__(f"{who} takes part already; change the role in the list.")


class TooManyPeople(Invalid):
    """More people are to be added at once than an account may invite in an hour."""

    field = "person"

    def __init__(self) -> None:
        super().__init__(f"Add at most {MOST} people at once. Nobody was added yet.")


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
    picture: str | None = None

    @property
    def shown(self) -> str:
        """What they are called on the project's pages."""
        return self.added_as or self.name


@dataclass(frozen=True)
class Added:
    """Whom somebody added, by the name or address that was given; `pending` until an invitation is taken.

    `id` is the number of the account, or of the invitation.
    """

    who: str
    pending: bool
    mailed: bool
    id: int


@dataclass(frozen=True)
class Refused:
    """Whom somebody could not add, as they were given, and why."""

    person: str
    refusal: HoldfastError


@dataclass(frozen=True)
class Sharing:
    """What became of a list of people."""

    added: Sequence[Added]
    refused: Sequence[Refused]

    @property
    def sentence(self) -> str:
        """What is told of those who were added or invited."""
        groups = (
            ([one.who for one in self.added if not one.pending and one.mailed], "added and notified by e-mail."),
            ([one.who for one in self.added if not one.pending and not one.mailed], "added."),
            ([one.who for one in self.added if one.pending], "invited by e-mail."),
        )
        told = (f"{list_names(who)} {'was' if len(who) == 1 else 'were'} {done}" for who, done in groups if who)
        return " ".join(told)


def people_of(project: ProjectAccess) -> list[Participant]:
    """The account that owns the project, then the others by name."""
    query = (
        select(User, Member, ADDRESS)
        .join(Member, Member.user_id == User.id)
        .where(Member.project_id == project.id)
        .order_by(User.name_key)
    )
    with read_transaction() as session:
        owner = session.get_one(User, session.get_one(Project, project.id).owner_id)
        members = [
            replace(_describe(user, member.role, owns=False), added_as=address)
            for user, member, address in session.execute(query)
        ]
    return [_describe(owner, "owner", owns=True), *members]


def _describe(user: User, role: str, *, owns: bool) -> Participant:
    return Participant(user.id, user.name, user.full_name, role, owns=owns, picture=user.picture)


def add_person(account: Account, project: ProjectAccess, *, person: str, role: str) -> Added:
    """Let somebody take part, found by name or confirmed address, and tell them by mail; another address is invited.

    Raises:
        UnknownPerson: nobody has this name, and it is no address.
        AlreadyThere: they take part already.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no maintainer any more, or no owner and somebody becomes one or is one.
        BudgetSpent: they have added this person, or many people, too often lately.
    """
    sharing = add_people(account, project, people=[person], role=role)
    if sharing.refused:
        raise sharing.refused[0].refusal
    return sharing.added[0]


def add_people(account: Account, project: ProjectAccess, *, people: Sequence[str], role: str) -> Sharing:
    """The same for several at once, as one version; those who cannot be added are told and keep nobody else out.

    Raises:
        TooManyPeople: there are more than `MOST`.
        InvalidRole, RoleTooLow: nobody is added.
    """
    validation.role(role)
    if len(people) > MOST:
        raise TooManyPeople
    found: dict[str, User] = {}
    invited: list[Added] = []
    refused: list[Refused] = []
    with transaction() as session:
        recheck(session, project.id, account, needed_role(role))
        row = session.get_one(Project, project.id)
        for person in people:
            try:
                user = _find_to_add(session, row, person, by=account)
                if user is None:
                    email = _address(person)
                    number = invitations.invite(session, row, project, email=email, role=role, by=account)
                    invited.append(Added(email, pending=True, mailed=True, id=number))
                else:
                    found[person] = user
            except (Invalid, Conflict, Forbidden) as refusal:
                refused.append(Refused(person, refusal))
    if not found:
        return Sharing(invited, refused)

    def add(session: Session, row: Project) -> tuple[list[Added], list[Refused]]:
        return _join(session, row, project, found, role=role, by=account)

    joined, late = change_people(account, project, add, needed=needed_role(role))
    return Sharing([*joined, *invited], [*refused, *late])


def _find_to_add(session: Session, row: Project, person: str, *, by: Account) -> User | None:
    """Whom a name or address means, who takes no part yet; None for an address that is to be invited."""
    user = find_user(session, person)
    if user is None:
        _address(person)
    invitations.spend_mails(session, row.id, person, by=by)
    if user is not None and (user.id == row.owner_id or session.get(Member, (row.id, user.id)) is not None):
        raise AlreadyThere(_shown(person, user))
    return user


def _join(
    session: Session, row: Project, project: ProjectAccess, found: Mapping[str, User], *, role: str, by: Account
) -> tuple[list[Added], list[Refused]]:
    added, refused, names = [], [], dict[int, str]()
    for person, user in found.items():
        who = _shown(person, user)
        if user.id == row.owner_id or session.get(Member, (row.id, user.id)) is not None:
            refused.append(Refused(person, AlreadyThere(who)))
            continue
        address = person.strip() if "@" in person else None
        session.add(Member(project_id=row.id, user_id=user.id, role=role, added_as=address))
        names[user.id] = BY_ADDRESS if address else user.name
        mailed = emails.mail_added(session, user, project, role=role, by=by)
        added.append(Added(who, pending=False, mailed=mailed, id=user.id))
    if names:
        session.flush()
        _record_added(session, row, names, role=role, by=by)
    return added, refused


def _record_added(session: Session, row: Project, names: Mapping[int, str], *, role: str, by: Account) -> None:
    """One event of all: `person_ids` are those it is news to, beside `person_id`, which earlier releases know."""
    first, *others = names
    details = {"person": list_names(list(names.values())), "person_id": first, "role": role}
    record(session, row.id, actor=by, kind="person_added", details=details | ({"person_ids": others} if others else {}))


def _shown(person: str, user: User) -> str:
    return person.strip() if "@" in person else user.name


def _address(person: str) -> str:
    try:
        return account_rules.email(person.strip())
    except account_rules.InvalidEmail as refusal:
        raise UnknownPerson("Nobody here has this user name. Check it, or enter an e-mail address.") from refusal


def needed_role(*roles: str) -> str:
    """The role that deciding about people of these roles takes."""
    return "owner" if "owner" in roles else "maintainer"


def change_people(
    account: Account, project: ProjectAccess, act: Callable[[Session, Project], Made], *, needed: str = "maintainer"
) -> Made:
    """Do this to the people of a project, with its owners locked, as one version; what `act` made.

    Raises:
        ProjectNotFound, RoleTooLow: the caller has not the role that is needed any more.
    """
    made: list[Made] = []

    def change(session: Session) -> dict[str, Any]:
        recheck(session, project.id, account, needed)
        row = session.get_one(Project, project.id)
        made.append(act(session, row))
        session.flush()
        return describe(session, row)

    precheck = lambda session, _change: lock_owners(session, project.id)  # noqa: E731
    change_about(project.repository_id, change, actor=account.name, precheck=precheck)
    return made[-1]
