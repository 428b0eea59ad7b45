"""The lines of an assignment's table, selected and described: people, those whose accounts are gone, the invited."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Row, Select, and_, false, func, literal, null, or_, select, union

from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.courses.access import IS_TAKEN
from framework.courses.models import Assignment, Part
from framework.courses.teaching.invited import is_awaited
from framework.courses.teaching.states import HANDED_IN, INVITED, LATE, state_of_part
from framework.gitcore.ref_names import HEADS
from framework.projects.core.groups import PARTICIPANT
from framework.projects.models import Project
from framework.repositories.models import Ref, Repository

Rows = Select[*tuple[Any, ...]]


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


class _PartRow(NamedTuple):
    """What tells how far somebody is: columns of `Part`, which are all None for who has no row yet."""

    id: int | None
    person: str
    due_at: datetime
    extended: bool
    opened_at: datetime | None
    started_sha: str | None
    handed_in_at: datetime | None
    handed_in_sha: str | None
    snapshot_sha: str | None


class _CopyRow(NamedTuple):
    """What the table needs of a copy: columns of `Project`."""

    id: int
    name: str
    repository_id: str
    updated_at: datetime
    trashed_at: datetime | None
    status_revision: int


_COLUMNS = (
    *(getattr(Part, name) for name in _PartRow._fields),
    *(getattr(Project, name) for name in _CopyRow._fields),
)


@dataclass(frozen=True)
class Wanted:
    """Which lines: of people whose names hold `text`, in this `state`; both may be empty, for all.

    Without `addresses` the invited are counted, neither listed nor looked for.
    """

    text: str = ""
    state: str = ""
    addresses: bool = False


def select_lines(assignment: Assignment, wanted: Wanted) -> tuple[Rows, Rows, Rows]:
    """Who takes part or did, whose account was deleted since, and who is invited; each row with its `state`."""
    people, departed = select_people(assignment), _select_departed(assignment)
    invited = select(GroupInvitation.email, literal(INVITED).label("state")).where(is_awaited(assignment))
    if wanted.text:
        folded = wanted.text.casefold()
        named = func.lower(User.full_name).contains(wanted.text.lower(), autoescape=True)
        people = people.where(or_(User.name_key.contains(folded, autoescape=True), named))
        departed = departed.where(func.lower(Part.person).contains(folded, autoescape=True))
        invited = invited.where(
            GroupInvitation.email_key.contains(folded, autoescape=True) if wanted.addresses else false()
        )
    in_order = User.name_key + ""  # an expression, since PostgreSQL would walk all people by name in search of these
    return (
        people.order_by(in_order),
        departed.order_by(Part.person, Part.id),
        invited.order_by(GroupInvitation.email_key),
    )


def select_people(assignment: Assignment) -> Rows:
    """Participants and whoever has a row here, each with their copy and its newest version."""
    mine = and_(Part.user_id == User.id, Part.assignment_id == assignment.id)
    member = and_(GroupMember.user_id == User.id, GroupMember.group_id == assignment.group_id)
    columns = select(state_of_part().label("state"), User.name, User.full_name, GroupMember.role, Ref.sha, *_COLUMNS)
    query = _join_copy(columns.select_from(User).outerjoin(Part, mine).outerjoin(GroupMember, member), assignment)
    people = select(Part.user_id).where(Part.assignment_id == assignment.id, Part.user_id.is_not(None), IS_TAKEN)
    if not assignment.everyone:
        return query.where(User.id.in_(people))
    theirs = GroupMember.group_id == assignment.group_id, GroupMember.role == PARTICIPANT
    return query.where(User.id.in_(union(people, select(GroupMember.user_id).where(*theirs))))


def _select_departed(assignment: Assignment) -> Rows:
    """Those whose accounts were deleted, under the names that they had."""
    state = state_of_part().label("state")
    columns = select(state, Part.person, literal(""), null(), Ref.sha, *_COLUMNS).select_from(Part)
    begun = (Part.assignment_id == assignment.id, Part.user_id.is_(None), Part.opened_at.is_not(None))
    return _join_copy(columns, assignment).where(*begun)


def _join_copy(query: Rows, assignment: Assignment) -> Rows:
    query = query.outerjoin(Project, _is_copy(assignment))
    return query.outerjoin(Repository, Repository.id == Project.repository_id).outerjoin(Ref, is_tip())


def is_tip() -> ColumnElement[bool]:
    """Whether a row of `Ref` is the default branch of the row of `Repository`."""
    return and_(Ref.repository_id == Repository.id, Ref.name == literal(HEADS) + Repository.default_branch)


def _is_copy(assignment: Assignment) -> ColumnElement[bool]:
    """What joins the copy to its row, unless it was handed over: then it is none of the group's business."""
    return and_(Project.id == Part.project_id, Project.owner_id == assignment.group_id)


def describe(row: Row[*tuple[Any, ...]], assignment: Assignment, group: str) -> Entrant:
    """The line of this row of the first two queries."""
    state, person, full_name, role, tip, *columns = row
    count = len(_PartRow._fields)
    own, copy = _PartRow(*columns[:count]), _CopyRow(*columns[count:])
    own = own if own.id else own._replace(due_at=assignment.deadline, extended=False)
    project = copy if copy.id else None
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
        final_sha=kept or (own.handed_in_sha or tip if state == LATE else None),
        left=role != PARTICIPANT,
        deleted=own.opened_at is not None and not is_there,
        checked=_checked_version(project, kept or (tip if worked else None)),
    )


def _checked_version(project: _CopyRow | None, sha: str | None) -> tuple[int, str] | None:
    """None also where no program has ever said anything, so that nothing is asked."""
    return (project.id, sha) if project and sha and project.status_revision else None
