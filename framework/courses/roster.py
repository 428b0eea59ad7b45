"""The participants of a course as CSV: read, shown before anything happens, added, and written."""

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core import addresses, budgets
from framework.accounts.core.account import Account
from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.audit import log as audit
from framework.courses.access import Course, recheck_course
from framework.courses.table import write_csv
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.email.messages import BadAddress
from framework.errors import Invalid
from framework.groups import emails, invitations
from framework.groups.membership import join, note_change
from framework.projects.core.groups import PARTICIPANT
from framework.projects.members.invitations import spend_mails

MOST_LINES, LONGEST_TEXT, LONGEST_ADDRESS, LONGEST_CELL = 1000, 100_000, 254, 300
"""A text of so many characters has no cell that `csv` refuses (131,072)."""
ADDED, INVITED, ALREADY, REFUSED = "added", "invited", "already", "refused"

_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+\.[^@\s,;<>\"]+")
_HEADINGS = frozenset({"e-mail", "email", "mail", "e-mail address", "email address", "user name", "username", "person"})


class RosterTooLong(Invalid):
    """More people than one list may have."""

    field = "people"

    def __init__(self) -> None:
        super().__init__(f"A list can have {MOST_LINES:,} people. Split it, and add one part after the other.")


@dataclass(frozen=True)
class Line:
    """A line of the list: its number, the name beside it, the address or user name, and what is wrong with it."""

    number: int
    name: str
    person: str
    fault: str = ""


@dataclass(frozen=True)
class Outcome:
    """What a line does, or did: `added`, `invited`, `already` or `refused`, with the reason."""

    line: Line
    state: str
    reason: str = ""


def parse(text: str) -> list[Line]:
    """The lines of a CSV text with names and addresses, in any order of columns; each person once.

    Commas, semicolons and tabs separate columns. A heading and empty lines are left out.

    Raises:
        RosterTooLong.
    """
    if len(text) > LONGEST_TEXT:
        raise RosterTooLong
    first = text.lstrip("\ufeff").split("\n", 1)[0]
    delimiter = max(",;\t", key=first.count)
    rows = enumerate(
        csv.reader(io.StringIO(text.lstrip("\ufeff").replace("\0", ""), newline=""), delimiter=delimiter), 1
    )
    lines = list[Line]()
    seen = set[str]()
    for number, row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or (not lines and any(cell.casefold() in _HEADINGS for cell in cells)):
            continue
        line = _read_line(number, cells)
        if not line.fault and line.person.casefold() in seen:
            line = Line(number, line.name, line.person, "This person is in the list twice.")
        seen.add(line.person.casefold())
        lines.append(line)
        if len(lines) > MOST_LINES:
            raise RosterTooLong
    return lines


def preview(course: Course, lines: Sequence[Line]) -> list[Outcome]:
    """What adding these would do. Whether an address has an account is nobody's business before they are added."""
    with read_transaction() as session:
        there = _list_known(session, course)
    return [_foresee(line, there) for line in lines]


def add(account: Account, course: Course, lines: Sequence[Line]) -> list[Outcome]:
    """Add everybody who can be added as a participant, and invite the addresses that no account has confirmed.

    A line that is refused costs no other.

    Raises:
        AssignmentNotFound, TeachersOnly.
    """
    with transaction() as session:
        found = recheck_course(session, account, course.id, teaching=True)
        row = session.get_one(User, found.id, with_for_update={"key_share": True})
        there = _list_known(session, found)
        outcomes = [_add_line(session, account, row, line, there) for line in lines]
        added, invited = (sum(one.state == state for one in outcomes) for state in (ADDED, INVITED))
        if added or invited:
            audit.record(session, "participants_listed", actor=account, person=row, added=added, invited=invited)
        if added:
            note_change(session, row)
    return outcomes


def write(course: Course) -> str:
    """The course's participants as CSV, readable by `parse`: for its owners with addresses, and who is invited.

    An address is told only of whoever was added by it: others have not given theirs to the course. Members who run it
    get user names instead, as everywhere else in the group.
    """
    with read_transaction() as session:
        members = select(User.full_name, User.name, GroupMember.added_as).join(
            GroupMember, GroupMember.user_id == User.id
        )
        mine = GroupMember.group_id == course.id, GroupMember.role == PARTICIPANT
        people = session.execute(members.where(*mine).order_by(User.name_key)).all()
        pending = _list_invited(session, course) if course.owns else []
    shown = [(full_name, added_as if course.owns else None, name) for full_name, name, added_as in people]
    lines = [(full_name, address or name, "participant") for full_name, address, name in shown]
    heading = "e-mail" if course.owns else "user name"
    return write_csv([("name", heading, "state"), *lines, *(("", email, "invited") for email in pending)])


def _list_invited(session: Session, course: Course) -> Sequence[str]:
    invited = select(GroupInvitation.email).where(
        GroupInvitation.group_id == course.id, GroupInvitation.role == PARTICIPANT
    )
    return session.scalars(invited.order_by(GroupInvitation.email_key)).all()


def _read_line(number: int, cells: Sequence[str]) -> Line:
    if long := next((cell for cell in cells if len(cell) > LONGEST_CELL), ""):
        return Line(number, "", f"{long[:40]}…", f"A cell can have {LONGEST_CELL} characters.")
    found = next((cell for cell in cells if len(cell) <= LONGEST_ADDRESS and _ADDRESS.fullmatch(cell)), "")
    others = [cell for cell in cells if cell and cell != found]
    if not found and any("@" in cell for cell in cells):
        return Line(number, "", next(cell for cell in cells if "@" in cell), "This is not an e-mail address.")
    if not found:
        return Line(number, " ".join(others[1:]), others[0])
    return Line(number, " ".join(others), found)


def _list_known(session: Session, course: Course) -> set[str]:
    """The user names of the group's people, and the addresses that they were added by or are invited by."""
    people = select(User.name_key, GroupMember.added_as).join(GroupMember, GroupMember.user_id == User.id)
    rows = session.execute(people.where(GroupMember.group_id == course.id)).all()
    pending = select(GroupInvitation.email_key).where(
        GroupInvitation.group_id == course.id, GroupInvitation.expires_at > now()
    )
    return (
        {name for name, _added in rows}
        | {added.casefold() for _name, added in rows if added}
        | set(session.scalars(pending))
    )


def _foresee(line: Line, there: set[str]) -> Outcome:
    if line.fault:
        return Outcome(line, REFUSED, line.fault)
    if line.person.casefold() in there:
        return Outcome(line, ALREADY, "Already in this course.")
    return Outcome(line, INVITED if "@" in line.person else ADDED)


def _add_line(session: Session, account: Account, row: User, line: Line, there: set[str]) -> Outcome:
    foreseen = _foresee(line, there)
    if foreseen.state in {REFUSED, ALREADY}:
        return foreseen
    user = _find_user(session, line.person)
    if user is None and "@" not in line.person:
        return Outcome(line, REFUSED, "Nobody has this user name.")
    try:
        spend_mails(session, f"group-{row.id}", line.person, by=account)
        messages.check(line.person if "@" in line.person else "a@example.org", "x")
    except (budgets.BudgetSpent, BadAddress) as refusal:
        return Outcome(line, REFUSED, refusal.sentence)
    there.add(line.person.casefold())
    if user is None:
        invitations.invite(session, row, email=line.person, role=PARTICIPANT, by=account)
        return Outcome(line, INVITED)
    if session.get(GroupMember, (row.id, user.id)):
        return Outcome(line, ALREADY, "Already in this course.")
    join(session, row, user, role=PARTICIPANT, added_as=line.person if "@" in line.person else None, by=account)
    emails.mail_added(session, user, row, role=PARTICIPANT, by=account)
    return Outcome(line, ADDED)


def _find_user(session: Session, person: str) -> User | None:
    if "@" in person:
        return addresses.find_confirmed(session, person)
    found = session.scalars(select(User).where(User.name_key == person.casefold(), User.kind == "person")).one_or_none()
    return None if found is None or found.deleted_at or found.suspended_at else found
