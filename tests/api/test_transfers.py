"""Handing projects over by the API."""

from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from tests.api.program import Program

TRANSFER = "/projects/alice/secret/transfer"


def test_a_project_is_offered_and_accepted(program: Program, bobs: Program, bob: Account) -> None:
    answer = program.post(TRANSFER, {"to": "bob"})
    assert (answer.status_code, answer.json["to"], answer.json["state"]) == (202, "bob", "pending")
    (offer,) = bobs.get("/transfers").json
    assert offer == answer.json
    assert program.post(f"/transfers/{offer['id']}/accept", {}).status_code == 404
    answer = bobs.post(f"/transfers/{offer['id']}/accept", {})
    assert (answer.status_code, answer.json["full_name"], answer.json["role"]) == (200, "bob/secret", "owner")
    moved = program.get("/projects/alice/secret")
    assert (moved.status_code, moved.headers["Location"]) == (301, "/api/v1/projects/bob/secret")


def test_an_offer_is_declined_or_withdrawn(program: Program, bobs: Program, bob: Account) -> None:
    number = program.post(TRANSFER, {"to": "bob"}).json["id"]
    assert bobs.call("DELETE", f"/transfers/{number}").status_code == 204
    program.post(TRANSFER, {"to": "bob"})
    assert program.call("DELETE", TRANSFER).status_code == 204
    assert program.call("DELETE", TRANSFER).status_code == 404
    assert bobs.get("/transfers").json == []


def test_it_refuses_who_may_not(
    app: Flask, program: Program, bobs: Program, bob: Account, alice: Account, secret: ProjectAccess
) -> None:
    assert program.post(TRANSFER, {"to": "nobody"}).status_code == 400
    assert program.post(TRANSFER, {"to": "alice"}).status_code == 409
    assert bobs.post(TRANSFER, {"to": "bob"}).status_code == 404
    assert Program.of(app, alice, "write").post(TRANSFER, {"to": "bob"}).status_code == 403
    program.post(TRANSFER, {"to": "bob"})
    own = create_project(bob, name="own", description="", visibility="private")
    token = create_token(bob.id, "one", ["admin"], repository_id=own.repository_id)
    assert Program(app, {"Authorization": f"Bearer {token}"}).get("/transfers").json == []
