"""How far a hand-in is, as the database tells it, so that states can be counted and filtered."""

from sqlalchemy import ColumnElement, and_, case, or_

from framework.courses.models import Part
from framework.repositories.models import Ref

INVITED, NOT_OPENED, OPEN, HANDED_IN, LATE = "invited", "not opened", "open", "handed in", "late"
STATES = (INVITED, NOT_OPENED, OPEN, HANDED_IN, LATE)
"""In the order in which pages count them; `invited` has an address only, and nobody behind it yet."""


def state_of_part() -> ColumnElement[str]:
    """One of `STATES`, of a row that joins a part with the newest version of its copy, either of which may be absent.

    Handed in is what its author said is done in time, and what the deadline found with work of their own in it.
    """
    in_time = Part.handed_in_at <= Part.due_at
    kept = and_(Part.snapshot_sha.is_not(None), Part.snapshot_sha.is_distinct_from(Part.started_sha))
    worked = and_(Ref.sha.is_not(None), Ref.sha.is_distinct_from(Part.started_sha))
    return case(
        (or_(in_time, kept), HANDED_IN),
        (or_(Part.handed_in_at.is_not(None), and_(Part.snapshot_at.is_not(None), worked)), LATE),
        (Part.project_id.is_not(None), OPEN),
        else_=NOT_OPENED,
    )
