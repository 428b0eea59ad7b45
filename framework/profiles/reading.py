"""What a profile page shows beside projects: what is said, the groups of a person, the people of a group."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, false, or_, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.identities.operations import find_shown_orcid
from framework.accounts.models import GroupMember, Profile, User
from framework.database.session import read_transaction
from framework.profiles.editing import ProfileText, profile_text_of
from framework.projects.core.groups import OWNER, WITH_PROJECTS, is_known_by_name, select_groups
from framework.projects.core.queries import Person

MOST_GROUPS = 30
MOST_PEOPLE = 24


@dataclass(frozen=True)
class Shown:
    """A person or a group as a list has it."""

    name: str
    full_name: str
    picture: str | None


@dataclass(frozen=True)
class About:
    """What stands beside the projects; of a person the groups, of a group the people, as far as the viewer may see."""

    text: ProfileText
    orcid: str | None = None
    groups: Sequence[Shown] = ()
    people: Sequence[Shown] = ()
    more_people: bool = False


def read_about(person: Person, viewer: Account | None) -> About:
    """What the viewer may know; nothing of somebody who is suspended."""
    if person.suspended:
        return About(ProfileText())
    with read_transaction() as session:
        text = profile_text_of(session, person.id)
        if person.is_group:
            is_shown = text.people_public or person.role in WITH_PROJECTS
            found = _list_people(session, person.id) if is_shown else []
            return About(text, people=found[:MOST_PEOPLE], more_people=len(found) > MOST_PEOPLE)
        groups = _list_groups(session, person.id, viewer)
    orcid = find_shown_orcid(person.name)
    return About(text, orcid, groups)


def _list_people(session: Session, group_id: int) -> list[Shown]:
    """Owners first; neither participants, nor whoever was added by an address and has not come yet."""
    query = (
        select(User.name, User.full_name, User.picture)
        .join(GroupMember, GroupMember.user_id == User.id)
        .where(GroupMember.group_id == group_id, _is_in(), User.suspended_at.is_(None))
        .order_by(GroupMember.role != OWNER, User.name_key)
        .limit(MOST_PEOPLE + 1)
    )
    return [Shown(*row) for row in session.execute(query)]


def _list_groups(session: Session, user_id: int, viewer: Account | None) -> list[Shown]:
    """Those that show everyone who is in them, and those in which the viewer is an owner or member, too."""
    theirs = viewer is not None and viewer.confined_to is None and viewer.takes_part
    shared: ColumnElement[bool] = User.id.in_(select_groups(viewer.id)) if viewer and theirs else false()
    query = (
        select(User.name, User.full_name, User.picture)
        .join(GroupMember, GroupMember.group_id == User.id)
        .outerjoin(Profile, Profile.user_id == User.id)
        .where(
            GroupMember.user_id == user_id, _is_in(), User.suspended_at.is_(None), or_(Profile.people_public, shared)
        )
        .order_by(User.name_key)
        .limit(MOST_GROUPS)
    )
    return [Shown(*row) for row in session.execute(query)]


def _is_in() -> ColumnElement[bool]:
    return GroupMember.role.in_(WITH_PROJECTS) & is_known_by_name()
