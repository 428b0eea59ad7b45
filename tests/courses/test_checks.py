"""What programs say about hand-ins: in the teacher's table, and nothing that a participant says of their own."""

import csv

import pytest
from flask import Flask
from sqlalchemy import select, update

from framework.courses import table
from framework.courses.handing_in import hand_in
from framework.courses.models import Assignment
from framework.courses.starting import start
from framework.database.session import read_transaction, transaction
from framework.groups.access import group_for
from framework.projects.core.access import ProjectAccess, RoleTooLow, project_for
from framework.statuses.models import CommitStatus
from framework.statuses.operations import StatusText, set_status
from framework.webhooks.models import Delivery
from framework.webhooks.operations import WebhookText, create_webhook
from framework.webhooks.places import Place
from tests.api.program import Program
from tests.cast import SignIn
from tests.courses.conftest import School
from tests.uploads.conftest import store_files


def worked_copy(school: School, number: int) -> tuple[ProjectAccess, str]:
    """Sam's copy with work in it, and the commit."""
    copy = start(school.sam, school.course(school.sam), number)
    sha = store_files(copy, school.sam, {"solution.py": b"print(42)"})
    return project_for(school.sam, "statistics", copy.name), sha


def test_the_table_shows_what_the_teachers_program_says(app: Flask, school: School, signed_in: SignIn) -> None:
    number = school.set_assignment()
    copy, sha = worked_copy(school, number)
    teachers = project_for(school.teacher, "statistics", copy.name)
    page = f"/statistics/assignments/{number}"
    set_status(school.sam, copy, sha, StatusText("success", "my own opinion"))
    assert "status-success" not in signed_in(school.teacher).get(page).text
    assert "success" not in signed_in(school.teacher).get(f"{page}/states.csv").text
    set_status(school.teacher, teachers, sha, StatusText("failure", "tests", "0 of 3"))
    assert "status-failure" in signed_in(school.teacher).get(page).text
    assert "0 of 3" in signed_in(school.sam).get(f"{page}/people/sam").text
    with pytest.raises(RoleTooLow):
        set_status(school.sam, copy, sha, StatusText("success", "tests"))
    people = Program.of(app, school.teacher).get(f"/groups/statistics/assignments/{number}").json["people"]
    assert [one["status"] for one in people if one["person"] == "sam"] == ["failure"]
    states = csv.DictReader(signed_in(school.teacher).get(f"{page}/states.csv").text.splitlines())
    assert {one["person"]: one["status"] for one in states} == {"sam": "failure", "tom": ""}
    with read_transaction() as session:
        assignment = session.get_one(Assignment, number)
    assert table.read_checks(table.list_entrants(assignment, "statistics"))[copy.id, sha].state == "failure"


def test_an_opinion_of_ones_own_does_not_count_either_when_the_account_is_gone(school: School) -> None:
    number = school.set_assignment()
    copy, sha = worked_copy(school, number)
    set_status(school.sam, copy, sha, StatusText("success", "my own opinion"))
    with transaction() as session:
        session.execute(update(CommitStatus).values(creator_id=None))
        assignment = session.get_one(Assignment, number)
    assert table.read_checks(table.list_entrants(assignment, "statistics")) == {}


def test_a_hand_in_is_told_to_the_groups_webhook(school: School) -> None:
    number = school.set_assignment()
    copy, sha = worked_copy(school, number)
    place = Place(group=group_for(school.teacher, "statistics"))
    create_webhook(school.teacher, place, WebhookText("https://8.8.8.8/", ["hand_in"]))
    hand_in(school.sam, school.course(school.sam), number)
    with read_transaction() as session:
        (row,) = session.scalars(select(Delivery).where(Delivery.event == "hand_in")).all()
    assert (row.project_id, row.facts["person"], row.facts["sha"]) == (copy.id, "sam", sha)


def test_a_participant_does_not_learn_which_project_the_template_is(app: Flask, school: School) -> None:
    place = f"/groups/statistics/assignments/{school.set_assignment()}"
    told = {one.name: Program.of(app, one, "read").get(place) for one in (school.teacher, school.sam)}
    assert told[school.teacher.name].json["template"] == "statistics/exercise"
    assert told[school.sam.name].json["template"] is None
