"""Tokens are made with the password, and act for their account."""

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.core.budgets import LIMITS
from framework.accounts.signin.tokens import create_token, tokens_of
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from tests.api.program import Program
from tests.cast import PASSWORD, Visitor

CHALLENGE = 'Bearer realm="Holdfast"'


def test_a_token_made_with_the_password_acts_for_its_account(app: Flask, alice: Account) -> None:
    made = Program.with_password(app, "alice").post("/tokens", {"name": "script", "scopes": ["write"]})
    assert made.status_code == 201
    assert made.json["scopes"] == ["read", "write"]
    answer = Program(app, {"Authorization": f"Bearer {made.json['token']}"}).get("/user")
    assert answer.json == {
        "id": alice.id,
        "name": "alice",
        "full_name": "Alice Liddell",
        "email": "alice@example.org",
        "admin": False,
        "about": "",
        "links": [],
    }


def test_what_a_profile_says_is_changed_with_a_token_for_settings(app: Flask, alice: Account) -> None:
    admin, write = Program.of(app, alice), Program.of(app, alice, "write")
    assert write.call("PATCH", "/user", json={"about": "Botanist"}).status_code == 403
    assert admin.call("PATCH", "/user", json={"links": ["http://example.org"]}).status_code == 400
    told = admin.call("PATCH", "/user", json={"about": "Botanist", "links": ["example.org"]}).json
    assert (told["about"], told["links"]) == ("Botanist", ["https://example.org"])
    assert admin.post("/groups", {"name": "lab"}).status_code == 201
    changed = admin.call("PATCH", "/groups/lab", json={"about": "We dig.", "people_public": True})
    assert (changed.status_code, changed.json["about"], changed.json["people_public"]) == (200, "We dig.", True)
    assert Program(app, {}).get("/groups/lab").json["about"] == "We dig."


def test_tokens_are_listed_without_their_texts_and_can_be_deleted(app: Flask, alice: Account, bob: Account) -> None:
    program = Program.with_password(app, "alice@example.org")
    made = program.post("/tokens", {"name": "script", "scopes": ["read"], "days": 30})
    listed = program.get("/tokens")
    assert [(one["name"], one["scopes"], one["expires_at"] is None) for one in listed.json] == [
        ("script", ["read"], False)
    ]
    assert made.json["token"] not in listed.text
    address = f"/tokens/{listed.json[0]['id']}"
    assert Program.with_password(app, "bob").call("DELETE", address).status_code == 404
    assert program.call("DELETE", address).status_code == 204
    assert tokens_of(alice.id) == []
    assert Program(app, {"Authorization": f"Bearer {made.json['token']}"}).get("/user").status_code == 401


def test_a_token_may_be_for_one_project(
    app: Flask, secret: ProjectAccess, website: ProjectAccess, alice: Account
) -> None:
    create_project(alice, name="other", description="", visibility="private")
    password = Program.with_password(app, "alice")
    made = password.post("/tokens", {"name": "one", "scopes": ["write"], "project": "alice/secret"})
    assert [token["project"] for token in password.get("/tokens").json] == ["alice/secret"]
    program = Program(app, {"Authorization": f"Bearer {made.json['token']}"})
    assert {project["name"] for project in program.get("/projects").json} == {"secret", "website"}
    program.put("alice/secret", a="a")
    assert program.get("/projects/alice/other").status_code == 404
    assert program.commit("alice/website", {"op": "delete", "path": "a"}).status_code == 403
    assert program.post("/projects", {"name": "new"}).status_code == 403
    unknown = {"name": "two", "scopes": ["read"], "project": "alice/missing"}
    assert password.post("/tokens", unknown).status_code == 404


def test_no_token_makes_tokens(app: Flask, alice: Account) -> None:
    token = create_token(alice.id, "script", ["write"])
    for program in (
        Program(app),
        Program(app, {"Authorization": f"Bearer {token}"}),
        Program.with_password(app, "alice", token),
        Program.with_password(app, "alice", "wrong"),
        Program.with_password(app, "nobody"),
    ):
        answer = program.post("/tokens", {"name": "more", "scopes": ["write"]})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
    assert len(tokens_of(alice.id)) == 1


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"scopes": ["read"]}, "/name"),
        ({"name": "", "scopes": ["read"]}, "/name"),
        ({"name": "x" * 101, "scopes": ["read"]}, "/name"),
        ({"name": 1, "scopes": ["read"]}, "/name"),
        ({"name": "script", "scopes": []}, "/scopes"),
        ({"name": "script", "scopes": ["owner"]}, "/scopes/0"),
        ({"name": "script", "scopes": "read"}, "/scopes"),
        ({"name": "script", "scopes": ["read"], "days": 0}, "/days"),
        ({"name": "script", "scopes": ["read"], "more": 1}, "/more"),
        ({"name": "script", "scopes": ["read"], "move": 1}, "/move"),
        ({"name": "script", "scopes": ["read"], "a/b~": 1}, "/a~1b~0"),
        (["name"], ""),
    ],
)
def test_a_bad_body_is_refused_with_the_place(app: Flask, alice: Account, body: object, pointer: str) -> None:
    answer = Program.with_password(app, "alice").post("/tokens", body)
    assert answer.status_code == 400
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]
    assert (f"“{pointer}”" in answer.json["detail"]) == bool(pointer)
    assert "“”" not in answer.json["detail"]


def test_wrong_passwords_have_to_wait(app: Flask, alice: Account) -> None:
    for _ in range(LIMITS["login"].most):
        Program.with_password(app, "alice", "wrong").get("/tokens")
    answer = Program.with_password(app, "alice").get("/tokens")
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("credentials", [None, "Bearer wrong", "Bearer", "Bearer hf_x y", "Basic eDp5", "nonsense", ""])
def test_no_or_a_wrong_token_is_told_so(app: Flask, credentials: str | None) -> None:
    headers = {} if credentials is None else {"Authorization": credentials}
    for method, path in (("GET", "/user"), ("POST", "/projects"), ("POST", "/projects/no/such/commits")):
        answer = Program(app, headers).call(method, path, json={})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == CHALLENGE


def test_a_cookie_is_nobody(app: Flask, alice: Account, visitor: Visitor) -> None:
    visitor.log_in(alice, PASSWORD)
    assert visitor.get("/settings").status_code == 200
    assert visitor.get("/api/v1/user").status_code == 401
    assert visitor.client.post("/api/v1/projects", json={"name": "forged"}).status_code == 401
