"""Projects by the API: what the caller may see, and what owners do."""

import re
from urllib.parse import urlsplit

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.projects import tasks
from framework.projects.core.access import ProjectAccess
from framework.projects.core.queries import PAGE
from framework.projects.lifecycle.archiving import TASK
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import add_person
from framework.repositories.maintenance.consolidation import UNCHANGED
from framework.storage.counting import requests
from tests.api.program import Program
from tests.cast import SignIn, asked_for


def names(program: Program, query: str = "") -> list[str]:
    return [project["full_name"] for project in program.get(f"/projects{query}").json]


def test_a_project_is_created_without_asking_the_store(program: Program) -> None:
    body = {"name": "field-notes", "description": "What I saw", "visibility": "public"}
    with requests() as asked:
        answer = program.post("/projects", body)
    assert (answer.status_code, asked.total) == (201, 0)
    assert answer.headers["Location"] == "/api/v1/projects/alice/field-notes"
    found = program.get("/projects/Alice/Field-Notes").json
    assert found == answer.json
    assert {name: found[name] for name in body} == body
    assert (found["owner"], found["role"], found["default_branch"]) == ("alice", "owner", "main")
    assert found["clone_url"] == "http://localhost/alice/field-notes.git"


def test_a_new_project_is_private_unless_it_is_said(program: Program) -> None:
    assert program.post("/projects", {"name": "quiet"}).json["visibility"] == "private"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 400),
        ({"name": "a b"}, 400),
        ({"name": "x.git"}, 400),
        ({"name": "\ud800"}, 400),
        ({"name": "settings"}, 400),
        ({"name": "fine", "visibility": "secret"}, 400),
        ({"name": "fine", "description": "two\nlines"}, 400),
        ({"name": "fine", "owner": "bob"}, 400),
        ({"name": "Secret"}, 409),
    ],
)
def test_a_bad_project_is_refused(program: Program, body: dict[str, str], status: int) -> None:
    assert program.post("/projects", body).status_code == status


def test_everybody_finds_what_they_may_see(program: Program, bobs: Program, stranger: Program) -> None:
    assert names(program) == ["alice/website", "alice/secret"]
    assert names(bobs) == ["alice/website"]
    assert names(stranger) == ["alice/website"]


def test_a_member_finds_a_private_project(bobs: Program, shared: ProjectAccess) -> None:
    assert names(bobs) == ["alice/secret"]
    assert bobs.get("/projects/alice/secret").json["role"] == "writer"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?q=WEB", ["alice/website"]),
        ("?q=everybody", ["alice/website"]),
        ("?q=%25", []),
        ("?q=_", []),
        ("?q=nothing", []),
        ("?owner=ALICE", ["alice/website", "alice/secret"]),
        ("?owner=bob", []),
        ("?owner=nobody", []),
        ("?owner=alice&q=secret", ["alice/secret"]),
    ],
)
def test_projects_are_searched_by_text_and_owner(program: Program, bob: Account, query: str, found: list[str]) -> None:
    assert names(program, query) == found


def test_links_lead_through_all_pages(program: Program, alice: Account) -> None:
    for number in range(2 * PAGE + 1):
        create_project(alice, name=f"p{number}", description="numbered", visibility="public")
    seen, address, previous = [], "/projects?q=numbered", []
    while address:
        answer = program.get(address)
        seen += [project["name"] for project in answer.json]
        links = dict(re.findall(r'<([^>]+)>; rel="(\w+)"', answer.headers["Link"]))
        found = {relation: link.removeprefix("http://localhost/api/v1") for link, relation in links.items()}
        previous.append(found.get("prev"))
        address = found.get("next", "")
    assert len(set(seen)) == len(seen) == 2 * PAGE + 1
    assert previous == [None, "/projects?q=numbered&page=1", "/projects?q=numbered&page=2"]
    assert urlsplit(address).query == ""


@pytest.mark.parametrize("page", ["0", "-1", "x", "", "99999999999999999999", "²"])
def test_a_page_is_a_number(program: Program, page: str) -> None:
    assert program.get(f"/projects?page={page}").status_code == 400


def test_a_page_after_the_last_is_empty(program: Program) -> None:
    answer = program.get("/projects?page=9999")
    address = "http://localhost/api/v1/projects?page="
    assert answer.json == []
    assert answer.headers["Link"] == f'<{address}1>; rel="first", <{address}9998>; rel="prev"'


def test_an_owner_changes_only_what_is_said(program: Program) -> None:
    changed = program.call("PATCH", "/projects/alice/secret", json={"name": "open-book", "visibility": "public"})
    assert changed.status_code == 200
    told = changed.json
    assert (told["name"], told["visibility"], told["description"]) == ("open-book", "public", "Nobody's business")
    assert program.get("/projects/alice/secret").status_code == 301
    taken = program.call("PATCH", "/projects/alice/open-book", json={"name": "website"})
    assert taken.status_code == 409
    assert program.call("PATCH", "/projects/alice/open-book", json={"owner": "bob"}).status_code == 400


def test_a_deleted_project_lies_in_the_trash(program: Program, signed_in: SignIn, alice: Account) -> None:
    assert program.call("DELETE", "/projects/alice/secret").status_code == 204
    assert program.get("/projects/alice/secret").status_code == 404
    assert names(program) == ["alice/website"]
    assert "secret" in signed_in(alice).get("/trash").text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("GET", "/refs"),
        ("GET", "/tree/main"),
        ("GET", "/raw/main/a"),
        ("GET", "/commits"),
        ("GET", "/commits/main"),
        ("POST", "/commits"),
        ("GET", "/storage"),
    ],
)
def test_a_private_project_is_a_missing_one(program: Program, bobs: Program, method: str, path: str) -> None:
    private = bobs.call(method, f"/projects/alice/secret{path}", json={})
    missing = bobs.call(method, f"/projects/alice/missing{path}", json={})
    assert private.status_code == missing.status_code == 404
    assert private.data == missing.data


def test_who_may_only_look_changes_nothing(
    app: Flask, program: Program, reading: Program, bobs: Program, alice: Account, secret: ProjectAccess, bob: Account
) -> None:
    for method, path in (("POST", ""), ("PATCH", "/alice/secret"), ("DELETE", "/alice/secret")):
        answer = reading.call(method, f"/projects{path}", json={"name": "new"})
        assert answer.status_code == 403
        assert "This token may only read" in answer.json["detail"]
    assert reading.commit("alice/secret", {"op": "delete", "path": "a"}).status_code == 403
    add_person(alice, secret, person="bob", role="writer")
    for method, needed in (("PATCH", "a maintainer"), ("DELETE", "an owner")):
        answer = bobs.call(method, "/projects/alice/secret", json={"name": "new"})
        assert answer.status_code == 403
        assert f"this needs {needed}" in answer.json["detail"]
    assert bobs.commit("alice/website", {"op": "put", "path": "a", "content": "a"}).status_code == 403


def test_a_token_that_writes_does_not_change_what_a_project_is(
    app: Flask, alice: Account, secret: ProjectAccess
) -> None:
    writing = Program.of(app, alice, "write")
    writing.put("alice/secret", a="a")
    for method, change in (("PATCH", {"visibility": "public"}), ("PATCH", {"description": "x"}), ("DELETE", {})):
        answer = writing.call(method, "/projects/alice/secret", json=change)
        assert answer.status_code == 403
        assert "Make one with the scope admin" in answer.json["detail"]


def test_it_tells_where_the_bytes_are(program: Program) -> None:
    empty = program.get("/projects/alice/secret/storage").json
    assert (empty["version"], empty["packs"], empty["stored_bytes"]) == (0, 0, 0)
    program.put("alice/secret", a="a")
    program.get("/projects/alice/secret/tree/main")
    told = program.get("/projects/alice/secret/storage").json
    assert (told["state"], told["version"], told["packs"]) == ("hot", 1, 1)
    assert told["stored_bytes"] > 0
    assert told["cached_bytes"] > 0


def test_an_owner_archives_a_project_and_follows_it(program: Program, website: ProjectAccess) -> None:
    answer = program.post("/projects/alice/website/storage/archive", {})
    assert (answer.status_code, answer.json["state"], answer.json["kind"]) == (202, "waiting", "archive")
    place = answer.headers["Location"].removeprefix("/api/v1")
    assert program.get(place).json == answer.json
    [args] = asked_for(TASK)
    assert tasks.archive_project.run(*args)
    ended = program.get(place).json
    assert (ended["state"], ended["message"]) == ("finished", UNCHANGED)
    assert program.get("/projects/alice/website/storage").json["state"] == "cold"


def test_a_work_is_found_at_its_own_project_only(program: Program, bobs: Program, stranger: Program) -> None:
    secret = program.post("/projects/alice/secret/storage/archive", {}).headers["Location"].removeprefix("/api/v1")
    assert program.get(secret.replace("secret", "website")).status_code == 404
    assert program.get("/projects/alice/website/works/none").status_code == 404
    assert [somebody.get(secret).status_code for somebody in (program, bobs, stranger)] == [200, 404, 404]


def test_only_owners_who_may_write_archive(
    program: Program, bobs: Program, stranger: Program, reading: Program, alice: Account, website: ProjectAccess
) -> None:
    add_person(alice, website, person="bob", role="writer")
    asked = [who.post("/projects/alice/website/storage/archive", {}) for who in (bobs, stranger, reading)]
    assert [answer.status_code for answer in asked] == [403, 401, 403]


def test_an_owner_changes_all_that_is_said_or_nothing(program: Program) -> None:
    start = program.put("alice/secret", a="1")
    put = {"op": "put", "path": "a", "content": "2"}
    assert program.commit("alice/secret", put, branch="side", start=start).status_code == 201
    before = program.get("/projects/alice/secret").json
    taken = program.call("PATCH", "/projects/alice/secret", json={"default_branch": "side", "name": "website"})
    absent = program.call("PATCH", "/projects/alice/secret", json={"default_branch": "nowhere", "name": "new"})
    assert (taken.status_code, absent.status_code) == (409, 404)
    assert program.get("/projects/alice/secret").json == before
    told = program.call("PATCH", "/projects/alice/secret", json={"default_branch": "side", "name": "new"}).json
    assert (told["default_branch"], told["name"]) == ("side", "new")
