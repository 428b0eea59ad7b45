"""A full owner has a way out: what takes the room is told, and what is deleted for good frees it at once."""

import os
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest

from framework.accounts.core.account import Account
from framework.accounts.signin import reauthentication
from framework.config import Config
from framework.database.session import read_transaction
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.lifecycle.deletion import delete_from_trash
from framework.projects.lifecycle.operations import trash_project
from framework.projects.members.people import add_person
from framework.projects.members.usage import usage_of
from framework.projects.models import Project
from tests.api.program import Program
from tests.cast import PASSWORD, SignIn, Visitor, on_each_deployment
from tests.uploads.form import upload

MIB = 1 << 20


@pytest.fixture
def full(
    alice: Account,
    website: ProjectAccess,
    secret: ProjectAccess,
    signed_in: SignIn,
    with_settings: Callable[..., Config],
) -> Visitor:
    """Alice's browser: her website takes most of her 3 MB, her secret project a little."""
    with_settings(quota_bytes=3_000_000)
    browser = signed_in(alice)
    for project, size in ((website, 2 * MIB), (secret, 10)):
        sent = upload(browser, {"a.bin": os.urandom(size)}, page=f"{project.path}/upload/main")
        assert sent.status_code == 303
    return browser


def test_the_refusal_says_what_is_there_and_what_helps(full: Visitor, secret: ProjectAccess) -> None:
    said = unescape(upload(full, {"b.bin": b"1", "c": os.urandom(MIB)}).text)
    assert "may hold 2.9 MiB (plan: free). They hold 2 MiB, the trash included, and this would add 1 MiB." in said
    assert "deleting projects for good" in said
    assert "/settings/usage" in said


def test_deleting_for_good_frees_the_room_at_once(
    full: Visitor, alice: Account, website: ProjectAccess, secret: ProjectAccess
) -> None:
    trash_project(alice, website)
    content = os.urandom(MIB)
    assert upload(full, {"c.bin": content}).status_code == 413  # the trash counts
    trash = full.get("/trash").text
    assert "2 MiB of" in trash
    assert f'href="/trash/{website.id}/delete"' in trash
    page = f"/trash/{website.id}/delete"
    refused = full.submit(page, confirmation="another")
    assert (refused.status_code, "so nothing was deleted" in unescape(refused.text)) == (400, True)
    assert full.submit(page, confirmation="website").location == "/trash"
    assert "alice/website was deleted for good." in full.get("/trash").text
    assert upload(full, {"c.bin": content}).status_code == 303
    assert full.get(page).status_code == 404


def test_the_trash_is_emptied_of_ones_own(
    full: Visitor, alice: Account, bob: Account, website: ProjectAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    for project in (website, secret):
        trash_project(alice, project)
    assert signed_in(bob).submit("/trash/empty", confirmation="bob").status_code == 302
    assert len(usage_of(alice).projects) == 2
    listed = full.get("/trash/empty").text
    assert "website" in listed
    assert "secret" in listed
    refused = full.submit("/trash/empty", confirmation="bob")
    assert refused.status_code == 400
    assert "not your user name" in refused.text
    assert len(usage_of(alice).projects) == 2
    assert full.submit("/trash/empty", confirmation="alice").location == "/trash"
    assert "2 projects deleted for good." in full.get("/trash").text
    assert usage_of(alice).projects == []


@pytest.mark.parametrize("role", ["reader", "writer"])
def test_only_owners_delete_for_good(
    alice: Account, bob: Account, website: ProjectAccess, signed_in: SignIn, role: str
) -> None:
    add_person(alice, website, person="bob", role=role)
    trash_project(alice, website)
    assert signed_in(bob).get(f"/trash/{website.id}/delete").status_code == 404
    with pytest.raises(ProjectNotFound):
        delete_from_trash(bob, website, confirmation="website")
    with read_transaction() as session:
        assert session.get(Project, website.id)


@on_each_deployment
def test_what_is_not_in_the_trash_is_not_deleted(alice: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    assert signed_in(alice).get(f"/trash/{website.id}/delete").status_code == 404
    with pytest.raises(ProjectNotFound):
        delete_from_trash(alice, website, confirmation="website")
    trash_project(alice, website)
    assert delete_from_trash(alice, website, confirmation="alice/website") == "alice/website"
    with pytest.raises(ProjectNotFound):
        project_for(alice, "alice", "website")


def test_the_page_and_the_call_tell_what_takes_the_room(full: Visitor, alice: Account, website: ProjectAccess) -> None:
    trash_project(alice, website)
    page = full.get("/settings/usage").text
    assert "<strong>2 MiB</strong> of 2.9 MiB" in page
    assert "In the trash" in page
    told = Program.of(full.client.application, alice).get("/usage").json
    assert (told["plan"], told["allowed_bytes"]) == ("free", 3_000_000)
    assert [(each["name"], each["trashed"]) for each in told["projects"]] == [("website", True), ("secret", False)]
    assert told["used_bytes"] == sum(each["bytes"] for each in told["projects"])


def test_the_password_is_asked_for_before_anything_is_deleted(
    alice: Account, website: ProjectAccess, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(alice)
    trash_project(alice, website)
    monkeypatch.setattr(reauthentication, "HOLDS", timedelta(0))
    page = f"/trash/{website.id}/delete"
    assert browser.submit("/trash/empty", confirmation="alice").status_code == 403
    assert browser.submit(page, confirmation="website").status_code == 403
    assert usage_of(alice).projects
    assert browser.submit(page, confirmation="website", current_password=PASSWORD).location == "/trash"
    assert not usage_of(alice).projects
