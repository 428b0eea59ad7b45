"""Who comes to a project's pages, found together with the project and with what tops their pages."""

import pytest
from flask import Flask, g

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.signin.login import current_account
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.members.roles import remove_person
from framework.projects.notify.inbox import read_topbar_status
from framework.projects.visits import begin_visit
from tests.cast import SignIn, Visitor, on_each_deployment
from tests.projects.notify.test_digests import uploaded
from tests.statements import noted_statements


@on_each_deployment
def test_one_statement_finds_the_person_the_project_and_the_inbox(
    app: Flask, alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn
) -> None:
    uploaded(shared, alice, "Field data")
    cookie = signed_in(bob).client.get_cookie("session")
    assert cookie
    with app.test_request_context("/alice/secret", headers={"Cookie": f"session={cookie.value}"}):
        with noted_statements() as statements:
            access = begin_visit("Alice", "SECRET")
            account = current_account()
        assert len([text for text in statements if text.startswith("SELECT")]) == 1
        assert account == bob
        assert access == project_for(bob, "alice", "secret")
        assert (access.role, access.visitor_id) == ("writer", bob.id)
        assert g.topbar_status == read_topbar_status(bob)
        assert g.topbar_status.unread == 2


def test_who_was_removed_sees_what_a_stranger_sees(
    alice: Account, bob: Account, secret: ProjectAccess, shared: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(bob)
    assert browser.get("/alice/secret").status_code == 200
    remove_person(alice, secret, person_id=bob.id)
    assert browser.get("/alice/secret").status_code == 404


def test_who_was_suspended_is_a_stranger(
    app: Flask, bob: Account, shared: ProjectAccess, signed_in: SignIn, visitor: Visitor
) -> None:
    cookie = signed_in(bob).client.get_cookie("session")
    assert cookie
    suspend("bob", force=True)
    with app.test_request_context("/alice/secret", headers={"Cookie": f"session={cookie.value}"}):
        with pytest.raises(ProjectNotFound):
            begin_visit("alice", "secret")
        assert current_account() is None


def test_a_reader_without_a_part_in_it_has_no_role_in_a_public_project(
    charlie: Account, website: ProjectAccess, signed_in: SignIn
) -> None:
    page = signed_in(charlie).get("/alice/website").text
    assert "charlie" in page
    assert "/upload/" not in page
