"""More time for one person: never less than all have, told by mail, and set back where it was a mistake."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from framework.audit.models import AuditEntry
from framework.courses.assignments import InvalidAssignment
from framework.courses.handing_in import extend
from framework.courses.models import Assignment
from framework.database.session import read_transaction
from framework.database.types import now
from tests.cast import asked_for
from tests.courses.conftest import School


def read(assignment_id: int) -> Assignment:
    """The assignment's row."""
    with read_transaction() as session:
        return session.get_one(Assignment, assignment_id)


def list_kinds(person: str) -> list[str]:
    """What the audit log tells of this person."""
    with read_transaction() as session:
        mine = select(AuditEntry.kind).where(AuditEntry.person == person)
        return list(session.scalars(mine.order_by(AuditEntry.id)))


def test_more_time_is_told_by_mail_and_is_never_less_than_all_have(school: School) -> None:
    number, teaching = school.set_assignment(hours=48), school.course(school.teacher)
    for until in (now() + timedelta(hours=47), read(number).deadline):
        with pytest.raises(InvalidAssignment, match=r"Sam \(sam\) has time until .* \(Europe/Berlin\) already"):
            extend(school.teacher, teaching, number, "sam", until)
    assert asked_for("framework.email.tasks.send_email") == []
    extend(school.teacher, teaching, number, "sam", now() + timedelta(hours=72))
    (told,) = asked_for("framework.email.tasks.send_email")
    assert (told[0], told[1]) == ("sam@example.org", "More time: Exercise 1")


def test_a_deadline_given_by_mistake_is_set_back(school: School) -> None:
    number, teaching = school.set_assignment(hours=48), school.course(school.teacher)
    for until in (now().replace(year=2072), sooner := now() + timedelta(hours=60)):
        extend(school.teacher, teaching, number, "sam", until)
    assert (school.hand_in_of(number, school.sam).due_at, list_kinds("sam")[-2:]) == (
        sooner,
        ["more_time", "less_time"],
    )
    assert asked_for("framework.email.tasks.send_email")[-1][1] == "New deadline: Exercise 1"
    with pytest.raises(InvalidAssignment, match=r"Sam \(sam\) has time until .* already"):
        extend(school.teacher, teaching, number, "sam", sooner)
    with pytest.raises(InvalidAssignment, match="Everyone has time until"):
        extend(school.teacher, teaching, number, "sam", now() + timedelta(hours=47))
