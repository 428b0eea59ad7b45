"""A group that asks its owners for a second factor: without one they are members, at every door."""

import time

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.accounts.signin.reauthentication import HOLDS
from framework.audit.reading import AuditQuery, read_entries
from framework.database.session import read_transaction, transaction
from framework.groups import people
from framework.groups.access import GroupAccess, group_for
from framework.groups.listing import list_people
from framework.groups.operations import OwnFactorFirst, create_group, update_group
from framework.projects.core.access import project_for, recheck
from framework.projects.core.groups import FactorNeeded, owns_account
from framework.projects.core.queries import list_projects_of, list_trash
from framework.projects.lifecycle.operations import create_project, trash_project
from tests.accounts.signing_in.steps import set_up_app
from tests.accounts.test_reauthentication import let_pass
from tests.api.program import Program
from tests.cast import PASSWORD, SignIn, on_each_deployment

pytestmark = on_each_deployment


@pytest.fixture
def lab(alice: Account, bob: Account, signed_in: SignIn) -> GroupAccess:
    """Alice and Bob own it; she has an authenticator app, and the group asks for one."""
    made = create_group(alice, name="lab")
    people.add_person(alice, made, person="bob", role="owner")
    set_up_app(signed_in(alice), time.time())
    return update_group(alice, made, owners_need_factor=True)


def test_an_owner_without_one_is_a_member(alice: Account, bob: Account, lab: GroupAccess) -> None:
    notes = create_project(alice, name="notes", description="", visibility="private", owner="lab")
    assert group_for(bob, "lab").role == "member"
    with pytest.raises(FactorNeeded, match="Security"):
        group_for(bob, "lab", "owner")
    assert project_for(bob, "lab", "notes", "writer").role == "writer"
    with pytest.raises(FactorNeeded):
        project_for(bob, "lab", "notes", "owner")
    with transaction() as session, pytest.raises(FactorNeeded):
        recheck(session, notes.id, bob, "owner")
    assert [each.role for each in list_projects_of(bob).projects] == ["writer"]
    with read_transaction() as session:
        assert [owns_account(session, who, lab.id) for who in (alice, bob)] == [True, False]
    update_group(alice, lab, member_role="reader")
    assert project_for(bob, "lab", "notes").role == "reader"
    trash_project(alice, project_for(alice, "lab", "notes"))
    assert [len(list_trash(who).projects) for who in (alice, bob)] == [1, 0]


def test_they_are_told_and_own_it_again_once_they_have_one(bob: Account, lab: GroupAccess, signed_in: SignIn) -> None:
    browser = signed_in(bob)
    assert "lab asks owners for a second factor" in browser.get("/").text
    assert 'href="/lab"' in browser.get("/settings/security").text
    assert "Set up a second factor" in browser.get("/lab/people").text
    refused = browser.get("/lab/settings")
    assert (refused.status_code, "/settings/security" in refused.text) == (403, True)
    assert "No second factor" not in browser.get("/lab/people").text, "members are not told who lacks one"
    set_up_app(browser, time.time())
    assert browser.get("/lab/settings").status_code == 200
    assert "lab</a>, where owners need" not in browser.get("/settings/security").text
    assert group_for(bob, "lab").role == "owner"


def test_programs_are_refused_alike(app: Flask, alice: Account, bob: Account, lab: GroupAccess) -> None:
    create_project(alice, name="notes", description="", visibility="private", owner="lab")
    program = Program.of(app, bob)
    assert program.get("/groups/lab").json["role"] == "member"
    assert program.get("/groups/lab").json["owners_need_second_factor"] is True
    refused = program.call("PATCH", "/groups/lab", json={"title": "Lab"})
    assert (refused.status_code, "second factor" in refused.json["detail"]) == (403, True)
    refused = program.call("PATCH", "/projects/lab/notes", json={"visibility": "public"})
    assert (refused.status_code, "second factor" in refused.json["detail"]) == (403, True)


def test_owners_see_who_lacks_one(alice: Account, lab: GroupAccess) -> None:
    listed = list_people(group_for(alice, "lab")).people
    assert [(each.name, each.lacks_factor) for each in listed] == [("alice", False), ("bob", True)]


def test_who_asks_for_it_has_one_and_the_log_tells(alice: Account, bob: Account, lab: GroupAccess) -> None:
    team = create_group(bob, name="team")
    with pytest.raises(OwnFactorFirst):
        update_group(bob, team, owners_need_factor=True)
    with read_transaction() as session:
        assert not session.get_one(User, team.id).owners_need_factor
    entries = read_entries(AuditQuery(person_id=lab.id)).entries
    told = [entry.details for entry in entries if entry.kind == "group_factor"]
    assert told == [{"owners": "need one"}]


def test_taking_it_away_on_the_page_asks_again_who_it_is(alice: Account, signed_in: SignIn) -> None:
    browser, made = signed_in(alice), create_group(alice, name="team")
    set_up_app(browser, time.time())
    update_group(alice, made, owners_need_factor=True)
    let_pass(HOLDS)
    fields = {"name": "team", "member_role": "writer"}
    assert browser.submit("/team/settings", **fields).status_code == 403
    assert browser.submit("/team/settings", **fields, owners_need_factor="y", title="Team").status_code == 302
    assert browser.submit("/team/settings", **fields, current_password=PASSWORD).status_code == 302
    assert not group_for(alice, "team").owners_need_factor
