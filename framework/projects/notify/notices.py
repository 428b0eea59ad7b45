"""Whom an event is news to: a notice for each other person who takes part, written in the event's transaction.

All of a thousand people are told by one statement, so that a version costs its writer little more than among few.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Insert,
    Integer,
    SQLColumnExpression,
    bindparam,
    false,
    insert,
    null,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session, aliased

from framework import config
from framework.accounts.core.account import GROUP
from framework.accounts.models import GroupMember, User
from framework.database.session import delete_in_batches
from framework.database.types import now
from framework.projects.core.groups import WITH_PROJECTS, group_role
from framework.projects.models import Event, MailChoice, Member, Notice, Project
from framework.projects.notify.preferences import OFF

WOKEN, VERSIONS_REMOVED = "woken", "versions_removed"
MAILED = {"upload", "commit", "push", VERSIONS_REMOVED, WOKEN}
"""Events that mails tell of."""
PERSON_ADDED = "person_added"
SHOWN = {*MAILED, "trashed", "restored"}
"""Events that everybody who takes part sees in the inbox."""

_MENTION = re.compile(r"(?<![\w@/.-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)(?![\w@])")


def tell(session: Session, event: Event, *, but: int | None = None) -> None:
    """Write the notices of an event that has its id, and none for the account `but`, who knows already."""
    if event.kind not in {*SHOWN, PERSON_ADDED}:
        return
    mailed = event.kind in MAILED
    mentioned = find_mentioned_names(str(event.details.get("title") or "")) if mailed else set()
    added = event.details if event.kind == PERSON_ADDED else None
    given = {
        "event_id": event.id,
        "project_id": event.project_id,
        "moment": event.created_at,
        "knowing": [known for known in (event.actor_id, but) if known is not None],
        "names": sorted(mentioned),
    }
    session.execute(_insert(mailed=mailed, mentions=bool(mentioned), added=added is not None), given | _name(added))


def find_mentioned_names(text: str) -> set[str]:
    """The user names, case-folded, that the text addresses as `@name`."""
    return {name.casefold() for name in _MENTION.findall(text)}


def participants(session: Session, project_id: int) -> list[User]:
    """Everybody who takes part in the project, by name."""
    return list(session.scalars(select(User).where(_takes_part(project_id)).order_by(User.name_key)))


def forget_old() -> int:
    """Delete the notices that are older than `NOTICE_DAYS`; how many."""
    return delete_in_batches(Notice.id, Notice.created_at < now() - timedelta(days=config.current().notice_days))


@cache
def _insert(*, mailed: bool, mentions: bool, added: bool) -> Insert:
    """The statement that writes an event's notices; made once, since making it takes longer than executing it."""
    moment = bindparam("moment", type_=Notice.created_at.type)
    values: dict[str, ColumnElement[Any]] = {
        "user_id": User.__table__.c.id,
        "event_id": bindparam("event_id", type_=Integer),
        "mentioned": _is_mentioned(User.name_key) if mentions else false(),
        "created_at": moment,
        "settled_at": null() if mailed else moment,
    }
    news: list[ColumnElement[bool]] = [User.id.not_in(bindparam("knowing", expanding=True))]  # never to who did it
    if added:  # to whoever was added, and not to everybody else who takes part
        news.append(User.id.in_(bindparam("people", expanding=True)) | (User.name == bindparam("person")))
    takes_part = _takes_part(bindparam("project_id", type_=Integer), _hears_in_group(mentions=mentions))
    return insert(Notice.__table__).from_select(list(values), select(*values.values()).where(takes_part, *news))


def _name(added: Mapping[str, Any] | None) -> dict[str, object]:
    """Whom an event names that says who was added."""
    if added is None:
        return {}
    people = (added.get("person_id"), *added.get("person_ids", ()))
    return {"people": [number for number in people if number], "person": str(added.get("person"))}


def _is_mentioned(name_key: SQLColumnExpression[str]) -> ColumnElement[bool]:
    return name_key.in_(bindparam("names", expanding=True))


def _hears_in_group(*, mentions: bool) -> ColumnElement[bool]:
    """Whether a project is news to one of its group's people: it is not quiet, they chose so, or are mentioned."""
    chosen = select(MailChoice.project_id).where(MailChoice.user_id == GroupMember.user_id, MailChoice.frequency != OFF)
    heard = [Project.quiet.is_(False), Project.id.in_(chosen)]
    if mentions:
        named = aliased(User)
        heard.append(GroupMember.user_id.in_(select(named.id).where(_is_mentioned(named.name_key))))
    return or_(*heard)


def _takes_part(project_id: ColumnElement[int] | int, *of_groups: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a user takes part in the project: as its owner, a member, or through the group that owns it.

    `of_groups` are further conditions for who does so through the group.
    """
    owner = select(Project.owner_id).where(Project.id == project_id)
    members = select(Member.user_id).where(Member.project_id == project_id)
    group = select(GroupMember.user_id).join(Project, Project.owner_id == GroupMember.group_id)
    theirs = group.where(Project.id == project_id, group_role().in_(WITH_PROJECTS), *of_groups)
    return User.id.in_(union_all(owner, members, theirs)) & (User.kind != GROUP)
