"""A course of a thousand people with five hundred assignments: no page costs more statements than in a small one."""

from datetime import timedelta

import pytest
from sqlalchemy import insert, select

from framework.accounts.models import GroupMember, User
from framework.courses.models import Assignment, Part
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from tests.cast import SignIn, Visitor, on_each_deployment
from tests.courses.conftest import School
from tests.statements import noted_statements

PEOPLE, ASSIGNMENTS = 1000, 500


def enlarge(school: School, number: int) -> None:
    """Add the others, each with a part in the assignment, and the other assignments."""
    group_id, moment = school.course(school.teacher).id, now() + timedelta(days=9)
    names = [f"student-{count:04}" for count in range(PEOPLE - 3)]
    email = "{}@example.org"
    users = [
        {"name": name, "name_key": name, "email": email.format(name), "email_key": email.format(name)} for name in names
    ]
    with transaction() as session:
        session.execute(insert(User), [user | {"password_hash": "x", "session_key": "0" * 32} for user in users])
        ids = session.scalars(select(User.id).where(User.name_key.startswith("student-"))).all()
        session.execute(
            insert(GroupMember), [{"group_id": group_id, "user_id": one, "role": "participant"} for one in ids]
        )
        rows = [{"assignment_id": number, "user_id": one, "person": "student", "due_at": moment} for one in ids]
        session.execute(insert(Part), rows)
        others = [
            {"group_id": group_id, "title": f"Exercise {count}", "slug": f"exercise-{count}", "deadline": moment}
            for count in range(2, ASSIGNMENTS + 1)
        ]
        session.execute(insert(Assignment), others)
        mine = select(Assignment.id).where(Assignment.group_id == group_id, Assignment.id != number)
        parts = [
            {"assignment_id": one, "user_id": school.sam.id, "person": "sam", "due_at": moment}
            for one in session.scalars(mine)
        ]
        session.execute(insert(Part), parts)


def count_statements(visitor: Visitor, address: str) -> int:
    """How many the page takes, once the process knows what it remembers."""
    assert visitor.get(address).status_code == 200
    with noted_statements() as statements:
        visitor.get(address)
    return len(statements)


@pytest.mark.long
@on_each_deployment
def test_no_page_grows_with_people_or_assignments(school: School, signed_in: SignIn) -> None:
    number = school.set_assignment()
    place = f"/statistics/assignments/{number}"
    teacher, student = signed_in(school.teacher), signed_in(school.sam)
    pages = [
        (teacher, "/statistics/assignments"),
        (teacher, place),
        (teacher, f"{place}?q=sam"),
        (teacher, f"{place}?state=not+opened"),
        (teacher, f"{place}/people/sam"),
        (teacher, f"{place}/edit"),
        (teacher, "/statistics/assignments/participants"),
        (teacher, f"{place}/states.csv"),
        (student, "/statistics/assignments"),
        (student, f"{place}/people/sam"),
    ]
    few = [count_statements(*page) for page in pages]
    enlarge(school, number)
    with read_transaction() as session:
        assert len(session.scalars(select(Assignment.id)).all()) == ASSIGNMENTS
    many = [count_statements(*page) for page in pages]
    assert [late for late, early in zip(many, few, strict=True) if late > early] == []
    assert ">999</span>" in teacher.get(place).text
