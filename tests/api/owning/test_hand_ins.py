"""Drop-off links by the API: who handed in, other deadlines, more time for one person, everything as ZIP."""

import io
from urllib.parse import urlsplit
from zipfile import ZipFile

import pytest

from framework.projects.core.access import ProjectAccess
from tests.api.program import Program
from tests.cast import Visitor
from tests.links.conftest import ADA, send

LINKS = "/projects/alice/secret/links"


@pytest.fixture
def drop(program: Program, secret: ProjectAccess) -> tuple[str, str]:
    """A drop-off link of Alice's: where the API has it, and its page."""
    assert secret
    body = {"kind": "drop", "folder": "essays", "deadline": "2090-12-04T22:59:00Z", "time_zone": "Europe/Berlin"}
    made = program.post(LINKS, body).json
    return f"{LINKS}/{made['id']}", urlsplit(made["url"]).path


def test_hand_ins_are_listed_and_downloaded(
    program: Program, bobs: Program, visitor: Visitor, drop: tuple[str, str]
) -> None:
    place, page = drop
    assert program.get(f"{place}/hand-ins").json == []
    assert program.get(f"{place}/hand-ins.zip").status_code == 404
    assert send(visitor, page, {"essay.txt": b"Engines"}, **ADA).status_code == 303
    (one,) = program.get(f"{place}/hand-ins").json
    assert (one["name"], one["email"], one["folder"], one["times"]) == (*ADA.values(), "Ada Lovelace", 1)
    assert [(file["path"], file["size"]) for file in one["files"]] == [("essay.txt", 7)]
    archive = ZipFile(io.BytesIO(program.get(f"{place}/hand-ins.zip").data))
    assert [archive.read(name) for name in archive.namelist() if name.endswith("Ada Lovelace/essay.txt")] == [
        b"Engines"
    ]
    assert bobs.get(f"{place}/hand-ins.zip").status_code == 404


def test_a_drop_off_is_closed_reopened_and_given_another_deadline(
    program: Program, visitor: Visitor, drop: tuple[str, str]
) -> None:
    place, page = drop
    assert "23:59 (Europe/Berlin)" in visitor.get(page).text
    assert program.call("PATCH", place, json={"closed": True}).json["closed"] is True
    assert "was closed by its owner" in visitor.get(page).text
    changed = program.call("PATCH", place, json={"closed": False, "deadline": "2091-01-01T12:00:00Z"}).json
    assert (changed["closed"], changed["deadline"][:16], changed["time_zone"]) == (
        False,
        "2091-01-01T12:00",
        "Europe/Berlin",
    )
    assert program.call("PATCH", place, json={"time_zone": "UTC"}).json["deadline"] == changed["deadline"]
    for wrong in ({"deadline": "2020-01-01T12:00:00Z"}, {"time_zone": "Mars"}, {"closed": True, "time_zone": "x"}):
        assert program.call("PATCH", place, json=wrong).status_code == 400
    assert program.call("PATCH", place, json={"deadline": None}).json["deadline"] is None
    assert send(visitor, page, {"essay.txt": b"1"}, **ADA).status_code == 303


def test_one_person_gets_more_time(program: Program, drop: tuple[str, str]) -> None:
    place, _page = drop
    body = {"email": "ada@example.com", "until": "2091-01-01T12:00:00Z"}
    assert program.post(f"{place}/extensions", body).status_code == 201
    assert program.post(f"{place}/extensions", body | {"until": "2020-01-01T12:00:00Z"}).status_code == 400
    (waiting,) = program.get(f"{place}/hand-ins").json
    assert (waiting["email"], waiting["extended_until"][:10], waiting["files"]) == ("ada@example.com", "2091-01-01", [])


def test_a_view_link_takes_no_hand_ins(program: Program, drop: tuple[str, str]) -> None:
    assert drop
    view = f"{LINKS}/{program.post(LINKS, {'kind': 'view'}).json['id']}"
    for method, path in (("PATCH", view), ("GET", f"{view}/hand-ins"), ("GET", f"{view}/hand-ins.zip")):
        assert program.call(method, path, json={"closed": True} if method == "PATCH" else None).status_code == 404
