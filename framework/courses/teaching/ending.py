"""Assignments that are over: deleted while nobody has begun, archived after that."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.courses.access import CHANGING, REMOVING, Course, find_assignment, recheck_course
from framework.courses.models import Assignment, Part
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import Conflict


class SomebodyBegan(Conflict):
    """An assignment would be deleted that somebody has a copy for, or had."""

    def __init__(self) -> None:
        super().__init__("Somebody has started on this assignment, so it cannot be deleted. Archive it instead.")


def has_begun(assignment_id: int) -> bool:
    """Whether anybody has started on the assignment."""
    with read_transaction() as session:
        return _has_begun(session, assignment_id)


def delete_assignment(account: Account, course: Course, assignment_id: int) -> str:
    """Delete an assignment on which nobody has started, with feedback and more time given; its title.

    Raises:
        SomebodyBegan, AssignmentNotFound, TeachersOnly.
    """
    with transaction() as session:
        recheck_course(session, account, course.id, teaching=True)
        row = find_assignment(session, account, course, assignment_id, lock=REMOVING)
        if _has_begun(session, row.id):
            raise SomebodyBegan
        _record(session, "assignment_deleted", account, row)
        session.delete(row)
        return row.title


def archive_assignment(account: Account, course: Course, assignment_id: int, *, archived: bool) -> str:
    """Hide an assignment from participants who have not begun, or show it to them again; its title.

    Copies, deadlines and what was handed in stay as they are.

    Raises:
        AssignmentNotFound, TeachersOnly.
    """
    with transaction() as session:
        recheck_course(session, account, course.id, teaching=True)
        row = find_assignment(session, account, course, assignment_id, lock=CHANGING)
        if (row.archived_at is not None) != archived:
            row.archived_at = now() if archived else None
            _record(session, "assignment_archived" if archived else "assignment_restored", account, row)
        return row.title


def _has_begun(session: Session, assignment_id: int) -> bool:
    begun = select(Part.id).where(Part.assignment_id == assignment_id, Part.opened_at.is_not(None))
    return session.scalar(begun.limit(1)) is not None


def _record(session: Session, kind: str, account: Account, row: Assignment) -> None:
    audit.record(session, kind, actor=account, person=session.get_one(User, row.group_id), assignment=row.title)
