"""For whom somebody can create projects: for themselves, and in groups whose members write."""

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP, Account
from framework.accounts.lifecycle.operations import find_owner
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction
from framework.errors import Forbidden, Invalid
from framework.projects.core.groups import MEMBER, OWNER, group_role, read_group_role, role_through_group


class OwnerUnknown(Invalid):
    """No project can be created for this name: nobody has it, or it is another person's."""

    field = "owner"

    def __init__(self, name: str) -> None:
        super().__init__(f"You cannot create projects for {name}. Choose yourself, or one of your groups.")


class NoMember(Forbidden):
    """The caller has no role in the group in which projects are created."""

    field = "owner"

    def __init__(self, group: str) -> None:
        super().__init__(f"Only members of {group} who may change its projects can create projects there.")


def find_creating_owner(session: Session, account: Account, name: str) -> User:
    """Who will own a project that this person creates: the person for an empty name, or a group.

    Raises:
        OwnerUnknown, NoMember.
    """
    found = session.get_one(User, account.id) if not name else find_owner(session, name)
    if found is not None and found.id == account.id:
        return found
    if found is None or found.kind != GROUP:
        raise OwnerUnknown(name)
    member = session.get(GroupMember, (found.id, account.id), with_for_update={"read": True})
    if (
        member is None
        or not account.takes_part
        or role_through_group(*read_group_role(session, found.id, account.id)) not in {"writer", "owner"}
    ):
        raise NoMember(found.name)
    return found


def list_creating_owners(account: Account) -> list[str]:
    """The names for which this person can create projects: their own, then those of groups in alphabetical order."""
    may = or_(
        group_role() == OWNER,
        (group_role() == MEMBER) & or_(User.member_role.is_(None), User.member_role == "writer"),
    )
    query = select(User.name).join(GroupMember, GroupMember.group_id == User.id)
    if not account.takes_part:
        return [account.name]
    with read_transaction() as session:
        groups = session.scalars(query.where(GroupMember.user_id == account.id, may).order_by(User.name_key)).all()
    return [account.name, *groups]
