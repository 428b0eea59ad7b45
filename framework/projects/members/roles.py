"""Other roles for people who take part, and their end: removed by somebody, or of their own accord."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.database.session import read_transaction
from framework.errors import Conflict, NotFound
from framework.formatting import list_names
from framework.projects.core import validation
from framework.projects.core.access import ProjectAccess, has_role, recheck
from framework.projects.core.links import revoke_view_links
from framework.projects.core.owners import refuse_ownerless
from framework.projects.members import invitations
from framework.projects.members.people import ADDRESS, change_people, needed_role
from framework.projects.models import Member, Project
from framework.projects.notify.activity import BY_ADDRESS, Audited, record


class MemberNotFound(NotFound):
    """This person takes no part in the project."""

    def __init__(self) -> None:
        super().__init__("This person takes no part in the project, or it is theirs.")


class OwnerLeaves(Conflict):
    """The account that a project belongs to wants to leave it."""

    def __init__(self) -> None:
        super().__init__("The project is yours, so you cannot leave it. Hand it over to somebody else first.")


@dataclass(frozen=True)
class RoleChange:
    """Somebody, as the project calls them, and the role that they have now."""

    who: str
    role: str


def describe_changes(changes: Sequence[RoleChange]) -> str:
    """What was changed, in a sentence for each role."""
    told = []
    for role in dict.fromkeys(change.role for change in changes):
        who = [change.who for change in changes if change.role == role]
        told.append(f"{list_names(who)} {'is' if len(who) == 1 else 'are'} {name_role(role, len(who))} now.")
    return " ".join(told)


def name_role(role: str, count: int = 1) -> str:
    """`a reader`, `an owner`, and for several `readers`."""
    return f"{role}s" if count > 1 else f"{'an' if role == 'owner' else 'a'} {role}"


def change_role(account: Account, project: ProjectAccess, *, person_id: int, role: str) -> str:
    """Give somebody who takes part another role; what the project calls them.

    Raises:
        MemberNotFound, InvalidRole, RoleTooLow: as `save_roles`.
    """
    return save_roles(account, project, {person_id: role})[0].who


def save_roles(account: Account, project: ProjectAccess, roles: Mapping[int, str]) -> list[RoleChange]:
    """Give people these roles, by the numbers of their accounts, as one version; those who had another one before.

    Of their invitations that nobody has taken those end which the new role could not send, and view-only links of
    theirs if it could make none.

    Raises:
        MemberNotFound: one takes no part, or the project is theirs; nobody's role is changed.
        InvalidRole: there is no such role.
        RoleTooLow: the caller is no maintainer any more, or no owner and somebody is one or is to be one.
        LastOwner: no owner would be left who can sign in.
    """
    changed = {person: validation.role(role) for person, role in roles.items()}
    with read_transaction() as session:
        row = session.get_one(Project, project.id)
        changed = {person: role for person, role in changed.items() if find_member(session, row, person).role != role}
    if not changed and len(roles) != 1:
        return []

    def change(session: Session, row: Project) -> list[RoleChange]:
        told = [_change_role(session, row, account, person, role) for person, role in (changed or roles).items()]
        for role in dict.fromkeys(changed.values()):
            names = [name for name, _who, theirs in told if theirs == role]
            people = [person for person, theirs in changed.items() if theirs == role]
            details, audited = {"person": list_names(names), "role": role}, Audited(people)
            record(session, row.id, actor=account, kind="person_changed", details=details, audited=audited)
        return [RoleChange(who, role) for _name, who, role in told]

    return change_people(account, project, change)


def remove_person(account: Account, project: ProjectAccess, *, person_id: int) -> str:
    """Let somebody take part no longer, nor whom they invited and who has not come yet; what the project calls them.

    Raises:
        MemberNotFound: they take no part, or the project is theirs.
        RoleTooLow: the caller is no maintainer any more, or no owner and they are one.
        LastOwner: no other owner can sign in.
    """

    def remove(session: Session, row: Project) -> str:
        member = find_member(session, row, person_id)
        recheck(session, row.id, account, needed_role(member.role))
        name, who = _end(session, row, member, by=account)
        details, audited = {"person": name}, Audited([person_id])
        record(session, row.id, actor=account, kind="person_removed", details=details, audited=audited)
        return who

    return change_people(account, project, remove)


def leave(account: Account, project: ProjectAccess) -> str:
    """Let the caller take part no longer, nor whom they invited and who has not come yet; the name of the project.

    Raises:
        OwnerLeaves, LastOwner: the project is theirs, or no other owner can sign in; nothing changes.
        MemberNotFound: they take no part.
    """

    def end(session: Session, row: Project) -> None:
        if row.owner_id == account.id:
            raise OwnerLeaves
        name, _who = _end(session, row, find_member(session, row, account.id), by=account)
        actor = account if name == account.name else None  # somebody who is known by an address alone stays so
        audited = Audited([account.id], actor=account)
        record(session, row.id, actor=actor, kind="person_left", details={"person": name}, audited=audited)

    change_people(account, project, end, needed="reader")
    return project.full_name


def find_member(session: Session, row: Project, person_id: int) -> Member:
    """The part that this account takes.

    Raises:
        MemberNotFound: it takes none, or the project is its own.
    """
    member = session.get(Member, (row.id, person_id))
    if member is None:
        raise MemberNotFound
    return member


def end_beyond(session: Session, row: Project, person_id: int, role: str | None, *, by: Account | None) -> None:
    """End the invitations and view-only links that somebody of this role could not make, perhaps for themselves."""
    invitations.withdraw_beyond(session, row, person_id, role)
    if not has_role(role, "maintainer"):
        revoke_view_links(session, row, person_id, by=by)


def _change_role(session: Session, row: Project, account: Account, person_id: int, role: str) -> tuple[str, str, str]:
    member = find_member(session, row, person_id)
    recheck(session, row.id, account, needed_role(role, member.role))
    was_owner, member.role = member.role == "owner", role
    session.flush()
    if was_owner:
        refuse_ownerless(session, row)
    end_beyond(session, row, person_id, role, by=account)
    return *_names(session, member), role


def _end(session: Session, row: Project, member: Member, *, by: Account) -> tuple[str, str]:
    names, was_owner = _names(session, member), member.role == "owner"
    session.delete(member)
    session.flush()
    if was_owner:
        refuse_ownerless(session, row)
    end_beyond(session, row, member.user_id, None, by=by)
    return names


def _names(session: Session, member: Member) -> tuple[str, str]:
    """What the activity and what the page of the people calls somebody."""
    mine = (Member.project_id == member.project_id, Member.user_id == member.user_id)
    address = session.scalar(select(ADDRESS).where(*mine))
    name = session.get_one(User, member.user_id).name
    return (BY_ADDRESS, address) if address else (name, name)
