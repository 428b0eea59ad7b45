"""Groups that only the journal remembers: made again with the people that it names, so that nobody else gets in."""

import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework.accounts.core.account import GROUP
from framework.accounts.lifecycle.recovery import find_free_name, recover_account
from framework.accounts.models import GroupMember, User


def recover_group(session: Session, *, name: str, email: str, group: Mapping[str, Any]) -> int:
    """The id of the group with this placeholder of an address, made where there is none, with the people of the facts.

    Facts that are older than what is known change nobody. Those that name the owners alone add owners to a group
    without people, and otherwise wait for those that name everyone.
    """
    row = _find(session, name, email)
    if row is None:
        row = new_group(find_free_name(session, name), full_name=group.get("title") or "", email=email)
        session.add(row)
    changed_at = datetime.fromisoformat(group["changed_at"]) if group.get("changed_at") else None
    session.flush()
    is_bare = session.scalar(select(GroupMember.user_id).where(GroupMember.group_id == row.id).limit(1)) is None
    if is_bare or _is_newer(changed_at, row.people_changed_at, is_whole=group["is_whole"]):
        row.member_role, row.full_name = group.get("member_role"), group.get("title") or ""
        row.owners_need_factor = bool(group.get("owners_need_factor"))
        _restore_people(session, row.id, group["people"], is_whole=group["is_whole"])
        row.people_changed_at = changed_at if group["is_whole"] else row.people_changed_at
    session.flush()
    return row.id


def new_group(name: str, *, full_name: str = "", email: str = "") -> User:
    """A row for a group that can sign in nowhere; its address, which no mail reaches, tells it from others for good."""
    return User(
        name=name,
        name_key=name.casefold(),
        full_name=full_name,
        email=email or f"{secrets.token_hex(16)}@groups.invalid",
        email_key=f"group:{secrets.token_hex(16)}",
        session_key=secrets.token_hex(16),
        mail_frequency="off",
        kind=GROUP,
    )


def _find(session: Session, name: str, email: str) -> User | None:
    groups = select(User).where(User.kind == GROUP, User.email == email)
    return session.scalar(groups.where(User.name_key == name.casefold())) or session.scalar(groups)


def _is_newer(told: datetime | None, known: datetime | None, *, is_whole: bool) -> bool:
    """Whether the facts tell of later people than a group of the database has."""
    if not is_whole or told is None:
        return False
    return known is None or told > known


def _restore_people(session: Session, group_id: int, people: Sequence[Mapping[str, str]], *, is_whole: bool) -> None:
    if is_whole:
        session.execute(delete(GroupMember).where(GroupMember.group_id == group_id))
        session.expire_all()
    for person in people:
        user_id = recover_account(session, name=person["name"], email=person["email"])
        session.merge(GroupMember(group_id=group_id, user_id=user_id, role=person["role"]))
