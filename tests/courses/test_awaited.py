"""Addresses on an assignment's list: of people who were invited and have not joined yet, in any order of events."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from framework.accounts.core.account import Account
from framework.accounts.models import GroupMember, User
from framework.courses import assignments, roster, table
from framework.courses.assignments import AssignmentText, change_assignment
from framework.courses.models import Assignment
from framework.courses.starting import start
from framework.courses.teaching import listed
from framework.courses.teaching.ending import delete_assignment
from framework.courses.teaching.lines import Wanted
from framework.courses.teaching.listed import NotInCourse, read_awaited, read_people
from framework.database.session import read_transaction, transaction
from framework.groups.access import group_for
from framework.groups.invitations import list_invitations, withdraw
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail, new_account
from tests.courses.conftest import School

ZOE = "Zoe@example.org"


@pytest.fixture
def invited(school: School) -> School:
    """The course, to which Zoe is invited."""
    roster.add(school.teacher, school.course(school.teacher), roster.parse(ZOE))
    return school


def read(number: int) -> Assignment:
    """The assignment's row."""
    with read_transaction() as session:
        return session.get_one(Assignment, number)


def on_list(number: int) -> tuple[str, ...]:
    """Names and addresses."""
    return (*(read_people(read(number)) or ()), *read_awaited(read(number)))


def list_people(school: School, number: int, *people: str, by: Account | None = None) -> None:
    """Have these take part."""
    teacher = by or school.teacher
    told = AssignmentText("Exercise 1", "", read(number).deadline, people=people)
    change_assignment(teacher, school.course(teacher), number, told)


def test_who_is_listed_by_an_address_takes_part_once_they_join(invited: School) -> None:
    number, other = (invited.set_assignment(people=people) for people in ((ZOE, "sam"), ("sam",)))
    assert on_list(number) == ("sam", ZOE)
    assert [table.read_table(read(one), "statistics", Wanted(addresses=True)).invited for one in (number, other)] == [
        [ZOE],
        [],
    ]
    zoe = new_account("zoe")
    assert [on_list(one) for one in (number, other)] == [("sam", "zoe"), ("sam",)]
    assert start(zoe, invited.course(zoe), number).name == "exercise-1-zoe"
    assert invited.hand_in_of(number, zoe).due_at == read(number).deadline


def test_who_has_joined_is_listed_by_the_address_they_were_invited_by(invited: School) -> None:
    number, charlie = invited.set_assignment(people=("sam",)), new_account("charlie")
    invited.add_participants(charlie)
    new_account("zoe")
    list_people(invited, number, "sam", ZOE.upper())
    assert on_list(number) == ("sam", "zoe")
    for stranger in ("charlie@example.org", "nobody@example.org"):  # Charlie has not given theirs to the course
        with pytest.raises(NotInCourse, match=stranger):
            list_people(invited, number, stranger)


def test_who_is_there_by_name_is_listed_when_they_confirm_the_address(school: School, visitor: Visitor) -> None:
    zoe = new_account("zoe", confirmed=False)
    roster.add(school.teacher, school.course(school.teacher), roster.parse(ZOE))
    number = school.set_assignment(people=(ZOE,))
    school.add_participants(zoe)
    visitor.submit("/login", username="zoe", password=PASSWORD)
    visitor.get(link_in_mail("verify"))
    assert on_list(number) == ("zoe",)


def test_an_address_off_the_list_is_not_awaited_and_a_withdrawn_one_does_nothing(invited: School) -> None:
    number, kept = invited.set_assignment(people=("sam", ZOE)), invited.set_assignment(people=("sam", ZOE))
    list_people(invited, number, "sam")
    group = group_for(invited.teacher, "statistics")
    withdraw(invited.teacher, group, list_invitations(group)[0].id)
    list_people(invited, kept, *on_list(kept))  # the page can be saved
    zoe = new_account("zoe")
    invited.add_participants(zoe)
    assert [on_list(one) for one in (number, kept)] == [("sam",), ("sam", ZOE)]
    assert table.read_table(read(kept), "statistics").counts["invited"] == 0


def test_members_add_addresses_and_neither_see_nor_remove_those_of_others(invited: School, signed_in: SignIn) -> None:
    number, bob = invited.set_assignment(people=("sam", ZOE)), new_account("bob")
    group_id = invited.course(invited.teacher).id
    with transaction() as session:
        session.add(GroupMember(group_id=group_id, user_id=bob.id, role="member"))
    roster.add(bob, invited.course(bob), roster.parse("yan@uni.example"))
    page = signed_in(bob).get(f"/statistics/assignments/{number}/edit").text
    assert (ZOE in page, "1 invited address is on the list" in page) == (False, True)
    assert ZOE in signed_in(invited.teacher).get(f"/statistics/assignments/{number}/edit").text
    list_people(invited, number, "tom", "yan@uni.example", by=bob)
    assert on_list(number) == ("tom", "yan@uni.example", ZOE)


def test_an_assignment_that_waits_for_somebody_can_be_deleted(invited: School) -> None:
    number = invited.set_assignment(people=(ZOE,))
    delete_assignment(invited.teacher, invited.course(invited.teacher), number)
    assert new_account("zoe").name == "zoe"


@pytest.mark.deployments("production-like")
def test_nobody_joins_while_a_list_is_changed(invited: School, monkeypatch: pytest.MonkeyPatch) -> None:
    number, group_id = invited.set_assignment(people=("sam",)), invited.course(invited.teacher).id
    refused = list[bool]()

    def try_to_join() -> bool:
        with transaction() as session, pytest.raises(OperationalError):  # the lock that `take_all` waits for
            session.get(User, group_id, with_for_update={"key_share": True, "nowait": True})
        return True

    def list_while_somebody_joins(*args: Any, **more: Any) -> None:
        with ThreadPoolExecutor(1) as pool:
            refused.append(pool.submit(try_to_join).result())
        listed.list_people(*args, **more)

    monkeypatch.setattr(assignments, "list_people", list_while_somebody_joins)
    list_people(invited, number, ZOE)
    assert refused == [True]
    new_account("zoe")
    assert on_list(number) == ("zoe",)
