"""The teacher's table of an assignment: two statements for a page of it, however large the course is."""

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, func, literal, or_, select, union
from sqlalchemy.orm import Session

from framework.accounts.models import GroupMember, User
from framework.courses.access import IS_TAKEN
from framework.courses.handing_in import HANDED_IN, LATE, PartRow, Progress
from framework.courses.models import Assignment, Part
from framework.database.session import read_transaction
from framework.gitcore.ref_names import HEADS
from framework.projects.core.groups import PARTICIPANT
from framework.projects.models import Project
from framework.repositories.models import Ref, Repository
from framework.statuses.models import CommitStatus
from framework.statuses.reading import CombinedStatus, combine_states, read_of_commits

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


class CopyRow(NamedTuple):
    """What the table needs of a copy: columns of `Project`."""

    id: int
    name: str
    repository_id: str
    updated_at: datetime
    trashed_at: datetime | None
    status_revision: int


_COLUMNS = (
    *(getattr(Part, name) for name in PartRow._fields),
    *(getattr(Project, name) for name in CopyRow._fields),
)


@dataclass(frozen=True)
class Table:
    """A page of an assignment's people, and how many there are in all."""

    entrants: Sequence[Entrant]
    number: int
    more: bool
    count: int


def read_table(assignment: Assignment, group: str, *, page: int = 1, query: str = "") -> Table:
    """A page of the people of the assignment, in alphabetical order; of those whose names hold the text, if given."""
    people = _select_people(assignment, query).order_by(User.name_key).offset((page - 1) * PAGE).limit(PAGE + 1)
    with read_transaction() as session:
        rows = session.execute(_select_entrants(assignment, people)).all()
        departed = [] if len(rows) > PAGE or query else _list_departed(session, assignment, group)
    entrants = [*(_entrant(row, assignment, group) for row in rows[:PAGE]), *departed]
    return Table(entrants, page, len(rows) > PAGE, rows[0].total if rows else 0)


def read_entrant(assignment: Assignment, group: str, person: str) -> Entrant | None:
    """The line of one person; None where they take no part."""
    people = _select_people(assignment, "").where(User.name_key == person.casefold())
    with read_transaction() as session:
        row = session.execute(_select_entrants(assignment, people)).one_or_none()
    return _entrant(row, assignment, group) if row else None


def list_entrants(assignment: Assignment, group: str) -> list[Entrant]:
    """All lines, for what is made of the whole table."""
    with read_transaction() as session:
        rows = session.execute(_select_entrants(assignment, _select_people(assignment, ""))).all()
        return [*(_entrant(row, assignment, group) for row in rows), *_list_departed(session, assignment, group)]


def _list_departed(session: Session, assignment: Assignment, group: str) -> list[Entrant]:
    """The lines of those whose accounts were deleted, under the names that they had."""
    query = _with_copies(select(Ref.sha, *_COLUMNS).select_from(Part), assignment)
    gone = query.where(Part.assignment_id == assignment.id, Part.user_id.is_(None), Part.opened_at.is_not(None))
    return [
        _describe(*_parts_of(columns), "", tip, group, left=True)
        for tip, *columns in session.execute(gone.order_by(Part.person))
    ]


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


def read_states(assignment: Assignment, hand_in_id: int | None = None) -> Mapping[tuple[int, str], str]:
    """What programs say together about each version that can count, by what `checked` has; or of one line alone.

    One statement, however many people there are; what the participants say about their own work is left out.
    """
    mine = (Part.assignment_id == assignment.id, Part.project_id.is_not(None))
    parts = select(Part.project_id, Part.user_id, Part.snapshot_sha).where(*mine)
    if hand_in_id is not None:
        parts = parts.where(Part.id == hand_in_id)
    part = parts.offset(0).subquery()  # the offset has PostgreSQL find these first, and not read all parts there are
    query = (
        select(CommitStatus.project_id, CommitStatus.sha, CommitStatus.state)
        .select_from(part)
        .join(Project, Project.id == part.c.project_id)
        .join(Repository, Repository.id == Project.repository_id)
        .outerjoin(Ref, _is_tip())
        .join(CommitStatus, CommitStatus.project_id == Project.id)
        .where(CommitStatus.sha.in_([part.c.snapshot_sha, Ref.sha]))
        .where(CommitStatus.creator_id.is_not(None), CommitStatus.creator_id.is_distinct_from(part.c.user_id))
    )
    found = defaultdict[tuple[int, str], set[str]](set)
    with read_transaction() as session:
        for project_id, sha, state in session.execute(query):
            found[project_id, sha].add(state)
    return {key: combine_states(states) for key, states in found.items()}


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
    states = read_states(assignment)
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
            states.get(one.checked, "") if one.checked else "",
        )
        for one in list_entrants(assignment, group)
    ]
    return write_csv([head, *lines])


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _select_people(assignment: Assignment, text: str) -> Select[int, int]:
    """The numbers of participants and of whoever has a row here, each with how many these are."""
    people = select(Part.user_id).where(Part.assignment_id == assignment.id, Part.user_id.is_not(None), IS_TAKEN)
    query = select(User.id, func.count().over().label("total"))
    if assignment.everyone:
        theirs = GroupMember.group_id == assignment.group_id, GroupMember.role == PARTICIPANT
        query = query.where(User.id.in_(union(people, select(GroupMember.user_id).where(*theirs))))
    else:
        query = query.where(User.id.in_(people))
    if text:
        found = User.name_key.contains(text.casefold(), autoescape=True)
        query = query.where(or_(found, func.lower(User.full_name).contains(text.lower(), autoescape=True)))
    return query


def _select_entrants(assignment: Assignment, people: Select[int, int]) -> Select[*tuple[Any, ...]]:
    """These people by name, each with their copy and its newest version."""
    chosen = people.subquery()
    mine = and_(Part.user_id == User.id, Part.assignment_id == assignment.id)
    member = and_(GroupMember.user_id == User.id, GroupMember.group_id == assignment.group_id)
    query = (
        select(User.name, User.full_name, GroupMember.role, chosen.c.total, Ref.sha, *_COLUMNS)
        .join(chosen, chosen.c.id == User.id)
        .outerjoin(Part, mine)
        .outerjoin(GroupMember, member)
    )
    return _with_copies(query, assignment).order_by(User.name_key)


def _with_copies(query: Select[*tuple[Any, ...]], assignment: Assignment) -> Select[*tuple[Any, ...]]:
    """The copy is none of the group's business once it was handed over."""
    return (
        query.outerjoin(Project, and_(Project.id == Part.project_id, Project.owner_id == assignment.group_id))
        .outerjoin(Repository, Repository.id == Project.repository_id)
        .outerjoin(Ref, _is_tip())
    )


def _is_tip() -> ColumnElement[bool]:
    """Whether a row of `Ref` is the default branch of the repository."""
    return and_(Ref.repository_id == Repository.id, Ref.name == literal(HEADS) + Repository.default_branch)


def _entrant(row: Row[*tuple[Any, ...]], assignment: Assignment, group: str) -> Entrant:
    person, full_name, role, _total, tip, *columns = row
    own, copy = _parts_of(columns)
    known = own if own.id else own._replace(person=person, due_at=assignment.deadline, extended=False)
    return _describe(known._replace(person=person), copy, full_name, tip, group, left=role != PARTICIPANT)


def _parts_of(columns: Sequence[Any]) -> tuple[PartRow, CopyRow | None]:
    count = len(PartRow._fields)
    copy = CopyRow(*columns[count:])
    return PartRow(*columns[:count]), copy if copy.id else None


def _describe(
    own: PartRow, project: CopyRow | None, full_name: str, tip: str | None, group: str, *, left: bool
) -> Entrant:
    state = Progress.of(own, tip).state
    worked = tip is not None and tip != own.started_sha
    kept = own.snapshot_sha if own.snapshot_sha != own.started_sha else None
    is_there = project is not None and project.trashed_at is None
    return Entrant(
        person=own.person,
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


def _checked_version(project: CopyRow | None, sha: str | None) -> tuple[int, str] | None:
    """None also where no program has ever said anything, so that nothing is asked."""
    return (project.id, sha) if project and sha and project.status_revision else None
