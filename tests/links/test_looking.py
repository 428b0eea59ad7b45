"""Looking at a private project by a view-only link: pages and downloads, and nothing else."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import resume, suspend
from framework.audit.reading import AuditQuery, read_entries
from framework.database.session import transaction
from framework.database.types import now
from framework.links.listing import list_links
from framework.links.owning import make_view_link, revoke_link
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.leaving import delete_person
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.members.people import add_person
from framework.projects.members.roles import change_role, leave, remove_person
from framework.projects.models import Link
from tests.cast import SAME_REQUEST, SignIn, Visitor, on_each_deployment
from tests.links.conftest import make_drop, path_of
from tests.uploads.conftest import store_files

PAGES = ("", "/tree/main", "/blob/main/a.txt", "/raw/main/a.txt", "/archive/main.zip", "/commits/main", "/activity")


@pytest.fixture
def view(alice: Account, secret: ProjectAccess) -> str:
    """The path of a view-only link to Alice's private project, which has a file."""
    store_files(secret, alice, {"a.txt": b"a"})
    return path_of(make_view_link(alice, secret, title="For a reviewer", expires_at=now() + timedelta(days=1)))


@on_each_deployment
def test_a_link_leads_a_stranger_to_the_projects_pages(visitor: Visitor, view: str, secret: ProjectAccess) -> None:
    assert visitor.get(secret.path).status_code == 404
    answer = visitor.get(view)
    assert (answer.status_code, answer.location) == (302, "/alice/secret")
    assert answer.headers["Referrer-Policy"] == "no-referrer"
    for page in PAGES:
        assert visitor.get(secret.path + page).status_code == 200, page
    assert list_links(secret)[0].last_used_at


def test_it_lets_look_and_do_nothing(visitor: Visitor, view: str, secret: ProjectAccess) -> None:
    visitor.get(view)
    for page in ("/upload", "/new/main", "/settings", "/settings/links"):
        assert visitor.get(secret.path + page).location.startswith("/login"), page
    assert visitor.get(f"/api/v1/projects{secret.path}").status_code == 404


def test_it_opens_no_other_project(visitor: Visitor, view: str, alice: Account) -> None:
    other = create_project(alice, name="other", description="", visibility="private")
    visitor.get(view)
    assert visitor.get(other.path).status_code == 404


def test_somebody_who_is_signed_in_looks_by_it_too(
    signed_in: SignIn, view: str, charlie: Account, secret: ProjectAccess
) -> None:
    browser = signed_in(charlie)
    assert browser.get(secret.path).status_code == 404
    browser.get(view)
    assert browser.get(secret.path).status_code == 200
    assert browser.get(f"{secret.path}/upload").status_code == 403


@pytest.mark.parametrize("end", ["revoked", "expired", "trashed"])
def test_it_ends_at_once_and_looks_as_if_it_had_never_been(
    visitor: Visitor, view: str, alice: Account, secret: ProjectAccess, end: str
) -> None:
    visitor.get(view)
    if end == "revoked":
        revoke_link(alice, secret, list_links(secret)[0].id)
    elif end == "trashed":
        trash_project(alice, secret)
    else:
        with transaction() as session:
            session.execute(update(Link).values(expires_at=now() - timedelta(seconds=1)))
    assert visitor.get(secret.path).status_code == 404
    never = "/l/hl_" + "0" * 40
    gone, absent = visitor.get(view, **SAME_REQUEST), visitor.get(never, **SAME_REQUEST)
    assert (gone.status_code, gone.data) == (404, absent.data)


def test_a_cookie_that_somebody_wrote_lets_nobody_in(app: Flask, view: str, secret: ProjectAccess) -> None:
    stranger = Visitor(app)
    stranger.client.set_cookie("session", "eyJsaW5rcyI6WyIwIl19.aaaaaa.bbbb")
    assert stranger.get(secret.path).status_code == 404


@pytest.mark.parametrize("end", ["removed", "demoted", "left", "deleted"])
def test_nobody_goes_on_to_look_by_a_link_that_they_made(
    visitor: Visitor, alice: Account, bob: Account, secret: ProjectAccess, end: str
) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    theirs = project_for(bob, "alice", "secret")
    view = path_of(make_view_link(bob, theirs, title="Mine", expires_at=None))
    kept = make_drop(bob, theirs).id, make_view_link(alice, secret, title="", expires_at=None).id
    visitor.get(view)
    acts: dict[str, Callable[[], object]] = {
        "removed": lambda: remove_person(alice, secret, person_id=bob.id),
        "demoted": lambda: change_role(alice, secret, person_id=bob.id, role="writer"),
        "left": lambda: leave(bob, theirs),
        "deleted": lambda: delete_person("bob"),
    }
    acts[end]()
    assert (visitor.get(view).status_code, visitor.get(secret.path).status_code) == (404, 404)
    assert {link.id for link in list_links(secret)} == set(kept)
    [told] = read_entries(AuditQuery(kind="link_revoked")).entries
    assert (told.project, told.details["title"], told.actor) == (
        secret.full_name,
        "Mine",
        {"removed": "alice", "demoted": "alice", "left": "bob", "deleted": None}[end],
    )


def test_who_was_an_owner_and_is_a_maintainer_keeps_their_links(
    alice: Account, bob: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    link = make_view_link(bob, project_for(bob, "alice", "secret"), title="", expires_at=None)
    change_role(alice, secret, person_id=bob.id, role="maintainer")
    assert [one.id for one in list_links(secret)] == [link.id]


def test_a_link_does_not_open_while_who_made_it_is_suspended(
    visitor: Visitor, alice: Account, bob: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    theirs = project_for(bob, "alice", "secret")
    view = path_of(make_view_link(bob, theirs, title="", expires_at=None))
    drop = path_of(make_drop(bob, theirs))
    visitor.get(view)
    suspend("bob")
    assert (visitor.get(view).status_code, visitor.get(secret.path).status_code) == (404, 404)
    assert visitor.get(drop).status_code == 200
    resume("bob")
    assert visitor.get(secret.path).status_code == 200
