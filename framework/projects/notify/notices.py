"""Whom an event is news to: a notice for each other person who takes part, written in the event's transaction."""

import re
from datetime import timedelta

from sqlalchemy import insert, select, union_all
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core.account import GROUP
from framework.accounts.models import GroupMember, User
from framework.database.session import delete_in_batches
from framework.database.types import now
from framework.projects.core.groups import WITH_PROJECTS
from framework.projects.models import Event, Member, Notice, Project

WOKEN, VERSIONS_REMOVED = "woken", "versions_removed"
MAILED = {"upload", "commit", "push", VERSIONS_REMOVED, WOKEN}
"""Events that mails tell of."""
SHOWN = {*MAILED, "trashed", "restored"}
"""Events that everybody who takes part sees in the inbox."""

_MENTION = re.compile(r"(?<![\w@/.-])@([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)(?![\w@])")


def tell(session: Session, event: Event, *, but: int | None = None) -> None:
    """Write the notices of an event that has its id, and none for the account `but`, who knows already."""
    mentioned = find_mentioned_names(str(event.details.get("title") or ""))
    mailed = event.kind in MAILED
    rows = [
        {
            "user_id": user.id,
            "event_id": event.id,
            "mentioned": mailed and user.name_key in mentioned,
            "created_at": event.created_at,
            "settled_at": None if mailed else event.created_at,
        }
        for user in _find_recipients(session, event)
        if user.id != but
    ]
    if rows:
        session.execute(insert(Notice), rows)


def find_mentioned_names(text: str) -> set[str]:
    """The user names, case-folded, that the text addresses as `@name`."""
    return {name.casefold() for name in _MENTION.findall(text)}


def participants(session: Session, project_id: int) -> list[User]:
    """Everybody who takes part in the project, by name."""
    owner = select(Project.owner_id).where(Project.id == project_id)
    members = select(Member.user_id).where(Member.project_id == project_id)
    group = select(GroupMember.user_id).join(Project, Project.owner_id == GroupMember.group_id)
    theirs = group.where(Project.id == project_id, GroupMember.role.in_(WITH_PROJECTS))
    people = select(User).where(User.id.in_(union_all(owner, members, theirs)), User.kind != GROUP)
    return list(session.scalars(people.order_by(User.name_key)))


def forget_old() -> int:
    """Delete the notices that are older than `NOTICE_DAYS`; how many."""
    return delete_in_batches(Notice.id, Notice.created_at < now() - timedelta(days=config.current().notice_days))


def _find_recipients(session: Session, event: Event) -> list[User]:
    """Never who did it: whoever was added, or everybody else who takes part."""
    if event.kind not in {*SHOWN, "person_added"}:
        return []
    others = [user for user in participants(session, event.project_id) if user.id != event.actor_id]
    if event.kind == "person_added":
        added = {event.details.get("person_id"), *event.details.get("person_ids", ())}
        return [user for user in others if user.id in added or user.name == event.details.get("person")]
    return others
