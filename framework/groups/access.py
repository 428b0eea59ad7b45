"""The one door to a group: fetch it and check who may do what, together."""

from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP, Account, SignInRequired, read_account
from framework.accounts.core.validation import NAME
from framework.accounts.core.ways_in.reading import lacks_factor
from framework.accounts.lifecycle.operations import find_owner
from framework.accounts.models import GroupMember, Profile, User
from framework.database.session import read_transaction
from framework.errors import Forbidden, NotFound
from framework.projects.core.groups import GROUP_ROLES, MEMBER, OWNER, FactorNeeded, GroupSuspended, group_role
from framework.web.moved import redirect_reader

RANKS = tuple(reversed(GROUP_ROLES))
"""From the lowest role to the highest."""


class GroupNotFound(NotFound):
    """There is no such group, or the caller may not see this of it; the sentence is the same."""

    def __init__(self) -> None:
        super().__init__("There is no such group, or you may not see it. Check the address, or sign in.")


class OwnersOnly(Forbidden):
    """The caller is in the group, but not one of its owners."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Only owners of {name} can do this. Ask one of them.")


@dataclass(frozen=True)
class GroupAccess:
    """A group, and the caller's role in it, None for whoever is not in it.

    `member_role` is what its members are in its projects: `reader` or `writer`. `picture` is the digest in its address.
    `people_public` is whether everyone may see its owners and members.
    Who `lacks_factor` is an owner, and a member until they have the second factor that the group asks its owners for.
    In a `suspended` one nobody has a role.
    """

    id: int
    name: str
    title: str
    role: str | None
    member_role: str
    picture: str | None = None
    people_public: bool = False
    owners_need_factor: bool = False
    lacks_factor: bool = False
    suspended: bool = False

    @property
    def path(self) -> str:
        """The address of its page."""
        return f"/{self.name}"

    @property
    def is_owner(self) -> bool:
        """Whether the caller decides about the group."""
        return self.role == OWNER


def group_for(account: Account | None, name: str, role: str | None = None) -> GroupAccess:
    """The group of this name, in any case, present or earlier, for a caller who needs this role; None lets anyone in.

    Raises:
        Moved: a page or call is read by an earlier name.
        GroupNotFound: there is none, or the caller is not in it, or is a participant where members are needed.
        SignInRequired: nobody is signed in, and the role needs somebody.
        OwnersOnly, FactorNeeded: the caller is in the group, and this needs an owner, or one with a second factor.
        GroupSuspended: the caller is in the group, and nobody has a role in it now.
    """
    with read_transaction() as session:
        access = _admit(session, _find(session, name), account, role)
    return _lead_to_name_of_today(access, name)


def group_with_people(account: Account | None, name: str) -> GroupAccess:
    """The group, for a caller who may see who owns it and who is a member: those people, or everyone where it says so.

    Raises:
        GroupNotFound, SignInRequired: as `group_for` for members.
    """
    with read_transaction() as session:
        row = _find(session, name)
        profile = session.get(Profile, row.id)
        is_public = profile is not None and profile.people_public and row.suspended_at is None
        access = replace(_admit(session, row, account, None if is_public else MEMBER), people_public=is_public)
    return _lead_to_name_of_today(access, name)


def _find(session: Session, name: str) -> User:
    row = find_owner(session, name) if NAME.fullmatch(name) else None
    if row is None or row.kind != GROUP:
        raise GroupNotFound
    return row


def _lead_to_name_of_today(access: GroupAccess, name: str) -> GroupAccess:
    if access.name.casefold() != name.casefold():
        redirect_reader(owner=access.name, group=access.name)
    return access


def recheck_group(session: Session, group_id: int, account: Account, role: str) -> User:
    """The same check once more, inside the transaction that makes the change; the group's row, locked.

    Raises:
        GroupNotFound, OwnersOnly: as `group_for`.
        AccountSuspended, AccountNotFound: since the caller was let in.
    """
    query = select(User).where(User.id == group_id, User.kind == GROUP).with_for_update(key_share=True)
    row = session.scalars(query.execution_options(populate_existing=True)).one_or_none()
    if row is None:
        raise GroupNotFound
    _admit(session, row, read_account(session, account.id), role)
    return row


def _admit(session: Session, row: User, account: Account | None, needed: str | None) -> GroupAccess:
    role, lacks = None, False
    if account is not None and account.confined_to is None and account.takes_part:
        query = select(group_role(), lacks_factor())
        mine = (GroupMember.group_id == row.id, GroupMember.user_id == account.id)
        found = session.execute(query.where(*mine)).one_or_none()
        if found and needed is not None and row.suspended_at is not None:
            raise GroupSuspended(row.name)
        role, lacks = found or (None, False)
    if needed is not None and account is None:
        raise SignInRequired(f"Sign in to see the people of {row.name}.")
    if needed is not None and (role not in RANKS or RANKS.index(role) < RANKS.index(needed)):
        if needed == OWNER and lacks:
            raise FactorNeeded(row.name)
        if needed == OWNER and role is not None:
            raise OwnersOnly(row.name)
        raise GroupNotFound
    member_role = "writer" if row.member_role in {None, "writer"} else "reader"
    return GroupAccess(
        row.id,
        row.name,
        row.full_name,
        role,
        member_role,
        row.picture,
        owners_need_factor=row.owners_need_factor,
        lacks_factor=lacks,
        suspended=row.suspended_at is not None,
    )
