"""Who was invited to take part and has not joined yet."""

from sqlalchemy import ColumnElement

from framework.accounts.models import GroupInvitation
from framework.courses.models import Assignment
from framework.database.types import now
from framework.projects.core.groups import PARTICIPANT


def is_awaited(assignment: Assignment) -> ColumnElement[bool]:
    """Whether an invitation to the group is for somebody whom the assignment waits for."""
    theirs = (GroupInvitation.group_id == assignment.group_id) & (GroupInvitation.role == PARTICIPANT)
    return theirs & (GroupInvitation.expires_at > now()) & assignment.everyone
