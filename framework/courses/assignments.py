"""Assignments: set and changed by whoever teaches, listed for them and for who takes part."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.courses.access import CHANGING, IS_TAKEN, Course, find_assignment, recheck_course
from framework.courses.models import Assignment, Part
from framework.courses.teaching.listed import list_people
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict, HoldfastError, Invalid, NotFound
from framework.projects.core.access import ProjectAccess, project_for, recheck
from framework.projects.models import Project, Template

LONGEST_TITLE, LONGEST_TEXT, LONGEST_SLUG, MOST_ASSIGNMENTS, MOST_LISTED = 200, 20_000, 40, 500, 1000
EARLIEST_YEAR, LATEST_YEAR = 2000, 2100
PAGE = 50


class InvalidAssignment(Invalid):
    """A title, text, deadline, template or list of people breaks a rule; `field` says which."""

    def __init__(self, field: str, sentence: str) -> None:
        super().__init__(sentence)
        self.field = field


class TooManyAssignments(Conflict):
    """The group has as many assignments as a course may."""

    def __init__(self) -> None:
        super().__init__(f"A course can have {MOST_ASSIGNMENTS:,} assignments. Make a group for the next course.")


@dataclass(frozen=True)
class AssignmentText:
    """What a teacher writes: `template` is `owner/name` or empty, `people` user names and addresses, None for all."""

    title: str
    text: str
    deadline: datetime
    time_zone: str = "UTC"
    template: str = ""
    people: tuple[str, ...] | None = None


@dataclass(frozen=True)
class ListedAssignment:
    """An assignment in a list; `own` is the caller's part in it."""

    id: int
    title: str
    deadline: datetime
    time_zone: str
    own: Part | None = None
    opened: int = 0
    archived: bool = False

    @classmethod
    def of(cls, row: Assignment, own: Part | None, opened: int) -> "ListedAssignment":
        """That of this row."""
        return cls(row.id, row.title, row.deadline, row.time_zone, own, opened, row.archived_at is not None)

    @property
    def due_at(self) -> datetime:
        """The deadline that counts for the caller."""
        return self.own.due_at if self.own else self.deadline


def parse_deadline(text: str, time_zone: str) -> datetime:
    """The moment of this local time, as `2027-01-31T18:00`, in the zone of this name.

    Raises:
        InvalidAssignment.
    """
    _check_zone(time_zone)
    try:
        local = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise InvalidAssignment("deadline", "Enter a day and a time, such as 2027-01-31 18:00.") from error
    _check_year(local)
    return local.replace(tzinfo=ZoneInfo(time_zone))


def create_assignment(account: Account, course: Course, told: AssignmentText) -> int:
    """A new assignment; its number.

    Raises:
        InvalidAssignment, NotInCourse, TooManyAssignments, AssignmentNotFound, TeachersOnly.
    """
    check_text(told)
    template = open_template(account, course, told.template)
    with transaction() as session:
        owns = recheck_course(session, account, course.id, teaching=True).owns
        group = session.get_one(User, course.id, with_for_update=True)  # one at a time: names are chosen, and counted
        if template:
            recheck(session, template.id, account, "reader")
        taken = set(session.scalars(select(Assignment.slug).where(Assignment.group_id == course.id)))
        if len(taken) >= MOST_ASSIGNMENTS:
            raise TooManyAssignments
        row = Assignment(group_id=course.id, slug=_choose_slug(told.title, taken), made_by_id=account.id)
        _write(row, told, template)
        session.add(row)
        session.flush()
        list_people(session, row, told.people, owns=owns)
        audit.record(session, "assignment_set", actor=account, person=group, **_facts(row))
        return row.id


def change_assignment(account: Account, course: Course, assignment_id: int, told: AssignmentText) -> int:
    """Other values of all of it; its number.

    A new deadline counts for whoever has no later one of their own. If it is to come, their snapshots are taken then,
    also where one was taken before.

    Raises:
        InvalidAssignment, NotInCourse, AssignmentNotFound, TeachersOnly.
    """
    check_text(told)
    template = open_template(account, course, told.template)
    with transaction() as session:
        session.get(User, course.id, with_for_update=CHANGING)  # ahead of the assignment: nobody joins meanwhile
        owns = recheck_course(session, account, course.id, teaching=True).owns
        row = find_assignment(session, account, course, assignment_id, lock=CHANGING)
        _write(row, told, template)
        session.flush()
        _move_deadline(session, row)
        list_people(session, row, told.people, owns=owns)
        group = session.get_one(User, course.id)
        audit.record(session, "assignment_changed", actor=account, person=group, **_facts(row))
        return row.id


def list_assignments(account: Account, course: Course, page: int = 1) -> tuple[list[ListedAssignment], bool]:
    """A page of those that the caller sets or takes part in: the latest deadline first, archived ones last; if more."""
    copies, is_archived = aliased(Part), Assignment.archived_at.is_not(None)
    order = (is_archived, Assignment.deadline.desc(), Assignment.id.desc())
    opened = select(func.count()).where(copies.assignment_id == Assignment.id, copies.project_id.is_not(None))
    mine = and_(Part.assignment_id == Assignment.id, Part.user_id == account.id)
    shown = select(Assignment.id).outerjoin(Part, mine).where(Assignment.group_id == course.id)
    if not course.teaches:
        shown = shown.where(or_(and_(~is_archived, or_(Assignment.everyone, IS_TAKEN)), Part.opened_at.is_not(None)))
    page_ids = shown.order_by(*order).offset((page - 1) * PAGE).limit(PAGE + 1).subquery()  # counts are for these alone
    query = select(Assignment, Part, opened.correlate(Assignment).scalar_subquery()).outerjoin(Part, mine)
    with read_transaction() as session:
        rows = session.execute(query.join(page_ids, page_ids.c.id == Assignment.id).order_by(*order)).all()
    found = [ListedAssignment.of(*row) for row in rows]
    return found[:PAGE], len(found) > PAGE


def list_templates(account: Account, course: Course) -> list[str]:
    """The group's projects that are templates, as `owner/name`."""
    query = select(Project.name).join(Template, Template.project_id == Project.id)
    with read_transaction() as session:
        names = session.scalars(query.where(Project.owner_id == course.id, Project.trashed_at.is_(None)).limit(100))
        return [f"{course.name}/{name}" for name in names]


def template_name(account: Account, assignment: Assignment) -> str:
    """The template's `owner/name`; empty where there is none that the caller may see."""
    with read_transaction() as session:
        query = select(User.name, Project.name).join(Project, Project.owner_id == User.id)
        found = session.execute(query.where(Project.id == assignment.template_id)).one_or_none()
    try:
        return project_for(account, *found).full_name if found else ""
    except NotFound:
        return ""


def open_template(account: Account, course: Course, name: str) -> ProjectAccess | None:
    """The project of this `owner/name`, the group's own or a public one; None for an empty name.

    Raises:
        InvalidAssignment: there is none, it has no version, or its files are not the group's to give away.
    """
    if not name:
        return None
    owner, _, project = name.partition("/")
    try:
        found = project_for(account, owner, project)
    except HoldfastError as error:
        raise InvalidAssignment("template", f"There is no project {name} that you may see.") from error
    if found.visibility != "public" and found.owner != course.name:
        raise InvalidAssignment("template", f"{name} is private. Use a project of this group, or a public one.")
    if found.entry_hash is None:
        raise InvalidAssignment("template", f"{name} is empty; add files to it first.")
    return found


def check_text(told: AssignmentText) -> None:
    """Refuse a title or text that is empty or too long.

    Raises:
        InvalidAssignment.
    """
    if not 1 <= len(told.title.strip()) <= LONGEST_TITLE or not told.title.isprintable():
        raise InvalidAssignment("title", f"Write a title of at most {LONGEST_TITLE} characters on one line.")
    if len(told.text) > LONGEST_TEXT or "\0" in told.text:
        raise InvalidAssignment("text", f"The text can have {LONGEST_TEXT:,} characters.")
    _check_zone(told.time_zone)
    _check_year(told.deadline)
    if told.people is not None and len(told.people) > MOST_LISTED:
        raise InvalidAssignment("people", f"A list can have {MOST_LISTED:,} people.")


def _check_zone(name: str) -> None:
    if name not in available_timezones():
        raise InvalidAssignment("time_zone", "Choose a time zone, such as Europe/Berlin.")


def _check_year(moment: datetime) -> None:
    """Years far away are typing errors, and at the ends of the calendar other zones have no time for a moment."""
    if not EARLIEST_YEAR <= moment.year <= LATEST_YEAR:
        raise InvalidAssignment("deadline", f"Choose a day between {EARLIEST_YEAR} and {LATEST_YEAR}.")


def _write(row: Assignment, told: AssignmentText, template: ProjectAccess | None) -> None:
    row.title, row.text = told.title.strip(), told.text
    row.deadline, row.time_zone = told.deadline, told.time_zone
    row.template_id, row.everyone = template.id if template else None, told.people is None


def _facts(row: Assignment) -> dict[str, Any]:
    """What the audit log tells of an assignment."""
    return {"assignment": row.title, "deadline": row.deadline.isoformat(timespec="minutes")}


def _move_deadline(session: Session, row: Assignment) -> None:
    own = or_(Part.extended.is_(False), Part.due_at < row.deadline)
    waiting = and_(Part.assignment_id == row.id, own, Part.due_at != row.deadline)
    values: dict[str, Any] = {"due_at": row.deadline, "extended": False}
    if row.deadline > now():
        values |= {"snapshot_at": None, "snapshot_sha": None}
    else:
        waiting &= Part.snapshot_at.is_(None)
    session.execute(update(Part).where(waiting).values(values))


def _choose_slug(title: str, taken: set[str]) -> str:
    """The beginning of the copies' names: the title in plain letters, with a number where another one has it."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain)[:LONGEST_SLUG].strip("-") or "assignment"
    numbered = (f"{slug}-{number}" for number in range(2, MOST_ASSIGNMENTS + 3))
    return slug if slug not in taken else next(one for one in numbered if one not in taken)
