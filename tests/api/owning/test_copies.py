"""Templates and copies by the API: marked, named and compared as far as the caller may see the original."""

from framework.accounts.core.account import Account
from tests.api.program import Program

SECRET = "/projects/alice/secret"


def test_a_project_becomes_a_template_and_stops_being_one(program: Program, bob: Account) -> None:
    program.put("alice/secret", a="a")
    assert program.get(SECRET).json["is_template"] is False
    changed = program.call("PATCH", SECRET, json={"is_template": True, "description": "To begin with"}).json
    assert (changed["is_template"], changed["description"]) == (True, "To begin with")
    assert program.post("/projects", {"name": "begun", "template": "alice/secret"}).status_code == 201
    assert program.call("PATCH", SECRET, json={"is_template": False}).json["is_template"] is False
    assert program.post("/projects", {"name": "other", "template": "alice/secret"}).status_code == 409


def test_a_copy_is_compared_with_its_original(program: Program, bobs: Program, stranger: Program, bob: Account) -> None:
    program.put("alice/secret", a="a")
    program.post(f"{SECRET}/people", {"person": "bob", "role": "reader"})
    made = bobs.post(f"{SECRET}/copies", {"name": "mine"})
    assert made.status_code == 201
    assert made.json["origin"] == "alice/secret"
    assert bobs.get("/projects/bob/mine").json.keys() == made.json.keys()
    program.put("alice/secret", b="b")
    assert bobs.get("/projects/bob/mine").json["origin"] == "alice/secret"
    told = bobs.get("/projects/bob/mine/origin").json
    assert (told["origin"], told["ahead"], told["behind"], told["files"]) == ("alice/secret", 0, 1, ["b"])
    assert [one["title"] for one in told["missing"]] == ["A change"]
    assert program.get(f"{SECRET}/origin").status_code == 404
    assert program.call("DELETE", f"{SECRET}/people/{bob.id}").status_code == 204
    assert bobs.get("/projects/bob/mine").json["origin"] is None
    assert bobs.get("/projects/bob/mine/origin").status_code == 404
    assert stranger.get("/projects/bob/mine/origin").status_code == 404
