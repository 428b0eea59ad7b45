"""Reading the audit log, the newest first: a page follows the last entry of the one before."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, func, select, union
from sqlalchemy.orm import InstrumentedAttribute

from framework.audit.log import KINDS
from framework.audit.models import AuditEntry
from framework.database.session import delete_in_batches, read_transaction
from framework.database.types import now

PAGE = 50


@dataclass(frozen=True)
class Told:
    """One entry, as pages show it."""

    id: int
    created_at: datetime
    kind: str
    actor: str | None
    person: str | None
    project_id: int | None
    project: str | None
    address: str | None
    details: dict[str, Any]

    @property
    def title(self) -> str:
        """What happened, in words."""
        return KINDS.get(self.kind, self.kind)

    @property
    def actor_for_owners(self) -> str | None:
        """Who it was; whoever left goes by what the project called them, which may be no name."""
        return self.details.get("who") if self.kind == "person_left" else self.actor


@dataclass(frozen=True)
class AuditQuery:
    """Which entries to read: of a person, as actor or as whom it happened to, of a kind, of a day in UTC.

    `before` is the number of the entry that the page follows.
    """

    person_id: int | None = None
    kind: str | None = None
    day: date | None = None
    before: int | None = None


@dataclass(frozen=True)
class AuditPage:
    """Entries, the newest first; `older` is what the next page follows, None on the last one."""

    entries: list[Told]
    older: int | None


def read_entries(asked: AuditQuery) -> AuditPage:
    """A page of the whole log."""
    conditions = _conditions(asked)
    if asked.person_id is None:
        return _read([conditions])
    conditions.append(_is_after_deletion(AuditEntry.person_id, asked.person_id, "account_deleted"))
    return _read([[*conditions, column == asked.person_id] for column in (AuditEntry.actor_id, AuditEntry.person_id)])


def read_entries_of(project_id: int, before: int | None = None) -> AuditPage:
    """A page of what the log tells of one project that there is."""
    own = [AuditEntry.project_id == project_id, _is_after_deletion(AuditEntry.project_id, project_id, "deleted")]
    return _read([[*own, *_conditions(AuditQuery(before=before))]])


def read_entries_of_group(group_id: int, before: int | None = None) -> AuditPage:
    """A page of what the log tells of one group, its people and its assignments."""
    conditions = _conditions(AuditQuery(before=before))
    conditions.append(_is_after_deletion(AuditEntry.person_id, group_id, "group_deleted"))
    return _read([[*conditions, column == group_id] for column in (AuditEntry.person_id, AuditEntry.group_id)])


def find_own(page: AuditPage, person_id: int) -> frozenset[int]:
    """The numbers of the entries on the page whose actor is this account."""
    mine = (AuditEntry.actor_id == person_id, AuditEntry.id.in_([entry.id for entry in page.entries]))
    living = _is_after_deletion(AuditEntry.person_id, person_id, "account_deleted")
    with read_transaction() as session:
        return frozenset(session.scalars(select(AuditEntry.id).where(*mine, living)))


def forget_older_than(days: int) -> int:
    """Delete the entries that are older than so many days; how many."""
    return delete_in_batches(AuditEntry.id, AuditEntry.created_at < now() - timedelta(days=days))


def _conditions(asked: AuditQuery) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if asked.kind:
        conditions.append(AuditEntry.kind == asked.kind)
    if asked.day:
        first, last = (datetime.combine(asked.day, moment, UTC) for moment in (time.min, time.max))
        conditions.append(AuditEntry.created_at.between(first, last))
    if asked.before is not None:
        conditions.append(AuditEntry.id < asked.before)
    return conditions


def _is_after_deletion(column: InstrumentedAttribute[int | None], number: int, kind: str) -> ColumnElement[bool]:
    """Not of an earlier project or account: SQLite gives the number of the newest row again once that is deleted."""
    deletion = select(func.max(AuditEntry.id)).where(column == number, AuditEntry.kind == kind).scalar_subquery()
    return AuditEntry.id > func.coalesce(deletion, 0)


def _read(alternatives: list[list[ColumnElement[bool]]]) -> AuditPage:
    """What any of the alternatives admits: each has its index, and is cut to a page before they are joined."""
    newest = [_newest(conditions).subquery() for conditions in alternatives]
    found = union(*(select(each.c.id) for each in newest)).subquery()
    query = select(AuditEntry).where(AuditEntry.id.in_(select(found.c.id)))
    with read_transaction() as session:
        rows = session.scalars(query.order_by(AuditEntry.id.desc()).limit(PAGE + 1)).all()
    entries = [_tell(row) for row in rows[:PAGE]]
    return AuditPage(entries, entries[-1].id if len(rows) > PAGE else None)


def _newest(conditions: list[ColumnElement[bool]]) -> Select[int]:
    return select(AuditEntry.id).where(*conditions).order_by(AuditEntry.id.desc()).limit(PAGE + 1)


def _tell(row: AuditEntry) -> Told:
    return Told(
        id=row.id,
        created_at=row.created_at,
        kind=row.kind,
        actor=row.actor,
        person=row.person,
        project_id=row.project_id,
        project=row.project,
        address=row.address,
        details=row.details,
    )
