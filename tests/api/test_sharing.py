"""People and invitations by the API."""

from flask import Flask

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members.people import add_person
from tests.api.program import Program

PEOPLE, INVITATIONS = "/projects/alice/secret/people", "/projects/alice/secret/invitations"
PROF = "prof@university.example"


def test_somebody_is_added_changed_and_removed(program: Program, alice: Account, bob: Account) -> None:
    answer = program.post(PEOPLE, {"person": "bob", "role": "writer"})
    assert (answer.status_code, answer.json) == (
        201,
        {"id": bob.id, "person": "bob", "role": "writer", "state": "added"},
    )
    assert program.post(PEOPLE, {"person": "bob"}).status_code == 409
    assert program.post(PEOPLE, {"person": "nobody"}).status_code == 400
    assert program.post(PEOPLE, {"person": "bob", "role": "king"}).status_code == 400
    answer = program.call("PATCH", f"{PEOPLE}/{bob.id}", json={"role": "maintainer"})
    assert answer.json == {"id": bob.id, "person": "bob", "role": "maintainer", "owns": False}
    assert [one["person"] for one in program.get(PEOPLE).json] == ["alice", "bob"]
    assert program.call("DELETE", f"{PEOPLE}/{bob.id}").status_code == 204
    assert program.call("DELETE", f"{PEOPLE}/{bob.id}").status_code == 404


def test_an_address_without_an_account_is_invited(program: Program) -> None:
    for address in (PEOPLE, INVITATIONS):
        answer = program.post(address, {"person": PROF, "role": "writer"})
        assert answer.status_code == 201
        assert (answer.json["person"], answer.json["state"]) == (PROF, "pending")
    (pending,) = program.get(INVITATIONS).json
    assert (pending["id"], pending["role"], pending["invited_by"]) == (answer.json["id"], "writer", "alice")
    assert program.call("DELETE", f"{INVITATIONS}/{pending['id']}").status_code == 204
    assert program.get(INVITATIONS).json == []
    assert program.call("DELETE", f"{INVITATIONS}/{pending['id']}").status_code == 404


def test_a_member_leaves_and_the_owner_cannot(program: Program, bobs: Program, alice: Account, bob: Account) -> None:
    program.post(PEOPLE, {"person": "bob"})
    assert bobs.get(PEOPLE).status_code == 403
    assert bobs.call("DELETE", f"{PEOPLE}/{alice.id}").status_code == 403
    assert bobs.call("DELETE", f"{PEOPLE}/{bob.id}").status_code == 204
    assert bobs.get("/projects/alice/secret").status_code == 404
    assert program.call("DELETE", f"{PEOPLE}/{alice.id}").status_code == 409


def test_people_take_a_token_for_administration(
    app: Flask, reading: Program, stranger: Program, bobs: Program, alice: Account, secret: ProjectAccess, bob: Account
) -> None:
    writing = Program.of(app, alice, "write")
    for path in (PEOPLE, INVITATIONS):
        assert stranger.get(path).status_code == 401
        assert bobs.get(path).status_code == 404
        for program in (reading, writing):
            assert program.get(path).status_code == 403
            assert program.post(path, {"person": "bob"}).status_code == 403


def test_a_maintainer_makes_no_owners(bobs: Program, alice: Account, bob: Account, secret: ProjectAccess) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    assert bobs.post(PEOPLE, {"person": PROF, "role": "owner"}).status_code == 403
    assert bobs.post(PEOPLE, {"person": PROF, "role": "writer"}).status_code == 201
    assert project_for(bob, "alice", "secret").role == "maintainer"


def test_a_project_turns_public_on_a_day(program: Program, bobs: Program, bob: Account) -> None:
    embargo = "/projects/alice/secret/embargo"
    answer = program.call("PUT", embargo, json={"public_on": "2040-05-31"})
    assert (answer.status_code, answer.json["public_at"]) == (200, "2040-05-31T00:00:00Z")
    assert program.call("PUT", embargo, json={"public_on": "2001-05-31"}).status_code == 400
    assert bobs.call("PUT", embargo, json={"public_on": "2040-05-31"}).status_code == 404
    assert program.call("DELETE", embargo).status_code == 204
    assert program.get("/projects/alice/secret").json["public_at"] is None
    assert program.call("PUT", "/projects/alice/website/embargo", json={"public_on": "2040-05-31"}).status_code == 409
