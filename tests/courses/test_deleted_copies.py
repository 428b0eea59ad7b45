"""Nothing handed in is hidden: by a template chosen later, a deleted copy, or a start from the beginning."""

import io
import zipfile
from datetime import timedelta

import pytest

from framework.accounts.core.account import Account
from framework.courses import archive, table
from framework.courses.access import BelongsToAssignment
from framework.courses.assignments import AssignmentText, change_assignment, create_assignment
from framework.courses.handing_in import extend, hand_in
from framework.courses.models import Assignment
from framework.courses.starting import CopyDeleted, start
from framework.courses.teaching.lines import Entrant
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.groups.operations import create_group
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle import transfers
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.lifecycle.leaving import hand_over
from framework.projects.lifecycle.operations import restore_project, trash_project
from framework.repositories.catalog.snapshot import read_snapshot
from tests.courses.conftest import School
from tests.uploads.conftest import store_files


def read_entrant(number: int, account: Account) -> Entrant:
    """The person's line in the table."""
    with read_transaction() as session:
        assignment = session.get_one(Assignment, number)
    found = table.read_entrant(assignment, "statistics", account.name)
    assert found
    return found


def read_zip(number: int) -> dict[str, bytes]:
    """The files of all hand-ins by their paths."""
    with read_transaction() as session:
        assignment = session.get_one(Assignment, number)
    entrants = table.list_entrants(assignment, "statistics")
    with zipfile.ZipFile(io.BytesIO(b"".join(archive.stream_hand_ins(assignment, entrants)))) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist() if not name.endswith("/")}


def hand_in_both(school: School, number: int) -> dict[Account, ProjectAccess]:
    """The copies of Sam and Tom, each with an answer that the deadline has found."""
    copies = {one: start(one, school.course(one), number) for one in (school.sam, school.tom)}
    for one, copy in copies.items():
        store_files(copy, one, {"answer.txt": one.name.encode()})
    school.pass_deadline(number)
    school.take_snapshots()
    return copies


def test_a_template_chosen_later_leaves_work_alone(school: School) -> None:
    teaching = school.course(school.teacher)
    told = AssignmentText("Essay", "", now() + timedelta(hours=1))
    number = create_assignment(school.teacher, teaching, told)
    course = school.course(school.sam)
    copy = start(school.sam, course, number)
    tip = store_files(copy, school.sam, {"essay.txt": b"My own words"})
    told = AssignmentText("Essay", "", told.deadline, template=school.template.full_name)
    change_assignment(school.teacher, teaching, number, told)
    start(school.sam, course, number)
    hand_in(school.sam, course, number)
    school.pass_deadline(number)
    school.take_snapshots()
    assert read_snapshot(copy.repository_id).find_branch("main") == tip
    entrant = read_entrant(number, school.sam)
    assert (entrant.state, entrant.final_sha) == ("handed in", tip)
    assert read_zip(number) == {"essay/sam/essay.txt": b"My own words"}


def test_a_template_chosen_later_fills_empty_copies(school: School) -> None:
    teaching = school.course(school.teacher)
    told = AssignmentText("Essay", "", now() + timedelta(hours=1))
    number = create_assignment(school.teacher, teaching, told)
    copy = start(school.sam, school.course(school.sam), number)
    told = AssignmentText("Essay", "", told.deadline, template=school.template.full_name)
    change_assignment(school.teacher, teaching, number, told)
    start(school.sam, school.course(school.sam), number)
    assert read_snapshot(copy.repository_id).find_branch("main") == school.hand_in_of(number, school.sam).started_sha


def test_a_deleted_copy_keeps_no_other_out_of_the_zip(school: School) -> None:
    number = school.set_assignment()
    copies = hand_in_both(school, number)
    mine = project_for(school.teacher, "statistics", copies[school.sam].name)
    trash_project(school.teacher, mine)
    assert read_zip(number)["exercise-1/sam/answer.txt"] == b"sam"
    with pytest.raises(CopyDeleted):
        start(school.sam, school.course(school.sam), number)
    delete_for_good(mine.id)
    found = read_zip(number)
    assert found["exercise-1/tom/answer.txt"] == b"tom"
    assert found["exercise-1/missing.txt"].startswith(b"sam, version ")
    entrant = read_entrant(number, school.sam)
    assert (entrant.state, entrant.project, entrant.deleted, entrant.can_start) == ("handed in", None, True, False)


def test_whose_copy_was_deleted_starts_again_with_more_time(school: School) -> None:
    number = school.set_assignment()
    copies = hand_in_both(school, number)
    mine, course = project_for(school.teacher, "statistics", copies[school.sam].name), school.course(school.sam)
    trash_project(school.teacher, mine)
    delete_for_good(mine.id)
    with pytest.raises(CopyDeleted):
        start(school.sam, course, number)
    extend(school.teacher, school.course(school.teacher), number, "sam", now() + timedelta(hours=1))
    again = start(school.sam, course, number)
    assert again.id != mine.id
    assert read_entrant(number, school.sam).state == "open"


@pytest.mark.parametrize("to", ["sam", "lovelace"])
def test_a_copy_stays_in_the_group(school: School, to: str) -> None:
    """Whether its receiver is asked, or the teacher would have it at once."""
    create_group(school.teacher, name="lovelace")
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    owned = project_for(school.teacher, "statistics", copy.name, "owner")
    with pytest.raises(BelongsToAssignment, match="“Exercise 1”"):
        transfers.transfer_project(school.teacher, owned, to=to)
    trash_project(school.teacher, owned)
    with pytest.raises(BelongsToAssignment):
        hand_over(copy.id, to)
    restore_project(school.teacher, copy.id)
    assert project_for(school.sam, "statistics", copy.name).full_name == copy.full_name
    with transaction() as session:
        session.delete(session.get_one(Assignment, number))
    assert transfers.transfer_project(school.teacher, owned, to=to)
