"""A course of forty: from a CSV file to the ZIP file of what was handed in before and after the deadline."""

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from selenium.webdriver.support.select import Select
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.courses.access import course_for
from framework.courses.handing_in import hand_in
from framework.courses.models import Assignment
from framework.courses.snapshots import take_snapshots
from framework.courses.starting import start
from framework.database.session import read_transaction
from framework.database.types import now
from framework.groups.operations import create_group
from framework.projects.lifecycle.operations import create_project
from tests.browser import pages
from tests.browser.window import Window
from tests.courses.conftest import move_into_past
from tests.uploads.conftest import store_files

FORTY = 40


def choose_moment(window: Window, label: str, moment: str) -> None:
    """Fill in a field for a day and a time, into which browsers of each language have other things typed."""
    window.driver.execute_script("arguments[0].value = arguments[1]", window.field(label), moment)


def find_assignment_number(group_id: int) -> int:
    """The number of the group's only assignment."""
    with read_transaction() as session:
        return session.scalars(select(Assignment.id).where(Assignment.group_id == group_id)).one()


def set_exercise(window: Window, group: str, students: list[Account], tmp_path: Path) -> None:
    """Add the forty from a file, and set them an exercise from the template."""
    lines = [f"{one.name},{one.email}" for one in students]
    (tmp_path / "list.csv").write_text("\n".join(["name,e-mail", *lines]))
    window.open(f"/{group}/assignments/participants")
    window.field("Or a CSV file").send_keys(str(tmp_path / "list.csv"))
    window.leaves(lambda: window.press("Show what each line does"))
    window.reads("Will be added, or invited by e-mail")
    window.leaves(lambda: window.press("Add them"))
    window.reads("What happened")
    assert window.text.count("\nAdded") == FORTY
    window.open(f"/{group}/assignments")
    window.press("New assignment")
    window.fill("Title", "Exercise 1")
    window.fill("Template", f"{group}/template")
    choose_moment(window, "Deadline", f"{now() + timedelta(hours=2):%Y-%m-%dT%H:%M}")
    Select(window.field("Time zone")).select_by_value("UTC")
    window.leaves(lambda: window.press("Set assignment"))
    window.reads("The assignment is set.")


@pytest.mark.long
def test_a_course_of_forty(plain_window: Window, new_person: Callable[[str], Account], tmp_path: Path) -> None:
    window, teacher = plain_window, new_person("ada")
    students = [new_person(f"student-{count:02}") for count in range(FORTY)]
    made = create_group(teacher, name=teacher.name.replace("ada", "statistics"), title="Statistics I")
    template = create_project(teacher, name="template", description="", visibility="private", owner=made.name)
    store_files(template, teacher, {"README.md": b"# Exercise 1\n"})
    pages.sign_in(window, teacher)
    set_exercise(window, made.name, students, tmp_path)
    number = find_assignment_number(made.id)
    table, (first, extended, late) = f"/{made.name}/assignments/{number}", (students[0], students[38], students[39])
    window.open(f"{table}/people/{extended.name}")
    choose_moment(window, "New deadline", f"{now() + timedelta(days=3):%Y-%m-%dT%H:%M}")
    window.leaves(lambda: window.press("Give more time"))
    window.reads(f"{extended.name} has a new deadline.")
    pages.sign_out(window, teacher.name)

    pages.sign_in(window, first)
    window.open(f"/{made.name}/assignments")
    window.leaves(lambda: window.press("Start Exercise 1"))
    window.reads("README.md")
    copies = {one: start(one, course_for(one, made.name), number) for one in students}
    for one, copy in copies.items():
        if one not in {extended, late}:
            store_files(copy, one, {"answer.txt": one.name.encode()})
    window.open(table)
    window.leaves(lambda: window.press("Hand in"))
    window.reads("Handed in. You can still change your files until the deadline.")
    pages.sign_out(window, first.name)

    move_into_past(number, hours=3, but=extended.id)
    assert take_snapshots() == FORTY - 1
    store_files(copies[first], first, {"answer.txt": b"changed after the deadline"})
    for one in (extended, late):
        store_files(copies[one], one, {"answer.txt": one.name.encode()})
        hand_in(one, course_for(one, made.name), number)
    pages.sign_in(window, teacher)
    window.open(table)
    assert (window.text.count("\nHanded in"), window.text.count("\nLate\n"), window.text.count("more time")) == (
        39,
        1,
        1,
    )
    window.press("All hand-ins (ZIP)")
    with zipfile.ZipFile(io.BytesIO(window.downloaded("exercise-1.zip"))) as opened:
        answers = {name: opened.read(name).decode() for name in opened.namelist() if name.endswith("answer.txt")}
    expected = {f"exercise-1/{one.name}/answer.txt": one.name for one in students if one not in {extended, late}}
    assert answers == expected | {f"exercise-1/{late.name}_late/answer.txt": late.name}
