"""Somebody begins to be in a group, and its people are others from then on."""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from sqlalchemy.orm import Session

from framework import rooms
from framework.accounts.core.account import Account
from framework.accounts.models import GroupMember, User
from framework.audit import log as audit
from framework.database.types import now
from framework.projects.core.groups import PARTICIPANT, refresh_teller


def first_page(group: str, role: str) -> str:
    """The path of the page that somebody with this role in the group opens first; participants see only assignments."""
    return f"/{group}/assignments" if role == PARTICIPANT else f"/{group}"


def join(session: Session, row: User, user: User, *, role: str, added_as: str | None, by: Account | None) -> None:
    """Let somebody be in the group, which is locked, who was not."""
    session.add(GroupMember(group_id=row.id, user_id=user.id, role=role, added_as=added_as))
    session.flush()
    told: dict[str, Any] = {"who": added_as or user.name, "role": role}
    if added_as:
        note_address(session, row, user, added_as)
    audit.record(session, "group_person_added", actor=by, person=user, group=row, in_person=False, **told)


def note_address(session: Session, row: User, user: User, address: str) -> None:
    """Tell the rooms that somebody in the group, which is locked, has this address, by which they were invited."""
    for note in _list_arrivals():
        note(session, row, user, address)


def note_change(session: Session, row: User) -> None:
    """Note that the group's people, title or rules are others now, and have the journal told of it."""
    row.people_changed_at = now()
    refresh_teller(session, row.id)


@cache
def _list_arrivals() -> Sequence[Callable[[Session, User, User, str], None]]:
    return tuple(rooms.load_all("arrivals"))
