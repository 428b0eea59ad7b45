"""The people of a group: added, given other roles, removed, and leaving of their own accord."""

from collections.abc import Sequence

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from framework.accounts.core import validation as account_rules
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import find_user
from framework.accounts.models import GroupMember, User
from framework.audit import log as audit
from framework.database.session import read_transaction, transaction
from framework.errors import Conflict, Forbidden, Invalid, NotFound
from framework.groups import emails, invitations
from framework.groups.access import GroupAccess, recheck_group
from framework.groups.membership import join, note_change
from framework.projects.core.groups import GROUP_ROLES, OWNER, PARTICIPANT, highest_role
from framework.projects.members.invitations import spend_mails
from framework.projects.members.people import Added, AlreadyThere, Refused, Sharing, TooManyPeople, UnknownPerson
from framework.projects.members.person_lists import MOST
from framework.projects.members.roles import end_beyond
from framework.projects.models import Invitation, Link, Member, Project


class UnknownGroupRole(Invalid):
    """There is no such role in a group."""

    field = "role"

    def __init__(self) -> None:
        super().__init__("Choose a role: owner, member or participant.")


class NotInGroup(NotFound):
    """This person is not in the group."""

    field = "person"

    def __init__(self) -> None:
        super().__init__("This person is not in the group.")


class LastOwner(Conflict):
    """Nobody would be left who owns the group."""

    def __init__(self) -> None:
        super().__init__("A group needs an owner. Make somebody else an owner first.")


def add_people(account: Account, group: GroupAccess, *, people: Sequence[str], role: str) -> Sharing:
    """Let people into the group, found by name or confirmed address, and tell them by mail; others are invited.

    Those who cannot be added are told, and keep nobody else out.

    Raises:
        TooManyPeople, UnknownGroupRole, OwnersOnly, GroupNotFound: nobody is added.
    """
    if role not in GROUP_ROLES:
        raise UnknownGroupRole
    if len(people) > MOST:
        raise TooManyPeople
    added: list[Added] = []
    refused: list[Refused] = []
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        for person in people:
            try:
                added.append(_add(session, row, person, role=role, by=account))
            except (Invalid, Conflict, Forbidden) as refusal:
                refused.append(Refused(person, refusal))
        if any(not one.pending for one in added):
            note_change(session, row)
    return Sharing(added, refused)


def add_person(account: Account, group: GroupAccess, *, person: str, role: str) -> Added:
    """The same for one.

    Raises:
        UnknownPerson, AlreadyThere, BudgetSpent, UnknownGroupRole, OwnersOnly, GroupNotFound.
    """
    sharing = add_people(account, group, people=[person], role=role)
    if sharing.refused:
        raise sharing.refused[0].refusal
    return sharing.added[0]


def set_role(account: Account, group: GroupAccess, *, person: str, role: str) -> Added:
    """Give somebody this role in the group, whether they are in it already or are added or invited now.

    Raises:
        What `add_person` and `change_role` raise.
    """
    with read_transaction() as session:
        user = find_user(session, person)
        is_in = user is not None and session.get(GroupMember, (group.id, user.id)) is not None
    if user is None or not is_in:
        return add_person(account, group, person=person, role=role)
    who = change_role(account, group, person_id=user.id, role=role)
    return Added(who, pending=False, mailed=False, id=user.id)


def change_role(account: Account, group: GroupAccess, *, person_id: int, role: str) -> str:
    """Give somebody another role; what the group calls them.

    Raises:
        UnknownGroupRole, NotInGroup, LastOwner: nothing changes. OwnersOnly, GroupNotFound: the caller is no owner.
    """
    if role not in GROUP_ROLES:
        raise UnknownGroupRole
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        member, user = _find(session, row.id, person_id)
        if member.role == OWNER != role:
            _refuse_last_owner(session, row.id, person_id)
        member.role = role
        session.flush()
        if role != OWNER:
            invitations.withdraw_of(session, row.id, user.id)
        end_in_projects(session, row, user.id, by=account)
        who = member.added_as or user.name
        audit.record(session, "group_person_changed", actor=account, person=user, group=row, who=who, role=role)
        note_change(session, row)
        return who


def remove_person(account: Account, group: GroupAccess, *, person_id: int) -> str:
    """Let somebody be in the group no longer; what the group calls them.

    Raises:
        NotInGroup, LastOwner: nothing changes. OwnersOnly, GroupNotFound: the caller is no owner.
    """
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        member, user = _find(session, row.id, person_id)
        _end(session, row, member, user, by=account)
        return member.added_as or user.name


def leave(account: Account, group: GroupAccess) -> None:
    """Let the caller be in the group no longer.

    Raises:
        LastOwner: nobody else owns it. GroupNotFound: the caller is not in it.
    """
    with transaction() as session:
        row = recheck_group(session, group.id, account, PARTICIPANT)
        member, user = _find(session, row.id, account.id)
        _end(session, row, member, user, by=account)


def find_person_id(group: GroupAccess, name: str) -> int:
    """The number of somebody in the group, by user name or confirmed address.

    Raises:
        NotInGroup.
    """
    with read_transaction() as session:
        user = find_user(session, name)
        if user is None or session.get(GroupMember, (group.id, user.id)) is None:
            raise NotInGroup
        return user.id


def end_in_projects(session: Session, row: User, person_id: int, *, by: Account | None) -> None:
    """End the links and invitations of the group's projects that somebody could not make any more."""
    made = select(Link.project_id).where(Link.made_by_id == person_id)
    invited = select(Invitation.project_id).where(Invitation.invited_by_id == person_id)
    theirs = select(Project).where(Project.owner_id == row.id, Project.id.in_(union(made, invited)))
    group = session.get(GroupMember, (row.id, person_id))
    for project in session.scalars(theirs.order_by(Project.id)).all():
        own = session.get(Member, (project.id, person_id))
        role = highest_role(own.role if own else None, group.role if group else None, row.member_role)
        end_beyond(session, project, person_id, role, by=by)


def _add(session: Session, row: User, person: str, *, role: str, by: Account) -> Added:
    user = find_user(session, person)
    email = _read_address(person) if user is None else None
    spend_mails(session, f"group-{row.id}", person, by=by)
    if email is not None:
        number = invitations.invite(session, row, email=email, role=role, by=by)
        return Added(email, pending=True, mailed=True, id=number)
    assert user is not None
    address = person.strip() if "@" in person else None
    if session.get(GroupMember, (row.id, user.id)) is not None:
        raise AlreadyThere(address or user.name)
    join(session, row, user, role=role, added_as=address, by=by)
    mailed = emails.mail_added(session, user, row, role=role, by=by)
    return Added(address or user.name, pending=False, mailed=mailed, id=user.id)


def _read_address(person: str) -> str:
    try:
        return account_rules.email(person.strip())
    except account_rules.InvalidEmail as refusal:
        raise UnknownPerson("Nobody here has this user name. Check it, or enter an e-mail address.") from refusal


def _find(session: Session, group_id: int, person_id: int) -> tuple[GroupMember, User]:
    member = session.get(GroupMember, (group_id, person_id), populate_existing=True)
    if member is None:
        raise NotInGroup
    return member, session.get_one(User, person_id)


def _end(session: Session, row: User, member: GroupMember, user: User, *, by: Account) -> None:
    if member.role == OWNER:
        _refuse_last_owner(session, row.id, user.id)
    who = member.added_as or user.name
    session.delete(member)
    session.flush()
    invitations.withdraw_of(session, row.id, user.id)
    end_in_projects(session, row, user.id, by=by)
    audit.record(session, "group_person_removed", actor=by, person=user, group=row, who=who)
    note_change(session, row)


def _refuse_last_owner(session: Session, group_id: int, person_id: int) -> None:
    """To be called with the group locked: two owners who leave at once would leave nobody."""
    others = (GroupMember.group_id == group_id, GroupMember.role == OWNER, GroupMember.user_id != person_id)
    query = select(GroupMember.user_id).join(User, User.id == GroupMember.user_id)
    if session.scalar(query.where(*others, User.suspended_at.is_(None)).limit(1)) is None:
        raise LastOwner
