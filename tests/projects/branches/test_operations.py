"""The default branch is chosen, branches are renamed and deleted, tags deleted: by form and by API."""

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.projects.branches.protection import Rule, protection_of
from framework.projects.branches.rules import set_branch_rule
from framework.projects.core.access import ProjectAccess
from framework.projects.members.people import add_person
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.snapshot import Snapshot, read_snapshot
from framework.repositories.maintenance.verification import verify
from framework.repositories.write.commit import commit, do_nothing
from tests.api.program import Program
from tests.cast import SignIn, Visitor
from tests.uploads.form import upload


@pytest.fixture
def visitor(signed_in: SignIn, alice: Account, website: ProjectAccess) -> Visitor:
    """Alice's browser; her website has the branches `main` and `side` and the tag `v1`, all at one commit."""
    visitor = signed_in(alice)
    upload(visitor, {"a.txt": b"1"}, page=f"{website.path}/upload/main", message="First")
    tip = state(website).refs["refs/heads/main"]
    updates = (RefUpdate("refs/heads/side", None, tip), RefUpdate("refs/tags/v1", None, tip))
    commit(Change(website.repository_id, "alice", updates=updates), precheck=do_nothing, in_transaction=do_nothing)
    return visitor


def state(project: ProjectAccess) -> Snapshot:
    return read_snapshot(project.repository_id)


def test_another_branch_becomes_the_default_one(visitor: Visitor, website: ProjectAccess) -> None:
    page = f"{website.path}/settings/branches"
    assert visitor.submit(page, to=f"{page}/default", default_branch="side").location == page
    assert (state(website).default_branch, state(website).version) == ("side", 3)
    assert visitor.submit(page, to=f"{page}/default", default_branch="nowhere").status_code == 404
    deleted = visitor.submit(f"{website.path}/branches", to=f"{website.path}/branches/delete", branch="main")
    assert deleted.status_code == 302
    assert state(website).branches.keys() == {"side"}
    assert "a.txt" in visitor.get(website.path).text
    assert verify(website.repository_id).faults == ()


def test_the_default_branch_keeps_its_place_and_its_rule_under_another_name(
    visitor: Visitor, website: ProjectAccess, alice: Account
) -> None:
    set_branch_rule(alice, website, Rule("main", force_push=True))
    page = f"{website.path}/branches"
    assert visitor.submit(page, to=f"{page}/rename", branch="main", name=" trunk/x ").location == page
    assert state(website).default_branch == "trunk/x"
    assert state(website).branches.keys() == {"trunk/x", "side"}
    assert protection_of(website.id).rules == (Rule("trunk/x", force_push=True),)
    for name, status in {"side": 409, "a..b": 400, "side/x": 409}.items():
        assert visitor.submit(page, to=f"{page}/rename", branch="trunk/x", name=name).status_code == status
    assert verify(website.repository_id).faults == ()


def test_protected_branches_and_tags_stay(visitor: Visitor, website: ProjectAccess, alice: Account) -> None:
    page = website.path
    assert visitor.submit(f"{page}/branches", to=f"{page}/branches/delete", branch="main").status_code == 403
    assert visitor.submit(f"{page}/branches", to=f"{page}/tags/delete", tag="v1").status_code == 403
    assert state(website).version == 2
    set_branch_rule(alice, website, Rule("refs/tags/v*", deletion=True))
    assert "Delete the tag v1" in visitor.get(f"{page}/tags").text
    assert visitor.submit(f"{page}/branches", to=f"{page}/tags/delete", tag="v1").status_code == 302
    assert state(website).tags == {}


def test_a_writer_renames_what_is_not_protected(
    visitor: Visitor, website: ProjectAccess, bob: Account, alice: Account, signed_in: SignIn
) -> None:
    add_person(alice, website, person="bob", role="writer")
    helper, page = signed_in(bob), f"{website.path}/branches"
    assert helper.submit(page, to=f"{page}/rename", branch="side", name="other").status_code == 302
    assert helper.submit(page, to=f"{page}/rename", branch="main", name="trunk").status_code == 403
    assert state(website).branches.keys() == {"main", "other"}


@pytest.mark.parametrize("pattern", ["release", "rel*"])
def test_no_rule_is_opened_by_a_rename(
    visitor: Visitor, website: ProjectAccess, bob: Account, alice: Account, signed_in: SignIn, pattern: str
) -> None:
    """A writer may rename what may be deleted, and not bring its rule to where an owner made a stricter one."""
    add_person(alice, website, person="bob", role="writer")
    set_branch_rule(alice, website, Rule("side", force_push=True, deletion=True))
    set_branch_rule(alice, website, Rule(pattern, force_push=False, deletion=True))
    page = f"{website.path}/branches"
    assert signed_in(bob).submit(page, to=f"{page}/rename", branch="side", name="release").status_code == 302
    assert protection_of(website.id).of("release") == Rule("release", force_push=False, deletion=True)


def test_programs_do_the_same(visitor: Visitor, website: ProjectAccess, alice: Account, app: Flask) -> None:
    program, path = Program.of(app, alice, "read", "write"), f"/projects{website.path}"
    assert program.call("PATCH", path, json={"default_branch": "side"}).json["default_branch"] == "side"
    assert program.call("PATCH", path, json={"default_branch": "nowhere"}).status_code == 404
    for more in ({"visibility": "private"}, {"visibility": "private", "default_branch": "main"}):
        assert program.call("PATCH", path, json=more).status_code == 403
    renamed = program.call("PATCH", f"{path}/refs/heads/side", json={"name": "trunk"}).json
    assert (renamed["ref"], renamed["default"]) == ("refs/heads/trunk", True)
    assert program.call("DELETE", f"{path}/refs/heads/trunk").status_code == 403
    assert program.call("DELETE", f"{path}/refs/tags/v1").status_code == 403
    assert program.call("DELETE", f"{path}/refs/heads/main").status_code == 204
    assert program.call("DELETE", f"{path}/refs/heads/main").status_code == 404
    assert [ref["ref"] for ref in program.get(f"{path}/refs").json] == ["refs/heads/trunk", "refs/tags/v1"]
