"""The people of a group in a list, as far as the reader may know them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, case, func, or_, select, true

from framework.accounts.core.ways_in.reading import lacks_factor
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction
from framework.groups.access import GroupAccess
from framework.projects.core.groups import GROUP_ROLES, OWNER, WITH_PROJECTS, is_known_by_name

PAGE = 50


@dataclass(frozen=True)
class GroupPerson:
    """Somebody in a group; `shown` is their name, or the address by which they were added and have not come yet.

    `lacks_factor` tells owners that this one has not the second factor that the group asks for.
    """

    id: int
    name: str
    full_name: str
    role: str
    added_as: str | None
    added_at: datetime
    lacks_factor: bool = False
    picture: str | None = None

    @property
    def shown(self) -> str:
        """What the group's pages call them."""
        return self.added_as or self.name


@dataclass(frozen=True)
class PeoplePage:
    """A page of the people, and how many there are of each role altogether."""

    people: Sequence[GroupPerson]
    more: bool
    counts: dict[str, int]


def list_people(group: GroupAccess, *, text: str = "", page: int = 1, length: int = PAGE) -> PeoplePage:
    """The people in a group: owners first, then by name, for owners by the address that somebody was added by.

    `text` is looked for in what the reader sees of them.

    Participants, and addresses, are for owners: members see owners and members by their names. So does everyone else of
    a group that shows them, but for those who were added by an address and have not come yet.
    """
    chosen, known = [GroupMember.group_id == group.id], is_known_by_name()
    if not group.is_owner:
        chosen.append(GroupMember.role.in_(WITH_PROJECTS))
    if group.role not in WITH_PROJECTS:
        chosen += [known, GroupMember.user_id.not_in(_suspended())]
    counted = select(GroupMember.role, func.count()).where(*chosen).group_by(GroupMember.role)
    if text:
        chosen.append(_find_shown(text, by_name=known if group.is_owner else true()))
    called = func.coalesce(func.lower(GroupMember.added_as), User.name_key) if group.is_owner else User.name_key
    order = (GroupMember.role != OWNER, called)  # who is known by name by now is asked of the page's rows alone
    query = select(User, GroupMember, lacks_factor(), known).join(GroupMember, GroupMember.user_id == User.id)
    with read_transaction() as session:
        shown = query.where(*chosen).order_by(*order).offset((page - 1) * length).limit(length + 1)
        rows = session.execute(shown).all()
        found = [(role, count) for role, count in session.execute(counted)]
    counts = {role: dict(found).get(role, 0) for role in GROUP_ROLES if role in dict(found)}
    people = [_describe(*row, told=group.is_owner) for row in rows[:length]]
    return PeoplePage(people, len(rows) > length, counts)


def _find_shown(text: str, *, by_name: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whose name holds the text where that is shown, or else the address: a search must not tell whose it is."""
    names = or_(
        User.name_key.contains(text.casefold(), autoescape=True),
        func.lower(User.full_name).contains(text.lower(), autoescape=True),
    )
    address = func.lower(GroupMember.added_as).contains(text.lower(), autoescape=True)
    return case((by_name, names), else_=address)


def _suspended() -> Select[int]:
    return select(User.id).where(User.suspended_at.is_not(None))


def _describe(user: User, member: GroupMember, lacks: bool, known: bool, *, told: bool) -> GroupPerson:  # noqa: FBT001
    added_as = member.added_as if told and not known else None
    about = (user.id, user.name, user.full_name, member.role, added_as, member.added_at)
    return GroupPerson(*about, told and lacks, user.picture)
