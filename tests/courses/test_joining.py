"""From a list of addresses to the participant's copy: invited by CSV, joined by the link or by confirming later."""

import pytest
from sqlalchemy import select

from framework.accounts.lifecycle.operations import create_user
from framework.audit.models import AuditEntry
from framework.courses import roster
from framework.courses.assignments import AssignmentText, change_assignment
from framework.courses.handing_in import extend
from framework.database.session import read_transaction
from framework.database.types import now
from framework.groups.access import group_for
from framework.groups.invitations import list_invitations, withdraw
from framework.projects.core.access import project_for
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail
from tests.courses.conftest import School

ZOE = "zoe@uni.example"


@pytest.fixture
def invited(school: School) -> str:
    """The path of the link that Zoe gets, whose address is in the teacher's list."""
    added = roster.add(school.teacher, school.course(school.teacher), roster.parse(f"name,e-mail\nZoe,{ZOE}\n"))
    assert [one.state for one in added] == [roster.INVITED]
    return link_in_mail("groups/invitations")


def test_whoever_signs_up_by_the_link_can_start(school: School, invited: str, visitor: Visitor) -> None:
    number = school.set_assignment()
    fields = {"username": "zoe", "email": ZOE, "password": PASSWORD, "next": invited}
    page = visitor.get(invited).text
    assert f"email={ZOE}" in page
    assert "/signup?next=" in page
    place = "/statistics/assignments"
    assert visitor.submit(f"/signup?next={invited}", **fields).location == place
    assert "Welcome, zoe." in visitor.get(place).text
    assert 'href="/statistics/assignments"' in visitor.get("/groups").text
    copy = visitor.submit(place, to=f"{place}/{number}/open").location
    assert copy == "/statistics/exercise-1-zoe"
    assert "README.md" in visitor.get(copy).text
    assert project_for(school.teacher, "statistics", "exercise-1-zoe").role == "owner"


def test_whoever_confirms_the_address_later_takes_part(school: School, invited: str, visitor: Visitor) -> None:
    number = school.set_assignment()
    create_user(name="zoe", email=ZOE, password=PASSWORD, confirmed=False)
    visitor.submit("/login", username="zoe", password=PASSWORD)
    assert visitor.get("/statistics/assignments").status_code == 404  # an address that is only claimed is nobody's
    visitor.get(link_in_mail("verify"))
    page = visitor.get("/statistics/assignments").text
    assert f"/statistics/assignments/{number}/open" in page


def test_owners_see_and_withdraw_who_was_invited_from_a_list(
    school: School, invited: str, visitor: Visitor, signed_in: SignIn
) -> None:
    group = group_for(school.teacher, "statistics")
    (pending,) = list_invitations(group)
    assert (pending.email, pending.role, pending.inviter) == (ZOE, "participant", "Ada (ada)")
    assert (pending.expires_at - pending.created_at).days == 14
    page = signed_in(school.teacher).get("/statistics/people").text
    assert f"/statistics/people/invitations/{pending.id}/resend" in page
    withdraw(school.teacher, group, pending.id)
    assert visitor.get(invited).status_code == 404


def test_whoever_joins_does_not_see_the_groups_projects(school: School, invited: str, visitor: Visitor) -> None:
    fields = {"username": "zoe", "email": ZOE, "password": PASSWORD, "next": invited}
    visitor.submit(f"/signup?next={invited}", **fields)
    page = visitor.get("/statistics").text
    assert 'href="/statistics/assignments"' in page
    assert 'href="/statistics/exercise"' not in page
    assert visitor.get("/statistics/exercise").status_code == 404


def test_what_teachers_do_is_in_the_audit_log(school: School) -> None:
    number, course = school.set_assignment(), school.course(school.teacher)
    change_assignment(school.teacher, course, number, AssignmentText("Exercise One", "", now()))
    roster.add(school.teacher, course, roster.parse(f"charlie\n{ZOE}"))
    roster.add(school.teacher, course, roster.parse(ZOE))  # changes nothing
    until = now().replace(year=2090)
    extend(school.teacher, course, number, "sam", until)
    kinds = ("assignment_set", "assignment_changed", "participants_listed", "more_time")
    with read_transaction() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.kind.in_(kinds)).order_by(AuditEntry.id)).all()
    assert [(row.kind, row.actor, row.person) for row in rows] == [
        ("assignment_set", "ada", "statistics"),
        ("assignment_changed", "ada", "statistics"),
        ("participants_listed", "ada", "statistics"),
        ("more_time", "ada", "sam"),
    ]
    assert rows[1].details["assignment"] == "Exercise One"
    assert rows[2].details == {"added": 0, "invited": 1}
    assert rows[3].details["until"].startswith("2090-")
