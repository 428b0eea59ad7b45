"""What happened in projects: one event a change, written in the change's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import Select, bindparam, func, insert, select, union_all, update
from sqlalchemy.orm import Session, aliased
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.util import identity_key

from framework import config
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.database.session import delete_oldest, read_transaction
from framework.database.types import now
from framework.projects.models import Event, Project
from framework.projects.notify import notices

BY_ADDRESS = "somebody by e-mail"
"""Stands for a person of whom only the address was given: the activity is read by more people than the owners."""
PAGE = 30
EVER = datetime(1970, 1, 1, tzinfo=UTC)
ONE_OF_SEVERAL = "one of several"
AUDITED_DETAILS = frozenset({"person", "role", "public_on", "path", "versions", "commits"})
"""What the audit log keeps of an event's details."""


@dataclass(frozen=True)
class Audited:
    """What the audit log alone is told: whom it happened to, by number, and an actor whom the project does not name.

    `in_person` as there, and `details` beside those of the event.
    """

    people: Sequence[int] = ()
    actor: Account | None = None
    in_person: bool = True
    details: Mapping[str, str] = field(default_factory=dict)


AS_TOLD = Audited()
"""The event says it all."""


@dataclass(frozen=True)
class Activity:
    """One event as a page tells it; the actor is None when the account is gone.

    `actor_name` is the name that is shown beside the user name, `picture` the digest of the actor's picture.
    """

    kind: str
    details: dict[str, Any]
    actor: str | None
    owner: str
    project: str
    created_at: datetime
    actor_name: str = ""
    picture: str | None = None

    @property
    def day(self) -> date:
        """The day on which it happened, in UTC."""
        return self.created_at.date()

    @property
    def path(self) -> str:
        """The address of the project's page."""
        return f"/{self.owner}/{self.project}"


def record(
    session: Session,
    project_id: int,
    *,
    actor: Account | None,
    kind: str,
    details: dict[str, Any] | None = None,
    audited: Audited = AS_TOLD,
) -> None:
    """Write an event and the notices of whom it is news to, and note that the project has changed now.

    The actor is None for what an operator did from the command line.

    Kinds and details: `created`; `upload` and `commit` (branch, sha, title, files, file_count); `hand_in` (the same,
    and name, of somebody without an account); `push` (branch
    or tag, sha, title; for a branch commits, how many are new, and the newest ones' titles; or deleted, the name of a
    branch or tag); `settings`; `person_added` (person, person_id, role; of several all names, and person_ids of the
    others); `person_changed` (person, role); `person_removed` (person); `person_left` (person); `handed_over` (person);
    `embargo` (public_on, or nothing when the day is lifted); `published` by that day; `trashed`; `restored`;
    `purged` (work);
    `versions_removed` (path, versions, commits, refs, how many there are, before_bytes, work): a history without old
    versions of a file. `woken` (days without a visit) changes nothing, and is written by itself.
    """
    told: dict[str, Any] = {"project_id": project_id, "actor_id": actor.id if actor else None, "kind": kind}
    told |= {"details": details or {}, "created_at": now()}
    session.flush()
    connection = session.connection()
    event = Event(id=connection.scalar(_TELL, told), **told)
    connection.execute(_TOUCH, {"of": project_id, "moment": event.created_at})
    project = session.identity_map.get(identity_key(Project, project_id))
    if project:  # who has made it in this transaction shows it next
        set_committed_value(project, "updated_at", event.created_at)
    notices.tell(session, event)
    if kind in audit.KINDS:
        _tell_audit(session, event, audited.actor or actor, audited)


_TELL = insert(Event.__table__).returning(Event.__table__.c.id)
_TOUCH = update(Project.__table__).where(Project.id == bindparam("of")).values(updated_at=bindparam("moment"))


def _tell_audit(session: Session, event: Event, actor: Account | None, audited: Audited) -> None:
    """Have the audit log tell of it, too; whom the project knows by address only is named to administrators alone."""
    owner, name = session.execute(
        select(User.name, Project.name).join(Project, Project.owner_id == User.id).where(Project.id == event.project_id)
    ).one()
    project = audit.ToldProject(event.project_id, f"{owner}/{name}")
    details = {name: value for name, value in event.details.items() if name in AUDITED_DETAILS}
    details.update(audited.details)
    if "person" in details:
        details["who"] = details.pop("person")
    people = _audited_people(session, event, audited)
    about: dict[str, Any] = {"actor": actor, "project": project, "in_person": audited.in_person}
    audit.record(session, event.kind, **about, person=people[0] if people else None, **details)
    for person in people[1:]:
        audit.record(session, event.kind, **about, person=person, **details | {"who": ONE_OF_SEVERAL})


def _audited_people(session: Session, event: Event, audited: Audited) -> list[User]:
    """Whom it happened to: an entry of the audit log has one person, or none."""
    added = [event.details.get("person_id"), *event.details.get("person_ids", [])]
    found = [session.get(User, number) for number in audited.people or added if number]
    return [user for user in found if user]


def read_activity(project_id: int, page: int = 1) -> list[Activity]:
    """A page of the project's events, newest first, and one more where another page follows."""
    with read_transaction() as session:
        return _read(session, _newest(project_id).offset((page - 1) * PAGE).limit(PAGE + 1))


def activity_in(project_ids: Sequence[int], limit: int) -> list[Activity]:
    """The newest events of these projects together."""
    newest = [_newest(project_id).limit(limit).subquery() for project_id in project_ids]
    if not newest:
        return []
    found = union_all(*(select(each.c.id, each.c.created_at) for each in newest)).subquery()
    with read_transaction() as session:
        return _read(session, select(found.c.id).order_by(found.c.created_at.desc(), found.c.id.desc()).limit(limit))


def read_activity_in(
    project_ids: Sequence[int], *, actor_id: int | None = None, before: datetime | None = None
) -> list[Activity]:
    """A page of the newest events of these projects before a moment, of one actor or of all; one more where more are.

    Of each project no more events are read than a page has, however many there are.
    """
    event = aliased(Event)
    limits = [] if before is None else [event.created_at < before]
    mine = limits if actor_id is None else [*limits, event.actor_id == actor_id]
    last = select(event.created_at).where(event.project_id == Project.id, *mine).order_by(event.created_at.desc())
    since = last.offset(PAGE).limit(1).correlate(Project).scalar_subquery()
    reach = select(Project.id, func.coalesce(since, EVER).label("since")).where(Project.id.in_(project_ids)).subquery()
    near = select(event.id, event.created_at).join(reach, event.project_id == reach.c.id)
    found = near.where(*mine, event.created_at >= reach.c.since)
    with read_transaction() as session:
        return _read(session, found.order_by(event.created_at.desc(), event.id.desc()).limit(PAGE + 1))


def forget_old() -> int:
    """Delete the events that are older than `EVENT_DAYS`, and the notices of them; how many. Git has the rest."""
    return delete_oldest(Event.id, Event.created_at, now() - timedelta(days=config.current().event_days))


def _newest(project_id: int) -> Select[int, datetime]:
    own = select(Event.id, Event.created_at).where(Event.project_id == project_id)
    return own.order_by(Event.created_at.desc(), Event.id.desc())


def _read(session: Session, chosen: Select[int] | Select[int, datetime]) -> list[Activity]:
    actor, owner = aliased(User), aliased(User)
    ids = chosen.subquery()
    query = (
        select(Event, actor.name, owner.name, Project.name, actor.full_name, actor.picture)
        .join(ids, ids.c.id == Event.id)
        .join(Project, Project.id == Event.project_id)
        .join(owner, owner.id == Project.owner_id)
        .outerjoin(actor, actor.id == Event.actor_id)
        .order_by(Event.created_at.desc(), Event.id.desc())
    )
    return [
        Activity(event.kind, event.details, who, whose, project, event.created_at, full_name or "", picture)
        for event, who, whose, project, full_name, picture in session.execute(query)
    ]
