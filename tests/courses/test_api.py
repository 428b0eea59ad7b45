"""A course by the API: what a script needs to take in participants, give more time and fetch what was handed in."""

import io
from zipfile import ZipFile

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.models import GroupMember
from framework.courses.handing_in import hand_in
from framework.courses.starting import start
from framework.database.session import transaction
from framework.projects.core.access import project_for
from tests.api.program import Program
from tests.cast import new_account
from tests.courses.conftest import School
from tests.uploads.conftest import store_files

PARTICIPANTS = "/groups/statistics/participants"
LIST = "name,e-mail\nEve,eve@example.org\nsam,Sam\nnobody,Nobody\n"


@pytest.fixture
def teaching(app: Flask, school: School) -> Program:
    """Ada's program, which may do everything."""
    return Program.of(app, school.teacher)


def test_a_script_fetches_what_was_handed_in(app: Flask, school: School, teaching: Program) -> None:
    number = school.set_assignment()
    made = start(school.sam, school.course(school.sam), number)
    store_files(project_for(school.sam, made.owner, made.name), school.sam, {"answer.txt": b"42"})
    hand_in(school.sam, school.course(school.sam), number)
    school.pass_deadline(number)
    school.take_snapshots()
    place = f"/groups/statistics/assignments/{number}"
    reading = Program.of(app, school.teacher, "read")
    archive = ZipFile(io.BytesIO(reading.get(f"{place}/hand-ins.zip").data))
    (answer,) = (name for name in archive.namelist() if name.endswith("/sam/answer.txt"))
    assert archive.read(answer) == b"42"
    assert "sam,Sam,handed in,statistics/" in reading.get(f"{place}/states.csv").text
    for path in ("hand-ins.zip", "states.csv"):
        assert Program.of(app, school.sam).get(f"{place}/{path}").status_code == 403


def test_one_participant_gets_more_time(app: Flask, school: School, teaching: Program) -> None:
    number = school.set_assignment()
    place = f"/groups/statistics/assignments/{number}/extensions"
    told = teaching.post(place, {"person": "sam", "until": "2090-01-31T18:00:00Z"})
    assert (told.status_code, told.json["person"], told.json["due_at"][:10]) == (200, "sam", "2090-01-31")
    assert teaching.post(place, {"person": "sam", "until": "2020-01-31T18:00:00Z"}).status_code == 400
    assert teaching.post(place, {"person": "ada", "until": "2090-01-31T18:00:00Z"}).status_code == 404
    body = {"person": "sam", "until": "2091-01-31T18:00:00Z"}
    assert Program.of(app, school.sam).post(place, body).status_code == 403


def test_an_assignment_is_archived_restored_and_deleted(app: Flask, school: School, teaching: Program) -> None:
    number, begun = school.set_assignment(), school.set_assignment()
    start(school.sam, school.course(school.sam), begun)
    places = [f"/groups/statistics/assignments/{one}" for one in (number, begun)]
    for archived in (True, False):
        assert teaching.call("PATCH", places[1], json={"archived": archived}).json["archived"] == archived
        listed = {one["id"]: one["archived"] for one in teaching.get("/groups/statistics/assignments").json}
        assert listed == {number: False, begun: archived}
    assert Program.of(app, school.sam).call("DELETE", places[1]).status_code == 403
    assert Program.of(app, school.teacher, "write").call("DELETE", places[0]).status_code == 403
    assert [teaching.call("DELETE", place).status_code for place in places] == [204, 409]
    assert teaching.get(places[0]).status_code == 404


def test_addresses_of_the_invited_are_for_owners_with_the_scope_admin(
    app: Flask, school: School, teaching: Program, bob: Account
) -> None:
    teaching.call("POST", PARTICIPANTS, data=b"zoe@uni.example", content_type="text/csv")
    place = f"/groups/statistics/assignments/{school.set_assignment()}"
    group_id = school.course(school.teacher).id
    with transaction() as session:
        session.add(GroupMember(group_id=group_id, user_id=bob.id, role="member"))
    callers = (teaching, Program.of(app, school.teacher, "write"), Program.of(app, bob), Program.of(app, school.sam))
    shown = [caller.get(place).json for caller in callers]
    assert [one["invited"] for one in shown] == [1, 1, 1, None]
    assert [one["invited_addresses"] for one in shown] == [["zoe@uni.example"], None, None, None]


def test_participants_come_from_a_list(app: Flask, school: School, teaching: Program) -> None:
    new_account("eve")
    sent = teaching.call("POST", PARTICIPANTS, data=LIST.encode(), content_type="text/csv")
    assert [(one["line"], one["person"], one["state"]) for one in sent.json] == [
        (2, "eve@example.org", "added"),
        (3, "sam", "already"),
        (4, "nobody", "refused"),
    ]
    assert ",eve@example.org,participant" in teaching.get(PARTICIPANTS).text
    assert teaching.call("POST", PARTICIPANTS, json={}).status_code == 415
    too_long = b"a" * ((1 << 20) + 1)
    assert teaching.call("POST", PARTICIPANTS, data=too_long, content_type="text/csv").status_code == 413
    for other in (Program.of(app, school.sam), Program.of(app, school.teacher, "write")):
        assert other.get(PARTICIPANTS).status_code == 403
