"""Groups as a whole: created, renamed, deleted, and listed."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, budgets, validation
from framework.accounts.core.account import Account
from framework.accounts.core.former_names import former_names, reserve_names
from framework.accounts.core.ways_in.reading import has_second_factor
from framework.accounts.lifecycle.operations import NameTaken, take_name, unique_names
from framework.accounts.lifecycle.recovery_of_groups import new_group
from framework.accounts.lifecycle.signup import refuse_unconfirmed, require_confirmed
from framework.accounts.models import GroupMember, User
from framework.audit import log as audit
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, Invalid
from framework.groups.access import GroupAccess, group_for, recheck_group
from framework.groups.membership import note_change
from framework.projects.core.addresses import select_moved_from
from framework.projects.core.groups import GROUP_ROLES, MEMBER_ROLES, OWNER
from framework.projects.core.validation import NameNotRepeated
from framework.projects.lifecycle.operations import TokenConfined
from framework.projects.models import Project

PAGE = 100


class GroupNameRefused(Invalid):
    """A group's name breaks the rules."""

    field = "name"


class GroupNameTaken(Conflict):
    """Somebody, or a group, has or had this name."""

    field = "name"


class UnknownMemberRole(Invalid):
    """Members of a group are readers or writers of its projects."""

    field = "member_role"


class HasProjects(Conflict):
    """A group that owns projects cannot be deleted."""

    def __init__(self, name: str, count: int) -> None:
        super().__init__(
            f"{name} owns {count:,} project{'' if count == 1 else 's'}, the trash included. Delete them for good first."
        )


class OwnFactorFirst(Conflict):
    """Whoever asks owners for a second factor would be an owner no longer, having none."""

    field = "owners_need_factor"
    fallback_link = ("Set up a second factor", "/settings/security")

    def __init__(self) -> None:
        super().__init__("Set up a second factor for yourself first, in your settings, under Security.")


@dataclass(frozen=True)
class ListedGroup:
    """A group of somebody's, and their role in it, which counts for nothing while the group is suspended."""

    name: str
    title: str
    role: str
    suspended: bool


def create_group(account: Account, *, name: str, title: str = "") -> GroupAccess:
    """A new group, whose first owner is the caller.

    Raises:
        GroupNameRefused, InvalidFullName: a rule is broken.
        GroupNameTaken: somebody has, or had, the name.
        AddressUnconfirmed, TokenConfined: the caller may create none.
        BudgetSpent: they have created many lately.
    """
    name, title = _check_name(name), validation.full_name(title.strip())
    if account.confined_to:
        raise TokenConfined
    row = new_group(name, full_name=title)
    with _translate_names(), unique_names(), transaction() as session:
        refuse_unconfirmed(session, account.id)
        require_confirmed(session, account.id)
        budgets.spend(session, [f"groups:{account.id}"])
        take_name(session, row, name)
        row.people_changed_at = now()
        session.add(row)
        session.flush()
        session.add(GroupMember(group_id=row.id, user_id=account.id, role=OWNER))
        audit.record(session, "group_created", actor=account, person=row)
    return group_for(account, name)


def update_group(
    account: Account,
    group: GroupAccess,
    *,
    name: str | None = None,
    title: str | None = None,
    member_role: str | None = None,
    owners_need_factor: bool | None = None,
) -> GroupAccess:
    """Another name, title, or role of members in the projects, or whether owners need a second factor.

    What is not given stays. Old addresses still work.

    Raises:
        GroupNameRefused, GroupNameTaken, InvalidFullName, UnknownMemberRole: nothing is changed.
        TooManyNames: it had many names already.
        OwnFactorFirst: the caller asks owners for a second factor, and has none.
        OwnersOnly, GroupNotFound: the caller is no owner any more.
    """
    new_name = None if name in {None, group.name} else _check_name(name or "")
    if title is not None:
        title = validation.full_name(title.strip())
    if member_role is not None and member_role not in MEMBER_ROLES:
        raise UnknownMemberRole("Members are readers or writers.")
    with _translate_names(), unique_names(), transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        if new_name:
            take_name(session, row, new_name)
            enqueue(session, addresses.REFRESH_PERSON, row.id)
        before = (row.full_name, row.member_role)
        row.full_name = row.full_name if title is None else title
        if member_role not in {None, group.member_role}:
            row.member_role = member_role
        if (row.full_name, row.member_role) != before:
            note_change(session, row)
        if owners_need_factor is not None and owners_need_factor != row.owners_need_factor:
            _ask_for_factor(session, row, asked=owners_need_factor, by=account)
        audit.record(session, "group_changed", actor=account, person=row, role=member_role or "", name=new_name or "")
        changed = row.name
    return group_for(account, changed)


def delete_group(account: Account, group: GroupAccess, *, confirmation: str) -> None:
    """Delete a group that owns nothing; its names stay reserved for a year, as those of people do.

    Raises:
        NameNotRepeated: it was not typed again. HasProjects: it owns some.
        OwnersOnly, GroupNotFound: the caller is no owner any more.
    """
    if confirmation.strip().casefold() != group.name.casefold():
        raise NameNotRepeated("group", "deleted")
    with transaction() as session:
        row = recheck_group(session, group.id, account, OWNER)
        session.refresh(row, with_for_update=True)  # nobody creates a project there meanwhile
        count = session.scalars(select(func.count()).select_from(Project).where(Project.owner_id == row.id)).one()
        if count:
            raise HasProjects(row.name, count)
        audit.record(session, "group_deleted", actor=account, person=row)
        reserve_names(session, row)
        for project_id in session.scalars(select_moved_from(row.id)).all():
            enqueue(session, "framework.projects.tasks.refresh_about", project_id)
        session.delete(row)


def list_groups_of(account: Account) -> list[ListedGroup]:
    """The groups that somebody is in, by name; none by a token for one project, or before such a role counts."""
    if account.confined_to is not None or not account.takes_part:
        return []
    query = (
        select(User.name, User.full_name, GroupMember.role, User.suspended_at.is_not(None))
        .join(GroupMember, GroupMember.group_id == User.id)
        .where(GroupMember.user_id == account.id, GroupMember.role.in_(GROUP_ROLES))
        .order_by(User.name_key)
    )
    with read_transaction() as session:
        return [ListedGroup(*row) for row in session.execute(query)]


def earlier_names(group: GroupAccess) -> list[str]:
    """The names that the group had before, which lead to it."""
    with read_transaction() as session:
        return former_names(session, group.id)


def _ask_for_factor(session: Session, row: User, *, asked: bool, by: Account) -> None:
    if asked and not has_second_factor(session, by.id):
        raise OwnFactorFirst
    row.owners_need_factor = asked
    note_change(session, row)
    audit.record(session, "group_factor", actor=by, person=row, owners="need one" if asked else "need none")


def _check_name(name: str) -> str:
    try:
        return validation.user_name(name.strip())
    except validation.InvalidName as refusal:
        raise GroupNameRefused(refusal.sentence.replace("A user name", "A group's name")) from refusal


@contextmanager
def _translate_names() -> Iterator[None]:
    """What is said of user names, said of a group's."""
    try:
        yield
    except NameTaken as refusal:
        raise GroupNameTaken("A person or a group has this name. Please choose another one.") from refusal
