"""Assignments that are over: deleted while nobody has begun, archived after that."""

import pytest

from framework.courses.access import AssignmentNotFound
from framework.courses.assignments import list_assignments
from framework.courses.starting import start
from framework.courses.teaching.ending import SomebodyBegan, archive_assignment, delete_assignment
from tests.cast import SignIn
from tests.courses.conftest import School


def test_an_assignment_is_deleted_until_somebody_begins(school: School, signed_in: SignIn) -> None:
    number, begun = school.set_assignment(), school.set_assignment()
    start(school.sam, school.course(school.sam), begun)
    teacher, place = signed_in(school.teacher), "/statistics/assignments"
    assert teacher.submit(f"{place}/{number}/edit", to=f"{place}/{number}/delete").location == place
    assert teacher.get(f"{place}/{number}").status_code == 404
    with pytest.raises(AssignmentNotFound):
        start(school.tom, school.course(school.tom), number)
    with pytest.raises(SomebodyBegan):
        delete_assignment(school.teacher, school.course(school.teacher), begun)
    assert "Delete the assignment" not in teacher.get(f"{place}/{begun}/edit").text


def test_an_archived_assignment_is_for_those_who_have_begun(school: School, signed_in: SignIn) -> None:
    number, place = school.set_assignment(), "/statistics/assignments"
    copy = start(school.sam, school.course(school.sam), number)
    teacher = signed_in(school.teacher)
    teacher.submit(f"{place}/{number}/edit", to=f"{place}/{number}/archive")
    assert "Archived" in teacher.get(place).text
    with pytest.raises(AssignmentNotFound):
        start(school.tom, school.course(school.tom), number)
    assert [list_assignments(one, school.course(one))[0] != [] for one in (school.sam, school.tom)] == [True, False]
    assert start(school.sam, school.course(school.sam), number).id == copy.id
    teacher.submit(f"{place}/{number}/edit", to=f"{place}/{number}/restore")
    assert start(school.tom, school.course(school.tom), number).owner == "statistics"


def test_archived_assignments_are_listed_last(school: School) -> None:
    numbers = [school.set_assignment(hours=hours) for hours in (3, 2, 1)]
    archive_assignment(school.teacher, school.course(school.teacher), numbers[0], archived=True)
    found, _more = list_assignments(school.teacher, school.course(school.teacher))
    assert [(one.id, one.archived) for one in found] == [
        (numbers[1], False),
        (numbers[2], False),
        (numbers[0], True),
    ]
