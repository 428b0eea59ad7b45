"""What teachers and the participant write about a hand-in; the other side gets it by mail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.accounts.core.addresses import find_confirmed_address
from framework.accounts.models import GroupMember, User
from framework.courses.access import (
    UNCHANGED,
    AssignmentNotFound,
    Course,
    TeachersOnly,
    find_assignment,
    recheck_course,
)
from framework.courses.assignments import InvalidAssignment
from framework.courses.handing_in import find_participant
from framework.courses.models import Assignment, Feedback, Part
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.email import messages
from framework.projects.core.groups import WITH_PROJECTS

LONGEST_TEXT = 10_000
LISTED = 200
MOST_TOLD = 20
"""So many teachers get a mail about a participant's answer at most: those who wrote, then the group's."""


@dataclass(frozen=True)
class Written:
    """One entry of the conversation; the author, by user name and full name, is None when the account is gone."""

    author: str | None
    author_name: str | None
    text: str
    created_at: datetime


def list_feedback(hand_in_id: int | None) -> Sequence[Written]:
    """The conversation about a hand-in, oldest first; the newest entries of a very long one."""
    query = select(User.name, User.full_name, Feedback.text, Feedback.created_at).select_from(Feedback)
    query = query.outerjoin(User, User.id == Feedback.author_id).where(Feedback.hand_in_id == hand_in_id)
    with read_transaction() as session:
        rows = session.execute(query.order_by(Feedback.id.desc()).limit(LISTED)).all()
    return [Written(*row) for row in reversed(rows)]


def write_feedback(account: Account, course: Course, assignment_id: int, person: str, text: str) -> int:
    """Add to the conversation about this person's hand-in, as a teacher or as that person; the entry's number.

    Raises:
        InvalidAssignment: it is empty or too long. AssignmentNotFound. TeachersOnly: it is about somebody else.
        BudgetSpent: they wrote too much lately.
    """
    if not 1 <= len(text.strip()) <= LONGEST_TEXT or "\0" in text:
        raise InvalidAssignment("text", f"Write something, at most {LONGEST_TEXT:,} characters.")
    with transaction() as session:
        found = recheck_course(session, account, course.id)
        assignment = find_assignment(session, account, found, assignment_id, lock=UNCHANGED)
        if not found.teaches and person.casefold() != account.name.casefold():
            raise TeachersOnly
        user = find_participant(session, assignment, person)
        budgets.spend(session, [f"feedback:{account.id}"])
        values = {"person": user.name, "due_at": assignment.deadline, "extended": False}
        insert_if_absent(session, Part, assignment_id=assignment.id, user_id=user.id, **values)
        mine = select(Part).where(Part.assignment_id == assignment.id, Part.user_id == user.id)
        row = session.scalars(mine).one_or_none()
        if row is None:
            raise AssignmentNotFound
        written = Feedback(hand_in_id=row.id, author_id=account.id, text=text.strip())
        session.add(written)
        session.flush()
        for reader in _list_readers(session, found, row, user, account):
            _tell(session, reader, written, assignment, f"{found.path}/{assignment.id}/people/{user.name}", account)
        return written.id


def _list_readers(session: Session, course: Course, row: Part, person: User, author: Account) -> Sequence[User]:
    """The participant, if a teacher wrote; else the teachers who wrote before, or the group's if none did."""
    if author.id != person.id:
        return [person]
    teachers = select(GroupMember.user_id).where(
        GroupMember.group_id == course.id, GroupMember.role.in_(WITH_PROJECTS), GroupMember.user_id != author.id
    )
    wrote = select(Feedback.author_id).where(Feedback.hand_in_id == row.id)
    query = select(User).where(User.id.in_(teachers)).order_by(User.id).limit(MOST_TOLD)
    return session.scalars(query.where(User.id.in_(wrote))).all() or session.scalars(query).all()


def _tell(
    session: Session, reader: User, written: Feedback, assignment: Assignment, path: str, author: Account
) -> None:
    email = find_confirmed_address(reader)
    if email is None or reader.suspended_at is not None:
        return
    facts = {
        "name": reader.name,
        "author": author.called,
        "assignment": assignment.title,
        "text": written.text[:2000],
        "link": f"{config.current().base_url}{path}",
    }
    key = f"feedback-{written.id}-{reader.id}"
    messages.queue(session, messages.prepare(to=email, template="feedback", facts=facts, key=key))
