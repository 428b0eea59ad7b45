"""Who was invited to take part and has not joined yet."""

from sqlalchemy import ColumnElement, literal, or_, select

from framework.accounts.models import GroupInvitation
from framework.courses.models import Assignment, Awaited
from framework.database.types import now
from framework.projects.core.groups import PARTICIPANT


def is_awaited(assignment: Assignment) -> ColumnElement[bool]:
    """Whether an invitation to the group is for somebody whom the assignment waits for."""
    listed = select(Awaited.email_key).where(Awaited.assignment_id == assignment.id)
    return is_pending(assignment) & or_(literal(assignment.everyone), GroupInvitation.email_key.in_(listed))


def is_pending(assignment: Assignment) -> ColumnElement[bool]:
    """Whether an invitation makes a participant of the assignment's group, and has not ended."""
    theirs = (GroupInvitation.group_id == assignment.group_id) & (GroupInvitation.role == PARTICIPANT)
    return theirs & (GroupInvitation.expires_at > now())
