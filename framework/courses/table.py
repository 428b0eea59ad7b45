"""The teacher's table of an assignment: at most four statements for a page of it, however large the course is."""

import csv
import io
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, literal, select, union_all
from sqlalchemy.orm import Session

from framework.accounts.models import GroupInvitation, User
from framework.courses.models import Assignment, Part
from framework.courses.teaching.invited import is_awaited
from framework.courses.teaching.lines import Entrant, Rows, Wanted, describe, is_tip, select_lines, select_people
from framework.courses.teaching.states import INVITED, STATES
from framework.database.session import read_transaction
from framework.projects.models import Project
from framework.repositories.models import Ref, Repository
from framework.statuses.models import CommitStatus
from framework.statuses.reading import CombinedStatus, combine_states, read_of_commits

PAGE = 50
FIRST_IN_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""A cell that begins so is a formula to a spreadsheet."""


@dataclass(frozen=True)
class Table:
    """A page of an assignment's people: who takes part or did, then the addresses of who is invited.

    `counts` has how many there are in each state on all pages, 0 for none.
    """

    entrants: Sequence[Entrant]
    invited: Sequence[str]
    number: int
    more: bool
    counts: Mapping[str, int]

    @property
    def count(self) -> int:
        """How many take part or did."""
        return sum(self.counts.values()) - self.counts[INVITED]


def read_table(assignment: Assignment, group: str, wanted: Wanted | None = None, *, page: int = 1) -> Table:
    """A page of the lines: people in alphabetical order, then deleted accounts, then who is invited."""
    wanted = wanted or Wanted()
    queries = select_lines(assignment, wanted)
    with read_transaction() as session:
        found = _count(session, queries)
        listed = [_length(counts, wanted) for counts in found]
        listed[2] *= wanted.addresses
        rows = [
            session.execute(_in_state(query, wanted).offset(skipped).limit(length)).all() if length else ()
            for query, (skipped, length) in zip(queries, _cut(listed, page), strict=True)
        ]
    entrants = [describe(row, assignment, group) for row in (*rows[0], *rows[1])]
    counts = {state: sum(one.get(state, 0) for one in found) for state in STATES}
    return Table(entrants, [row.email for row in rows[2]], page, sum(listed) > page * PAGE, counts)


def read_entrant(assignment: Assignment, group: str, person: str) -> Entrant | None:
    """The line of one person; None where they take no part."""
    query = select_people(assignment).where(User.name_key == person.casefold())
    with read_transaction() as session:
        row = session.execute(query).one_or_none()
    return describe(row, assignment, group) if row else None


def list_entrants(assignment: Assignment, group: str) -> list[Entrant]:
    """All lines of people, for what is made of the whole table."""
    people, departed, _invited = select_lines(assignment, Wanted())
    with read_transaction() as session:
        rows = [*session.execute(people), *session.execute(departed)]
    return [describe(row, assignment, group) for row in rows]


def list_invited(assignment: Assignment) -> Sequence[str]:
    """The addresses of everybody who is invited and has not joined yet; for owners of the group alone."""
    with read_transaction() as session:
        return [row.email for row in session.execute(select_lines(assignment, Wanted(addresses=True))[2])]


def count_invited(assignment: Assignment) -> int:
    """How many are invited to take part and have not joined yet."""
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(GroupInvitation).where(is_awaited(assignment))) or 0


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
        .outerjoin(Ref, is_tip())
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


def states_csv(assignment: Assignment, group: str, *, addresses: bool) -> str:
    """Everybody's state as CSV, with what programs say about the version that counts.

    With `addresses`, which are for owners of the group, also those of who is invited.
    """
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
    deadline = _moment(assignment.deadline)
    invited = (
        [(email, "", INVITED, "", deadline, "", "", "", "") for email in list_invited(assignment)] if addresses else []
    )
    return write_csv([head, *lines, *invited])


def _moment(moment: datetime | None) -> str:
    return moment.isoformat(timespec="seconds") if moment else ""


def _count(session: Session, queries: Sequence[Rows]) -> list[dict[str, int]]:
    """How many rows of each query there are in each state; one statement."""
    lines = [_states_of(query).subquery() for query in queries]
    counted = [select(literal(at), one.c.state, func.count()).group_by(one.c.state) for at, one in enumerate(lines)]
    found = [dict[str, int]() for _query in queries]
    for at, state, number in session.execute(union_all(*counted)):
        found[at][state] = number
    return found


def _states_of(query: Rows) -> Rows:
    return query.order_by(None).with_only_columns(query.selected_columns.state, maintain_column_froms=True)


def _length(counts: Mapping[str, int], wanted: Wanted) -> int:
    return counts.get(wanted.state, 0) if wanted.state else sum(counts.values())


def _in_state(query: Rows, wanted: Wanted) -> Rows:
    return query.where(query.selected_columns.state == wanted.state) if wanted.state else query


def _cut(lengths: Sequence[int], page: int) -> Iterator[tuple[int, int]]:
    """What of each of several lists is on this page of all of them in a row: how many come before it, and are on it."""
    first, last = (page - 1) * PAGE, page * PAGE
    for length in lengths:
        yield max(0, first), max(0, min(last, length) - max(0, first))
        first, last = first - length, last - length
