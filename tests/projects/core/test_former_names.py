"""Addresses by an earlier name: pages, files, calls and git find the project, and nobody else can stand there."""

from datetime import timedelta

import pytest
from flask import Flask

from framework.accounts.core import former_names
from framework.accounts.core.account import Account
from framework.accounts.core.former_names import TooManyNames
from framework.accounts.lifecycle.operations import NameTaken, authenticate, create_user, update_profile
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.lifecycle.leaving import delete_person, hand_over
from framework.projects.lifecycle.operations import ProjectNameTaken, create_project, update_project
from framework.projects.members.people import add_person, people_of
from tests.api.program import Program
from tests.cast import (
    PASSWORD,
    SAME_REQUEST,
    SignIn,
    Visitor,
    csrf_token,
)
from tests.uploads.form import files, paths, post


def rename(account: Account, project: ProjectAccess, name: str) -> ProjectAccess:
    """The project under another name."""
    update_project(account, project, name=name, description=project.description, visibility=project.visibility)
    return project_for(account, project.owner, name)


def call_oneself(account: Account, name: str) -> Account:
    """The account under another name."""
    return update_profile(account.id, name=name, full_name="", email=account.email)


@pytest.mark.parametrize(
    "below",
    [
        "",
        "?page=2&q=%C3%A4",
        "/tree/main/docs",
        "/raw/main/install%20%26%20100%25%3F.sh?download=1",
        "/archive/main.zip",
        "/commits/main",
        "/cite/main",
        "/settings",
        ".git/info/refs?service=git-upload-pack",
        ".git/info/lfs/objects/" + "0" * 64,
    ],
)
def test_both_earlier_names_lead_to_the_same_place(
    alice: Account, website: ProjectAccess, signed_in: SignIn, below: str
) -> None:
    browser = signed_in(alice)
    rename(alice, website, "page")
    call_oneself(alice, "alice-b")
    for earlier in ("/alice/website", "/ALICE/Website", "/alice/page", "/alice-b/website"):
        answer = browser.get(earlier + below)
        assert (answer.status_code, answer.location) == (301, "/alice-b/page" + below), earlier
        assert "no-cache" in answer.headers["Cache-Control"]


def test_a_call_is_led_there_and_a_change_is_made_where_it_is(
    app: Flask, alice: Account, website: ProjectAccess
) -> None:
    program = Program.of(app, alice)
    project = rename(alice, website, "page")
    answer = program.get("/projects/alice/website/storage")
    assert (answer.status_code, answer.location) == (301, "/api/v1/projects/alice/page/storage")
    body = {"branch": "main", "message": "m", "operations": [{"op": "put", "path": "a", "content": "1"}]}
    assert program.post("/projects/alice/website/commits", body).status_code == 201
    assert program.get(f"/projects/{project.full_name}/raw/main/a").text == "1"
    call_oneself(alice, "alice-b")
    assert [found["name"] for found in program.get("/projects?owner=alice").json] == ["page"]


def test_a_form_that_was_open_is_sent(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    token = csrf_token(browser.get("/alice/website/upload/main").text)
    project = rename(alice, website, "page")
    fields = {"csrf_token": token, "branch": "main", "path": "", "message": ""}
    answer = post(browser, "/alice/website/upload/main", files({"a.txt": b"1"}), **fields)
    assert answer.location.startswith("/alice/page")
    assert paths(project) == {"a.txt"}


def test_a_profile_leads_to_the_person(alice: Account, visitor: Visitor) -> None:
    call_oneself(alice, "alice-b")
    assert visitor.get("/Alice?page=2").location == "/alice-b?page=2"


def test_nobody_else_takes_a_name(alice: Account, bob: Account) -> None:
    call_oneself(alice, "alice-b")
    with pytest.raises(NameTaken):
        create_user(name="Alice", email="x@example.org", password=PASSWORD)
    with pytest.raises(NameTaken):
        call_oneself(bob, "alice")
    assert call_oneself(alice, "ALICE").name == "ALICE"
    with pytest.raises(NameTaken):
        call_oneself(bob, "alice-b")


def test_an_earlier_name_is_theirs_when_others_name_them(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    call_oneself(bob, "robert")
    assert authenticate("bob", PASSWORD, address="").name == "robert"
    add_person(alice, secret, person="bob", role="reader")
    assert "robert" in [person.name for person in people_of(secret)]


def test_names_that_are_kept_are_counted(alice: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(former_names, "MOST_FORMER_NAMES", 2)
    for name in ("one", "two"):
        call_oneself(alice, name)
    with pytest.raises(TooManyNames):
        call_oneself(alice, "three")
    assert call_oneself(alice, "alice").name == "alice"


def test_a_private_project_is_missing_at_its_earlier_address(
    alice: Account, secret: ProjectAccess, visitor: Visitor
) -> None:
    rename(alice, secret, "hidden")
    call_oneself(alice, "alice-b")
    missing = visitor.get("/alice/nothing", **SAME_REQUEST)
    hidden = visitor.get("/alice/secret", **SAME_REQUEST)
    assert (hidden.status_code, hidden.data) == (404, missing.data)
    assert visitor.get("/alice/secret.git/info/refs?service=git-upload-pack").status_code == 401


def test_the_owner_may_use_a_name_again_and_a_co_owner_may_not(
    alice: Account, bob: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    moved = rename(alice, website, "page")
    add_person(alice, secret, person="bob", role="owner")
    with pytest.raises(ProjectNameTaken, match="leads to page"):
        rename(bob, project_for(bob, "alice", "secret"), "WEBSITE")
    assert project_for(None, "alice", "website").id == moved.id
    again = create_project(alice, name="website", description="", visibility="public")
    assert project_for(None, "alice", "website").id == again.id
    assert project_for(None, "alice", "page").id == moved.id


def test_a_project_that_is_called_as_before_leads_nowhere_else(alice: Account, website: ProjectAccess) -> None:
    rename(alice, rename(alice, website, "page"), "website")
    assert project_for(None, "alice", "page").name == "website"


def test_a_project_that_was_handed_over_is_found(alice: Account, bob: Account, website: ProjectAccess) -> None:
    hand_over(website.id, "bob")
    assert project_for(None, "alice", "website").full_name == "bob/website"


def test_two_people_cannot_swap_names(alice: Account, bob: Account) -> None:
    call_oneself(alice, "alice-b")
    call_oneself(bob, "robert")
    with pytest.raises(NameTaken, match="bob was somebody else's user name"):
        call_oneself(alice, "bob")
    assert call_oneself(alice, "alice").name == "alice"
    assert call_oneself(alice, "alice-b").name == "alice-b"


def test_nobody_takes_the_names_of_a_deleted_person_for_a_year(
    alice: Account, website: ProjectAccess, bob: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    call_oneself(alice, "alice-b")
    delete_person("alice-b", with_projects=True)
    for name in ("alice", "ALICE-B"):
        with pytest.raises(NameTaken, match="stays reserved"):
            call_oneself(bob, name)
        with pytest.raises(NameTaken):
            create_user(name=name, email="x@example.org", password=PASSWORD)
    with pytest.raises(ProjectNotFound):
        project_for(None, "alice-b", "website")
    assert former_names.free_names() == 0
    monkeypatch.setattr(former_names, "now", lambda: now() + timedelta(days=366))
    assert call_oneself(bob, "alice").name == "alice"
    assert former_names.free_names() == 2
