"""The trash by the API: what lies in it is restored, or deleted for good to free room."""

from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.models import PlanLimits
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from tests.api.program import Program

SECRET = "/projects/alice/secret"


def test_a_full_owner_frees_room(program: Program, bobs: Program, secret: ProjectAccess) -> None:
    program.put("alice/secret", a="a")
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=0))
    assert program.commit("alice/secret", {"op": "delete", "path": "a"}).status_code == 413
    assert program.call("DELETE", SECRET).status_code == 204
    (waiting,) = program.get("/trash").json
    place = f"/trash/{waiting['id']}"
    assert (waiting["full_name"], bobs.get("/trash").json) == ("alice/secret", [])
    assert bobs.call("DELETE", place, json={"name": "secret"}).status_code == 404
    assert program.call("DELETE", place, json={"name": "notes"}).status_code == 400
    assert program.call("DELETE", place, json={"name": "alice/secret"}).status_code == 204
    assert program.call("DELETE", place, json={"name": "alice/secret"}).status_code == 404
    assert (program.get("/usage").json["used_bytes"], program.get("/trash").json) == (0, [])


def test_what_is_in_the_trash_is_restored(app: Flask, alice: Account, program: Program, secret: ProjectAccess) -> None:
    program.put("alice/secret", a="a")
    program.call("DELETE", SECRET)
    place = f"/trash/{secret.id}/restore"
    assert Program.of(app, alice, "write").post(place, {}).status_code == 403
    answer = program.post(place, {})
    assert (answer.status_code, answer.json["full_name"]) == (200, "alice/secret")
    assert program.post(place, {}).status_code == 404
    assert program.get(f"{SECRET}/raw/main/a").text == "a"
