"""Links by the API: made once with their address, listed without it, ended."""

from urllib.parse import urlsplit

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from tests.api.program import Program
from tests.cast import Visitor

LINKS = "/projects/alice/secret/links"


@pytest.fixture
def admin(app: Flask, alice: Account, program: Program) -> Program:
    """Alice's program that may change who sees a project."""
    assert program
    return Program.of(app, alice, "admin")


def test_a_link_is_made_listed_and_ended(app: Flask, admin: Program) -> None:
    drop = {"kind": "drop", "title": "Essay", "folder": "essays", "deadline": "2099-12-04T23:59:00+01:00"}
    made = admin.post(LINKS, drop)
    assert made.status_code == 201
    assert made.json.keys() == {"id", "url"}
    path = urlsplit(made.json["url"]).path
    assert Visitor(app).get(path).status_code == 200
    listed = admin.get(LINKS)
    assert made.json["url"] not in listed.text
    (link,) = listed.json
    assert (link["kind"], link["title"], link["folder"], link["hand_ins"]) == ("drop", "Essay", "essays", 0)
    assert link["deadline"].startswith("2099-12-04T22:59:00")
    assert admin.call("DELETE", f"{LINKS}/{made.json['id']}").status_code == 204
    assert admin.call("DELETE", f"{LINKS}/{made.json['id']}").status_code == 404
    assert (admin.get(LINKS).json, Visitor(app).get(path).status_code) == ([], 404)


def test_a_view_link_leads_to_the_project(app: Flask, admin: Program) -> None:
    made = admin.post(LINKS, {"kind": "view", "expires_at": "2099-01-01T00:00:00Z"})
    assert Visitor(app).get(urlsplit(made.json["url"]).path).location == "/alice/secret"


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "other"},
        {"kind": "view", "folder": "a"},
        {"kind": "drop", "anonymous": True},
        {"kind": "drop", "deadline": "2099-12-04T23:59:00"},
        {"kind": "drop", "deadline": "2020-12-04T23:59:00Z"},
        {"kind": "drop", "folder": "a/../b"},
        {"kind": "drop", "types": ["/"]},
    ],
)
def test_what_makes_no_sense_is_refused(admin: Program, body: dict[str, object]) -> None:
    assert admin.post(LINKS, body).status_code == 400
    assert admin.get(LINKS).json == []


def test_only_the_scope_admin_and_maintainers_reach_links(admin: Program, reading: Program, bobs: Program) -> None:
    assert admin.get(LINKS).status_code == 200
    assert reading.get(LINKS).status_code == 403
    assert bobs.get(LINKS).status_code in {403, 404}
    assert admin.post("/projects/alice/website/links", {"kind": "drop"}).status_code == 409
