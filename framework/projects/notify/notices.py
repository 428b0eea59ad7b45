"""Whom an event is news to: a notice for each other person who takes part, written in the event's transaction.

All of a thousand people are told by one statement, so that a version costs its writer little more than among few.
"""

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, false, insert, literal, null, or_, select, union_all
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
    moment = literal(event.created_at, Notice.created_at.type)
    values: dict[str, ColumnElement[Any]] = {
        "user_id": User.__table__.c.id,
        "event_id": literal(event.id),
        "mentioned": User.name_key.in_(sorted(mentioned)) if mentioned else false(),
        "created_at": moment,
        "settled_at": null() if mailed else moment,
    }
    takes_part = _takes_part(event.project_id, _hears_in_group(mentioned))
    told = select(*values.values()).where(takes_part, *_is_news_to(event, but=but))
    session.execute(insert(Notice).from_select(list(values), told))


def find_mentioned_names(text: str) -> set[str]:
    """The user names, case-folded, that the text addresses as `@name`."""
    return {name.casefold() for name in _MENTION.findall(text)}


def participants(session: Session, project_id: int) -> list[User]:
    """Everybody who takes part in the project, by name."""
    return list(session.scalars(select(User).where(_takes_part(project_id)).order_by(User.name_key)))


def forget_old() -> int:
    """Delete the notices that are older than `NOTICE_DAYS`; how many."""
    return delete_in_batches(Notice.id, Notice.created_at < now() - timedelta(days=config.current().notice_days))


def _hears_in_group(mentioned: set[str]) -> ColumnElement[bool]:
    """Whether a project is news to one of its group's people: it is not quiet, they chose so, or are mentioned."""
    chosen = select(MailChoice.project_id).where(MailChoice.user_id == GroupMember.user_id, MailChoice.frequency != OFF)
    heard = [Project.quiet.is_(False), Project.id.in_(chosen)]
    if mentioned:
        named = aliased(User)
        heard.append(GroupMember.user_id.in_(select(named.id).where(named.name_key.in_(sorted(mentioned)))))
    return or_(*heard)


def _takes_part(project_id: int, *of_groups: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a user takes part in the project: as its owner, a member, or through the group that owns it.

    `of_groups` are further conditions for who does so through the group.
    """
    owner = select(Project.owner_id).where(Project.id == project_id)
    members = select(Member.user_id).where(Member.project_id == project_id)
    group = select(GroupMember.user_id).join(Project, Project.owner_id == GroupMember.group_id)
    theirs = group.where(Project.id == project_id, group_role().in_(WITH_PROJECTS), *of_groups)
    return User.id.in_(union_all(owner, members, theirs)) & (User.kind != GROUP)


def _is_news_to(event: Event, *, but: int | None) -> Iterator[ColumnElement[bool]]:
    """Never to who did it: to whoever was added, or to everybody else who takes part."""
    yield User.id.not_in([known for known in (event.actor_id, but) if known is not None])
    if event.kind == PERSON_ADDED:
        added = [number for number in (event.details.get("person_id"), *event.details.get("person_ids", ())) if number]
        yield User.id.in_(added) | (User.name == str(event.details.get("person")))
