"""A course of forty from a list of addresses to the teacher's ZIP file."""

import io
import zipfile
from collections.abc import Mapping
from datetime import timedelta

import pytest

from framework.courses import archive, roster, table
from framework.courses.handing_in import extend, hand_in
from framework.courses.models import Assignment
from framework.courses.starting import start
from framework.database.session import read_transaction
from framework.database.types import now
from tests.cast import new_account
from tests.courses.conftest import School
from tests.uploads.conftest import store_files

NAMES = [f"student-{number:02}" for number in range(40)]
ABSENT = ["never-came", "nor-did-i"]
"""Addresses of the list that nobody confirms."""


def read_answers(number: int) -> dict[str, bytes]:
    """The answers in the ZIP file of all hand-ins, by the folder that they are in."""
    with read_transaction() as session:
        assignment = session.get_one(Assignment, number)
    entrants = table.list_entrants(assignment, "statistics")
    with zipfile.ZipFile(io.BytesIO(b"".join(archive.stream_hand_ins(assignment, entrants)))) as opened:
        assert opened.testzip() is None
        return {name: opened.read(name) for name in opened.namelist() if name.endswith("answer.txt")}


def count_states(number: int) -> Mapping[str, int]:
    """How many the teacher sees in each state."""
    with read_transaction() as session:
        assignment = session.get_one(Assignment, number)
    return table.read_table(assignment, "statistics").counts


@pytest.mark.long
def test_forty_from_a_list_hand_in_and_their_snapshots_are_one_zip(school: School) -> None:
    text = "name;e-mail\n" + "".join(f"{name.title()};{name}@example.org\n" for name in NAMES)
    text += "".join(f"{name};{name}@example.org\n" for name in ABSENT)
    added = roster.add(school.teacher, school.course(school.teacher), roster.parse(text))
    assert [one.state for one in added] == [roster.INVITED] * 42
    number = school.set_assignment()
    assert count_states(number)["invited"] == 42
    people = [new_account(name) for name in NAMES]  # each confirms the address, and takes part by that
    copies = [start(one, school.course(one), number) for one in people[:39]]
    for person, copy in list(zip(people, copies, strict=False))[:37]:
        store_files(copy, person, {"answer.txt": f"by {person.name}".encode()})
    extended, late = 37, 38
    school.pass_deadline(number)
    teacher = school.course(school.teacher)
    extend(school.teacher, teacher, number, NAMES[extended], now() + timedelta(hours=1))
    assert school.take_snapshots() == 38
    store_files(copies[0], people[0], {"answer.txt": b"changed after the deadline"})
    for position in (extended, late):
        store_files(copies[position], people[position], {"answer.txt": f"by {NAMES[position]}".encode()})
    hand_in(people[late], school.course(people[late]), number)
    school.pass_deadline(number)
    assert school.take_snapshots() == 1
    expected = {f"exercise-1/{name}/answer.txt": f"by {name}".encode() for name in NAMES[:38]}
    expected[f"exercise-1/{NAMES[late]}_late/answer.txt"] = f"by {NAMES[late]}".encode()
    assert read_answers(number) == expected
    counts = {"invited": 2, "not opened": 3, "open": 0, "handed in": 38, "late": 1}
    assert count_states(number) == counts
