"""The teacher's table of an assignment: two statements for a page of it, however large the course is."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, union
from sqlalchemy.orm import Session

from framework.accounts.models import GroupMember, User
from framework.courses.access import IS_TAKEN
from framework.courses.handing_in import HANDED_IN, LATE, Progress
from framework.courses.models import Assignment, Part
from framework.database.session import read_transaction
from framework.gitcore.ref_names import HEADS
from framework.projects.core.groups import PARTICIPANT
from framework.projects.models import Project
from framework.repositories.models import Ref, Repository
from framework.statuses.reading import CombinedStatus, read_of_commits

PAGE = 50
FIRST_IN_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


@dataclass(frozen=True)
class Entrant:
    """One line of the table: a person, their copy, and how far they are; `left` who is no participant any more.

    `project` is None before they start and when the copy was `deleted`, or handed over; one in the trash can be read.
    `checked` is the version that programs judge, by its project's number and its commit: what counts, else the newest.
    """

    person: str
    full_name: str
    hand_in_id: int | None
    project: str | None
    repository_id: str | None
    state: str
    due_at: datetime
    extended: bool
    changed_at: datetime | None
    handed_in_at: datetime | None
    snapshot_sha: str | None
    final_sha: str | None
    left: bool
    deleted: bool
    checked: tuple[int, str] | None

    @property
    def can_start(self) -> bool:
        """Whether an empty copy would hide nothing: there is none, neither in the trash, nor with a hand-in."""
        return self.repository_id is None and self.state not in {HANDED_IN, LATE}


@dataclass(frozen=True)
class Table:
    """A page of an assignment's people, and how many there are in all."""

    entrants: Sequence[Entrant]
    number: int
    more: bool
    count: int


def read_table(assignment: Assignment, group: str, *, page: int = 1, query: str = "") -> Table:
    """A page of the people of the assignment, in alphabetical order; of those whose names hold the text, if given."""
    with read_transaction() as session:
        rows = session.execute(_page_of(_select_entrants(assignment, query), page)).all()
        departed = [] if len(rows) > PAGE or query else _list_departed(session, assignment, group)
    entrants = [*(_entrant(row, assignment, group) for row in rows[:PAGE]), *departed]
    return Table(entrants, page, len(rows) > PAGE, rows[0].total if rows else 0)


def read_entrant(assignment: Assignment, group: str, person: str) -> Entrant | None:
    """The line of one person; None where they take no part."""
    query = _select_entrants(assignment, "").where(User.name_key == person.casefold())
    with read_transaction() as session:
        row = session.execute(query).one_or_none()
    return _entrant(row, assignment, group) if row else None


def iterate_entrants(session: Session, assignment: Assignment, group: str) -> Iterator[Entrant]:
    """All lines."""
    for row in session.execute(_select_entrants(assignment, "").order_by(User.name_key)):
        yield _entrant(row, assignment, group)
    yield from _list_departed(session, assignment, group)


def list_entrants(assignment: Assignment, group: str) -> list[Entrant]:
    """All lines, for what is made of the whole table."""
    with read_transaction() as session:
        return list(iterate_entrants(session, assignment, group))


def _list_departed(session: Session, assignment: Assignment, group: str) -> list[Entrant]:
    """The lines of those whose accounts were deleted, under the names that they had."""
    query = (
        select(Part, Project, Ref.sha)
        .outerjoin(Project, _is_copy(assignment))
        .outerjoin(Repository, Repository.id == Project.repository_id)
        .outerjoin(
            Ref, and_(Ref.repository_id == Repository.id, Ref.name == literal(HEADS) + Repository.default_branch)
        )
        .where(Part.assignment_id == assignment.id, Part.user_id.is_(None), Part.opened_at.is_not(None))
    )
    rows = session.execute(query.order_by(Part.person)).all()
    return [_describe(own.person, "", own, project, tip, group, left=True) for own, project, tip in rows]


def read_checks(entrants: Sequence[Entrant]) -> Mapping[tuple[int, str], CombinedStatus]:
    """What programs say about the versions of these lines, by what `checked` has; one statement for a page.

    What the participants say about their own work is left out.
    """
    people = {one.checked: one.person for one in entrants if one.checked}
    if not people:
        return {}
    with read_transaction() as session:
        found = read_of_commits(session, people.keys())
    told = {key: found[key[0]][key[1]].without(person) for key, person in people.items() if key[1] in found[key[0]]}
    return {key: combined for key, combined in told.items() if combined.statuses}


def write_csv(lines: Sequence[Sequence[str]]) -> str:
    """These lines as CSV (RFC 4180), with nothing that a spreadsheet would calculate."""
    made = io.StringIO()
    writer = csv.writer(made)
    for line in lines:
        writer.writerow([f"'{cell}" if cell.startswith(FIRST_IN_FORMULA) else cell for cell in line])
    return made.getvalue()


def states_csv(assignment: Assignment, group: str) -> str:
    """Everybody's state as CSV, with what programs say about the version that counts."""
    head = ("person", "full_name", "state", "project", "deadline", "last_change", "handed_in", "snapshot", "status")
    entrants = list_entrants(assignment, group)
    checks = read_checks(entrants)
    lines = [
        (
            one.person,
            one.full_name,
            one.state,
            one.project or "",
            _moment(one.due_at),
            _moment(one.changed_at),
            _moment(one.handed_in_at),
            one.snapshot_sha or "",
            _checked_state(one, checks),
        )
        for one in entrants
    ]
    return write_csv([head, *lines])


def _checked_state(entrant: Entrant, checks: Mapping[tuple[int, str], CombinedStatus]) -> str:
    combined = checks.get(entrant.checked) if entrant.checked else None
    return combined.state if combined else ""


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _select_entrants(assignment: Assignment, text: str) -> Select[*tuple[Any, ...]]:
    """Participants and whoever has a row here, each with their copy and its newest version."""
    mine = and_(Part.user_id == User.id, Part.assignment_id == assignment.id)
    member = and_(GroupMember.user_id == User.id, GroupMember.group_id == assignment.group_id)
    branch = and_(Ref.repository_id == Repository.id, Ref.name == literal(HEADS) + Repository.default_branch)
    query = (
        select(User, Part, Project, Ref.sha, GroupMember.role, func.count().over().label("total"))
        .outerjoin(Part, mine)
        .outerjoin(GroupMember, member)
        .outerjoin(Project, _is_copy(assignment))
        .outerjoin(Repository, Repository.id == Project.repository_id)
        .outerjoin(Ref, branch)
    )
    people = select(Part.user_id).where(Part.assignment_id == assignment.id, Part.user_id.is_not(None), IS_TAKEN)
    if assignment.everyone:
        theirs = GroupMember.group_id == assignment.group_id, GroupMember.role == PARTICIPANT
        query = query.where(User.id.in_(union(people, select(GroupMember.user_id).where(*theirs))))
    else:
        query = query.where(User.id.in_(people))
    if text:
        found = User.name_key.contains(text.casefold(), autoescape=True)
        query = query.where(or_(found, func.lower(User.full_name).contains(text.lower(), autoescape=True)))
    return query


def _is_copy(assignment: Assignment) -> ColumnElement[bool]:
    """What joins the copy to its row, unless it was handed over: then it is none of the group's business."""
    return and_(Project.id == Part.project_id, Project.owner_id == assignment.group_id)


def _page_of(query: Select[*tuple[Any, ...]], page: int) -> Select[Any]:
    return query.order_by(User.name_key).offset((page - 1) * PAGE).limit(PAGE + 1)


def _entrant(row: Row[*tuple[Any, ...]], assignment: Assignment, group: str) -> Entrant:
    user, own, project, tip, role, _total = row
    known = own or Part(person=user.name, due_at=assignment.deadline, extended=False)
    return _describe(user.name, user.full_name, known, project, tip, group, left=role != PARTICIPANT)


def _describe(
    person: str, full_name: str, own: Part, project: Project | None, tip: str | None, group: str, *, left: bool
) -> Entrant:
    state = Progress.of(own, tip).state
    worked = tip is not None and tip != own.started_sha
    kept = own.snapshot_sha if own.snapshot_sha != own.started_sha else None
    is_there = project is not None and project.trashed_at is None
    return Entrant(
        person=person,
        full_name=full_name,
        hand_in_id=own.id,
        project=f"{group}/{project.name}" if project and is_there else None,
        repository_id=project.repository_id if project else None,
        state=state,
        due_at=own.due_at,
        extended=own.extended,
        changed_at=project.updated_at if project and worked else None,
        handed_in_at=own.handed_in_at,
        snapshot_sha=own.snapshot_sha,
        final_sha=kept or (own.handed_in_sha or tip if state == "late" else None),
        left=left,
        deleted=own.opened_at is not None and not is_there,
        checked=_checked_version(project, kept or (tip if worked else None)),
    )


def _checked_version(project: Project | None, sha: str | None) -> tuple[int, str] | None:
    """None also where no program has ever said anything, so that nothing is asked."""
    return (project.id, sha) if project and sha and project.status_revision else None
