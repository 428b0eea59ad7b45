"""Groups as a whole: names in one space with people's, renamed, deleted when they own nothing."""

from typing import Any

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import NameTaken, create_user
from framework.accounts.signin.tokens import create_token
from framework.groups import operations
from framework.groups.access import GroupNotFound, group_for
from framework.projects.core.access import project_for
from framework.projects.core.validation import NameNotRepeated
from framework.projects.lifecycle.deletion import delete_for_good
from framework.projects.lifecycle.operations import create_project, trash_project
from tests.cast import PASSWORD, SignIn, new_account, on_each_deployment


@on_each_deployment
def test_people_and_groups_share_one_namespace(alice: Account, bob: Account) -> None:
    operations.create_group(alice, name="Lab")
    with pytest.raises(operations.GroupNameTaken):
        operations.create_group(bob, name="lab")
    with pytest.raises(operations.GroupNameTaken):
        operations.create_group(alice, name="bob")
    with pytest.raises(NameTaken):
        create_user(name="LAB", email="lab@example.org", password=PASSWORD)
    with pytest.raises(operations.GroupNameRefused):
        operations.create_group(alice, name="settings")


@on_each_deployment
def test_a_renamed_group_is_found_by_its_old_name(alice: Account, signed_in: SignIn) -> None:
    group = operations.create_group(alice, name="lab")
    create_project(alice, name="notes", description="", visibility="private", owner="lab")
    renamed = operations.update_group(alice, group, name="field-lab", title="Field Laboratory", member_role="reader")
    assert (renamed.name, renamed.title, renamed.member_role) == ("field-lab", "Field Laboratory", "reader")
    assert project_for(alice, "lab", "notes").full_name == "field-lab/notes"
    assert group_for(alice, "lab").name == "field-lab"
    page = signed_in(alice).get("/lab/notes")
    assert (page.status_code, page.location) == (301, "/field-lab/notes")
    assert signed_in(alice).get("/lab").location == "/field-lab"
    with pytest.raises(operations.GroupNameTaken):
        operations.create_group(new_account("mallory"), name="lab")


@on_each_deployment
def test_a_group_is_deleted_when_it_owns_nothing(alice: Account) -> None:
    group = operations.create_group(alice, name="lab")
    notes = create_project(alice, name="notes", description="", visibility="private", owner="lab")
    with pytest.raises(NameNotRepeated):
        operations.delete_group(alice, group, confirmation="notes")
    trash_project(alice, notes)
    with pytest.raises(operations.HasProjects):
        operations.delete_group(alice, group, confirmation="lab")
    delete_for_good(notes.id, by=alice)
    operations.delete_group(alice, group, confirmation="LAB")
    with pytest.raises(GroupNotFound):
        group_for(alice, "lab")
    with pytest.raises(operations.GroupNameTaken):
        operations.create_group(alice, name="lab")


def test_the_pages_of_a_group(alice: Account, signed_in: SignIn) -> None:
    visitor = signed_in(alice)
    assert "You are in no group yet" in visitor.get("/groups").text
    assert visitor.submit("/groups/new", name="lab", title="Field Laboratory").location == "/lab/people"
    assert "Field Laboratory" in visitor.get("/groups").text
    assert visitor.submit("/groups/new", name="alice", title="").status_code == 409
    assert visitor.submit("/new?owner=lab", name="notes", visibility="private", owner="lab").location == "/lab/notes"
    assert "notes" in visitor.get("/lab").text
    assert "notes" in visitor.get("/lab/settings/usage").text
    assert visitor.submit("/lab/settings", name="lab", title="Lab", member_role="reader").status_code == 302
    assert visitor.submit("/lab/settings", to="/lab/settings/delete", confirmation="lab").status_code == 409


def test_the_api_makes_groups_and_their_projects(app: Flask, alice: Account, bob: Account) -> None:
    client, token = app.test_client(), create_token(alice.id, "all", ["admin"])

    def call(method: str, path: str, document: dict[str, Any] | None = None) -> Any:
        headers = {"Authorization": f"Bearer {token}"}
        return client.open(f"/api/v1{path}", method=method, headers=headers, json=document)

    made = call("POST", "/groups", {"name": "lab", "title": "Lab"})
    assert (made.status_code, made.json["role"]) == (201, "owner")
    assert call("GET", "/groups").json == [{"name": "lab", "title": "Lab", "role": "owner", "suspended": False}]
    assert call("POST", "/groups/lab/members", {"person": "bob", "role": "member"}).json["state"] == "added"
    assert call("POST", "/groups/lab/members", {"person": "bob", "role": "owner"}).status_code == 201
    assert call("POST", "/groups/lab/members", {"person": "dora@example.org"}).json["state"] == "pending"
    listed = call("GET", "/groups/lab/members").json
    assert [(one["person"], one["role"]) for one in listed] == [("alice", "owner"), ("bob", "owner")]
    assert call("POST", "/projects", {"name": "notes", "owner": "lab"}).status_code == 201
    assert project_for(bob, "lab", "notes").is_owner
    assert call("PATCH", "/groups/lab", {"title": "The lab"}).json["title"] == "The lab"
    assert call("DELETE", "/groups/lab/members", {"person": "alice"}).status_code == 204
    assert call("GET", "/groups/lab/members").status_code == 404
