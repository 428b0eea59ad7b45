"""Assignments from setting to snapshot: private copies, states, deadlines, and what nobody can change afterwards."""

import io
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.accounts.models import GroupMember
from framework.courses import archive, feedback, roster, table
from framework.courses.access import AssignmentNotFound, TeachersOnly, course_for
from framework.courses.assignments import AssignmentText, InvalidAssignment, create_assignment
from framework.courses.handing_in import NothingToHandIn, extend, hand_in
from framework.courses.models import Assignment, Part
from framework.courses.starting import TeachersDoNotStart, start
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.gitcore import git
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.lifecycle.operations import update_project
from framework.projects.members.people import add_people
from framework.projects.models import Event
from framework.repositories.cache.copies import lease_copy
from framework.repositories.catalog.snapshot import read_snapshot
from tests.api.program import Program
from tests.cast import SignIn, asked_for, on_each_deployment
from tests.courses.conftest import School
from tests.statements import noted_statements
from tests.uploads.conftest import store_files


def state(school: School, assignment_id: int, account: Account) -> str:
    """What the teacher's table says."""
    found = table.read_entrant(read(assignment_id), "statistics", account.name)
    assert found
    return found.state


def read(assignment_id: int) -> Assignment:
    """The assignment's row."""
    with read_transaction() as session:
        return session.get_one(Assignment, assignment_id)


def test_a_copy_is_seen_by_its_participant_and_who_teaches(school: School, charlie: Account) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    assert (copy.full_name, copy.visibility, copy.role) == ("statistics/exercise-1-sam", "private", "writer")
    assert project_for(school.teacher, "statistics", copy.name).role == "owner"
    for stranger in (school.tom, charlie, None):
        with pytest.raises(ProjectNotFound):
            project_for(stranger, "statistics", copy.name)
    with pytest.raises(ProjectNotFound):  # nor the template, nor anything else of the group
        project_for(school.sam, "statistics", "exercise")
    with lease_copy(copy.repository_id, "full") as (path, snapshot):
        tip = snapshot.refs["refs/heads/main"]
        assert git.run(path, "log", "--format=%an", tip).split() == [b"Sam"]
        assert git.run(path, "show", f"{tip}:README.md") == b"# Exercise\n"


@on_each_deployment
def test_two_clicks_at_once_make_one_copy(school: School) -> None:
    number, course = school.set_assignment(), school.course(school.sam)
    with ThreadPoolExecutor(2) as pool:
        made = list(pool.map(lambda _click: start(school.sam, course, number).id, range(2)))
    assert made[0] == made[1]
    assert read_snapshot(project_for(school.sam, "statistics", "exercise-1-sam").repository_id).version == 1


def test_who_may_do_what(school: School, charlie: Account) -> None:
    number = school.set_assignment(people=("sam",))
    with pytest.raises(AssignmentNotFound):
        course_for(charlie, "statistics")
    with pytest.raises(AssignmentNotFound):  # not listed
        start(school.tom, school.course(school.tom), number)
    with pytest.raises(TeachersDoNotStart):
        start(school.teacher, school.course(school.teacher), number)
    with pytest.raises(TeachersOnly):
        extend(school.sam, school.course(school.sam), number, "sam", now() + timedelta(days=1))
    with pytest.raises(TeachersOnly):
        feedback.write_feedback(school.sam, school.course(school.sam), number, "tom", "Hello")
    with pytest.raises(TeachersOnly):
        roster.add(school.sam, school.course(school.sam), roster.parse("charlie"))


def test_states(school: School) -> None:
    number = school.set_assignment()
    assert state(school, number, school.sam) == "not opened"
    copies = {one: start(one, school.course(one), number) for one in (school.sam, school.tom)}
    assert state(school, number, school.sam) == "open"
    with pytest.raises(NothingToHandIn):
        hand_in(school.sam, school.course(school.sam), number)
    store_files(copies[school.sam], school.sam, {"answer.txt": b"42"})
    hand_in(school.sam, school.course(school.sam), number)
    assert state(school, number, school.sam) == "handed in"
    school.pass_deadline(number)
    assert school.take_snapshots() == 2
    assert state(school, number, school.tom) == "open"  # the template's files and nothing else
    store_files(copies[school.tom], school.tom, {"answer.txt": b"43"})
    assert state(school, number, school.tom) == "late"
    hand_in(school.tom, school.course(school.tom), number)
    assert [state(school, number, one) for one in copies] == ["handed in", "late"]


def test_all_hand_ins_are_one_zip_with_a_folder_each(school: School) -> None:
    number = school.set_assignment()
    copies = {one: start(one, school.course(one), number) for one in (school.sam, school.tom)}
    store_files(copies[school.sam], school.sam, {"answer.txt": b"42"})
    school.pass_deadline(number)
    school.take_snapshots()
    store_files(copies[school.tom], school.tom, {"answer.txt": b"43"})
    hand_in(school.tom, school.course(school.tom), number)
    found = table.list_entrants(read(number), "statistics")
    packed = b"".join(archive.stream_hand_ins(read(number), found))
    with zipfile.ZipFile(io.BytesIO(packed)) as opened:
        assert opened.testzip() is None
        answers = {name: opened.read(name) for name in opened.namelist() if name.endswith("answer.txt")}
    assert answers == {"exercise-1/sam/answer.txt": b"42", "exercise-1/tom_late/answer.txt": b"43"}


def test_a_list_adds_whom_it_can_and_loses_nobody(school: School, charlie: Account) -> None:
    text = "\ufeffName;E-mail\nCharlie;charlie@example.org\nNew;new@uni.example\n\nBad;bad@\nSam;sam\nnew@uni.example\n"
    lines, course = roster.parse(text), school.course(school.teacher)
    assert [one.state for one in roster.preview(course, lines)] == [
        "invited",
        "invited",
        "refused",
        "already",
        "refused",
    ]
    added = roster.add(school.teacher, course, lines)
    assert [one.state for one in added] == ["added", "invited", "refused", "already", "refused"]
    assert school.course(charlie).teaches is False
    again = roster.add(school.teacher, course, roster.parse(roster.write(course)))
    assert {one.state for one in again} == {"already"}
    assert len(asked_for("framework.email.tasks.send_email")) >= 2


def test_a_long_cell_costs_no_other_line(school: School) -> None:
    text = f'name,e-mail\n{"x" * 60_000},sam@example.org\n"{"y" * 30_000}"\ncharlie\n'
    outcomes = roster.preview(school.course(school.teacher), roster.parse(text))
    assert [one.state for one in outcomes] == ["refused", "refused", "added"]
    assert max(len(one.line.person) for one in outcomes) < 50
    with pytest.raises(roster.RosterTooLong):
        roster.parse("z" * 131_073)  # which `csv` would refuse in words of its own


def test_a_cell_is_no_formula(school: School) -> None:
    assert table.write_csv([("=1+1", "a")]) == "'=1+1,a\r\n"


def test_who_leaves_stays_in_the_table(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    key = (school.course(school.teacher).id, school.sam.id)
    with transaction() as session:
        session.delete(session.get_one(GroupMember, key))
    found = table.read_entrant(read(number), "statistics", "sam")
    assert found
    assert (found.left, found.project) == (True, copy.full_name)
    with pytest.raises(AssignmentNotFound):
        school.course(school.sam)


def test_a_deleted_account_stays_with_what_it_handed_in(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    sha = store_files(copy, school.sam, {"answer.txt": b"42"})
    school.pass_deadline(number)
    school.take_snapshots()
    part_id = school.hand_in_of(number, school.sam).id
    with transaction() as session:  # as the database does when the account's row goes
        session.get_one(Part, part_id).user_id = None
    (left,) = [one for one in table.list_entrants(read(number), "statistics") if one.project]
    assert (left.person, left.state, left.final_sha) == ("sam", "handed in", sha)


def test_somebody_elses_private_project_is_no_template(school: School, alice: Account, secret: ProjectAccess) -> None:
    store_files(secret, alice, {"a.txt": b"1"})
    add_people(alice, secret, people=["ada"], role="reader")
    told = AssignmentText("Leak", "", now() + timedelta(days=1), template="alice/quicksand")
    with pytest.raises(InvalidAssignment):
        create_assignment(school.teacher, school.course(school.teacher), told)


def test_a_foreign_template_that_turned_private_is_not_named(
    app: Flask, school: School, website: ProjectAccess, alice: Account, signed_in: SignIn
) -> None:
    store_files(website, alice, {"a.txt": b"1"})
    told = AssignmentText("Exercise", "", now() + timedelta(days=1), template="alice/website")
    number = create_assignment(school.teacher, school.course(school.teacher), told)
    place = f"/statistics/assignments/{number}"
    teacher, program = signed_in(school.teacher), Program.of(app, school.teacher, "read")
    assert "alice/website" in teacher.get(place).text
    update_project(alice, website, name="plans", visibility="private")
    for page in (place, f"{place}/edit"):
        text = teacher.get(page).text
        assert "alice" not in text
        assert "deleted or is private now" in text
    assert program.get(f"/groups{place}").json["template"] is None


def test_handing_in_has_a_budget(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    store_files(copy, school.sam, {"solution.py": b"print(42)"})
    monkeypatch.setitem(budgets.LIMITS, "hand-in", replace(budgets.LIMITS["hand-in"], most=1))
    hand_in(school.sam, school.course(school.sam), number)
    with pytest.raises(budgets.BudgetSpent, match="Too many hand-ins"):
        hand_in(school.sam, school.course(school.sam), number)


def test_the_activity_names_the_participant_who_began_a_copy(school: School) -> None:
    copy = start(school.sam, school.course(school.sam), school.set_assignment())
    with read_transaction() as session:
        event = session.scalars(select(Event).where(Event.project_id == copy.id, Event.kind == "created")).one()
    assert event.actor_id == school.sam.id


def test_feedback_reaches_the_other_side(school: School) -> None:
    number = school.set_assignment()
    feedback.write_feedback(school.teacher, school.course(school.teacher), number, "sam", "Label the axes.")
    feedback.write_feedback(school.sam, school.course(school.sam), number, "sam", "Done.")
    entries = feedback.list_feedback(school.hand_in_of(number, school.sam).id)
    assert [(one.author, one.text) for one in entries] == [("ada", "Label the axes."), ("sam", "Done.")]
    told = [row[0] for row in asked_for("framework.email.tasks.send_email")]
    assert told[-2:] == ["sam@example.org", "ada@example.org"]


def test_a_page_of_the_table_is_two_statements(school: School) -> None:
    number = school.set_assignment()
    assignment = read(number)
    with noted_statements() as few:
        table.read_table(assignment, "statistics")
    start(school.sam, school.course(school.sam), number)
    with noted_statements() as more:
        table.read_table(assignment, "statistics")
    assert [sum(one.startswith("SELECT") for one in statements) for statements in (few, more)] == [2, 2]


def test_the_pages(school: School, signed_in: SignIn) -> None:
    teacher, student = signed_in(school.teacher), signed_in(school.sam)
    fields = {"title": "Exercise 2", "text": "Do it.", "template": "statistics/exercise", "who": "everyone"}
    made = teacher.submit("/statistics/assignments/new", **fields, deadline="2090-01-31T18:00", time_zone="Asia/Tokyo")
    place = made.location
    assert "31 January 2090, 18:00" in teacher.get(place).text
    assert "Exercise 2" in student.get("/statistics/assignments").text
    assert student.submit("/statistics/assignments", to=f"{place}/open").location == "/statistics/exercise-2-sam"
    assert student.get(f"{place}/people/tom").status_code == 404
    assert student.get(f"{place}/edit").status_code == 403
    assert "Your copy" in student.get(f"{place}/people/sam").text
    assert teacher.get(f"{place}/people/sam").status_code == 200
    late = teacher.submit(f"{place}/people/sam", to=f"{place}/people/sam/extend", until="2091-01-01T10:00")
    assert late.status_code == 302
    assert '<option selected value="Asia/Tokyo">' in teacher.get(f"{place}/edit").text
    assert teacher.get(f"{place}/states.csv").text.count("\n") == 3
    assert zipfile.is_zipfile(io.BytesIO(teacher.get(f"{place}/hand-ins.zip").data))
    shown = teacher.submit("/statistics/assignments/participants", people="Zoe, zoe@uni.example", preview="1")
    assert "Will be added, or invited" in shown.text


def test_what_to_do_is_markdown_for_both_sides(school: School, signed_in: SignIn) -> None:
    number = school.set_assignment()
    path = f"/statistics/assignments/{number}"
    for account, page in ((school.teacher, path), (school.sam, f"{path}/people/sam")):
        assert "Do <em>it</em>." in signed_in(account).get(page).text


def test_feedback_is_markdown_and_nothing_in_it_runs(school: School, signed_in: SignIn) -> None:
    number = school.set_assignment()
    for text in ("Label the *axes*.", "<script>alert(1)</script>"):
        feedback.write_feedback(school.teacher, school.course(school.teacher), number, "sam", text)
    shown = signed_in(school.sam).get(f"/statistics/assignments/{number}/people/sam").text
    assert "Label the <em>axes</em>." in shown
    assert "<script>alert" not in shown
