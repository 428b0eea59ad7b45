"""Who is listed for an assignment, and its deadline: changed without losing anything, by anyone's present name."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import update_profile
from framework.accounts.models import GroupMember, User
from framework.courses import roster, starting
from framework.courses.access import AssignmentNotFound
from framework.courses.assignments import (
    AssignmentText,
    InvalidAssignment,
    change_assignment,
    check_text,
    list_assignments,
)
from framework.courses.feedback import list_feedback, write_feedback
from framework.courses.handing_in import extend, hand_in
from framework.courses.models import Assignment, Part
from framework.courses.starting import start
from framework.courses.table import list_entrants
from framework.courses.teaching.listed import NotInCourse, read_people
from framework.database.insert import insert_if_absent
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import SignIn, new_account
from tests.courses.conftest import School
from tests.statements import noted_statements
from tests.uploads.conftest import store_files


def read(number: int) -> Assignment:
    """The assignment's row."""
    with read_transaction() as session:
        return session.get_one(Assignment, number)


def list_people(school: School, number: int, *people: str, hours: float = 1) -> None:
    """Have these take part, by a deadline in so many hours."""
    told = AssignmentText(
        "Exercise 1", "", now() + timedelta(hours=hours), template=school.template.full_name, people=people
    )
    change_assignment(school.teacher, school.course(school.teacher), number, told)


def shown(number: int) -> list[str]:
    """Who is in the table."""
    return [one.person for one in list_entrants(read(number), "statistics")]


def test_who_is_taken_off_the_list_and_put_back_finds_everything(school: School) -> None:
    number, teaching = school.set_assignment(people=("sam", "tom")), school.course(school.teacher)
    write_feedback(school.teacher, teaching, number, "sam", "Label the axes.")
    until = now() + timedelta(days=3)
    extend(school.teacher, teaching, number, "sam", until)
    list_people(school, number, "tom")
    assert shown(number) == ["tom"]
    assert list_assignments(school.sam, school.course(school.sam)) == ([], False)
    with pytest.raises(AssignmentNotFound):
        start(school.sam, school.course(school.sam), number)
    list_people(school, number, "sam", "tom")
    row = school.hand_in_of(number, school.sam)
    assert (row.due_at, row.extended) == (until, True)
    assert [one.text for one in list_feedback(row.id)] == ["Label the axes."]


def test_who_has_begun_stays_in_the_table(school: School) -> None:
    number = school.set_assignment(people=("sam", "tom"))
    copy = start(school.sam, school.course(school.sam), number)
    list_people(school, number, "tom")
    assert shown(number) == ["sam", "tom"]
    assert read_people(read(number)) == ("tom",)
    assert start(school.sam, school.course(school.sam), number).id == copy.id


def test_a_list_with_somebody_renamed_departed_or_deleted_can_be_saved(school: School) -> None:
    ida = new_account("ida")
    school.add_participants(ida)
    number = school.set_assignment(people=("sam", "tom", "ida"))
    update_profile(school.sam.id, name="samuel", full_name="Sam", email="sam@example.org")
    group_id = school.course(school.teacher).id
    with transaction() as session:
        for one in (school.tom, ida):
            session.delete(session.get_one(GroupMember, (group_id, one.id)))
        session.scalars(select(Part).where(Part.user_id == ida.id)).one().user_id = None  # as a deleted account's
    listed = read_people(read(number))
    assert listed == ("samuel", "tom")
    list_people(school, number, *listed)
    list_people(school, number, "sam", "tom", "ida")  # a page that was opened before
    assert read_people(read(number)) == ("samuel", "tom")
    with pytest.raises(NotInCourse, match="charlie"):
        list_people(school, number, "sam", "charlie")


def test_a_list_of_many_costs_as_many_statements_as_one_of_few(school: School) -> None:
    number = school.set_assignment(people=())
    names = [f"person-{count}" for count in range(8)]
    school.add_participants(*(new_account(name) for name in names))
    counts = list[int]()
    for people in (names[:2], names):
        with noted_statements() as statements:
            list_people(school, number, *people)
        counts.append(len(statements))
    assert counts[0] == counts[1]


def test_a_later_deadline_is_more_time_for_all(school: School) -> None:
    number = school.set_assignment()
    copies = {one: start(one, school.course(one), number) for one in (school.sam, school.tom)}
    first = {one: store_files(copy, one, {"a.txt": b"1"}) for one, copy in copies.items()}
    school.pass_deadline(number)
    assert school.take_snapshots() == 2
    extend(school.teacher, school.course(school.teacher), number, "tom", now() + timedelta(days=9))
    own = school.hand_in_of(number, school.tom).due_at
    list_people(school, number, "sam", "tom", hours=2)
    second = store_files(copies[school.sam], school.sam, {"a.txt": b"2"})
    school.pass_deadline(number)
    assert school.take_snapshots() == 1
    assert school.hand_in_of(number, school.sam).snapshot_sha == second != first[school.sam]
    assert school.hand_in_of(number, school.tom).due_at == own - timedelta(hours=3)


def test_another_title_after_the_deadline_leaves_snapshots_alone(school: School) -> None:
    number = school.set_assignment()
    copy = start(school.sam, school.course(school.sam), number)
    sha = store_files(copy, school.sam, {"a.txt": b"1"})
    hand_in(school.sam, school.course(school.sam), number)
    school.pass_deadline(number)
    school.take_snapshots()
    list_people(school, number, "sam", hours=-2)
    assert school.hand_in_of(number, school.sam).snapshot_sha == sha


@pytest.mark.deployments("production-like")
def test_a_deadline_waits_for_who_is_starting(school: School, monkeypatch: pytest.MonkeyPatch) -> None:
    number = school.set_assignment()
    refused = list[bool]()

    def try_to_change() -> bool:
        with transaction() as session, pytest.raises(OperationalError):
            session.get(Assignment, number, with_for_update={"key_share": True, "nowait": True})
        return True

    def insert_while_somebody_changes(*args: object, **values: object) -> None:
        with ThreadPoolExecutor(1) as pool:
            refused.append(pool.submit(try_to_change).result())
        insert_if_absent(*args, **values)  # type: ignore[arg-type]

    monkeypatch.setattr(starting, "insert_if_absent", insert_while_somebody_changes)
    start(school.sam, school.course(school.sam), number)
    assert refused == [True]


@pytest.mark.parametrize(("year", "zone"), [(1999, "UTC"), (2101, "UTC"), (2050, "Europe/Atlantis"), (2050, "")])
def test_a_deadline_from_a_program_follows_the_rules_of_the_form(year: int, zone: str) -> None:
    with pytest.raises(InvalidAssignment):
        check_text(AssignmentText("Exercise", "", now().replace(year=year, day=1), zone))


@pytest.mark.parametrize("lacks_factor", [False, True])
def test_only_owners_get_addresses_in_the_downloaded_list(
    school: School, charlie: Account, bob: Account, signed_in: SignIn, *, lacks_factor: bool
) -> None:
    course = school.course(school.teacher)
    roster.add(school.teacher, course, roster.parse("charlie@example.org\nnew@uni.example"))
    with transaction() as session:
        session.add(GroupMember(group_id=course.id, user_id=bob.id, role="owner" if lacks_factor else "member"))
    path = "/statistics/assignments/participants.csv"
    assert {"charlie@example.org", "new@uni.example"} <= set(signed_in(school.teacher).get(path).text.split(","))
    with transaction() as session:
        session.get_one(User, course.id).owners_need_factor = lacks_factor
    lines = signed_in(bob).get(path).text.splitlines()
    assert lines[0] == "name,user name,state"
    assert sorted(line.split(",")[1] for line in lines[1:]) == ["charlie", "sam", "tom"]
    again = roster.preview(school.course(bob), roster.parse("\n".join(lines)))
    assert {one.state for one in again} == {roster.ALREADY}
