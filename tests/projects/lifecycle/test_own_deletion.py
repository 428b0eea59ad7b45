"""`/settings/delete`: what becomes of each project is told first, and nobody loses what they share."""

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.accounts.models import GroupMember, User
from framework.audit.models import AuditEntry
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.leaving import OwnsGroups, delete_person, finish
from framework.projects.lifecycle.own_deletion import FINISH, LastOwner, delete_own_account
from framework.projects.members.people import add_person
from framework.projects.models import Project
from tests.cast import PASSWORD, SignIn, asked_for, on_each_deployment, posted_texts

PAGE = "/settings/delete"


def state_of(project: ProjectAccess) -> tuple[int, bool]:
    """The number of the account that owns a project, and whether the project is in the trash."""
    with read_transaction() as session:
        row = session.get_one(Project, project.id)
        return row.owner_id, row.trashed_at is not None


@on_each_deployment
def test_shared_projects_go_to_their_other_owner_and_the_rest_to_the_trash(
    alice: Account, bob: Account, secret: ProjectAccess, website: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    browser = signed_in(alice)
    page = browser.get(PAGE).text
    assert "go to another owner" in page
    assert "alice/secret" in page
    assert "move to the trash" in page
    answer = browser.submit(PAGE, confirmation="Alice", current_password=PASSWORD)
    assert (answer.status_code, answer.location) == (302, "/")
    assert browser.get("/settings").status_code == 302  # signed out at once
    assert any("Your account is being deleted" in text for text in posted_texts())
    assert asked_for(FINISH) == [[alice.id]]
    assert [finish(alice.id), finish(alice.id)] == [True, False]
    assert state_of(secret) == (bob.id, False)
    assert state_of(website) == (alice.id, True)
    with read_transaction() as session:
        kinds = session.scalars(select(AuditEntry.kind).where(AuditEntry.person_id == alice.id)).all()
        assert session.get_one(User, alice.id).email == f"deleted-{alice.id}@deleted.invalid"
    assert {"deletion_asked", "account_deleted"} <= set(kinds)


def test_the_last_owner_of_something_shared_stays(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob", role="maintainer")
    page = signed_in(alice).get(PAGE).text
    assert 'href="/alice/secret/share"' in page
    assert "Delete my account" not in page
    with pytest.raises(LastOwner, match="Others take part in alice/secret"):
        delete_own_account(alice, "alice")
    assert asked_for(FINISH) == []
    assert signed_in(alice).get("/settings").status_code == 200


def test_the_last_owner_of_a_group_stays_until_there_is_another(alice: Account, bob: Account) -> None:
    with transaction() as session:
        lab = User(name="lab", name_key="lab", email="", email_key="group:lab", session_key="0" * 32, kind="group")
        session.add(lab)
        session.flush()
        session.add_all(
            GroupMember(group_id=lab.id, user_id=person.id, role=role)
            for person, role in ((alice, "owner"), (bob, "member"))
        )
        lab_id = lab.id
    with pytest.raises(OwnsGroups, match="only owner of the group lab"):
        delete_own_account(alice, "alice")
    with pytest.raises(OwnsGroups):
        delete_person("alice", with_projects=True)
    with transaction() as session:
        session.get_one(GroupMember, (lab_id, bob.id)).role = "owner"
    delete_own_account(alice, "alice")


def test_the_password_and_the_name_are_asked_for(alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    asked = browser.submit(PAGE, confirmation="alice")
    assert (asked.status_code, 'name="current_password"' in asked.text) == (403, True)
    answer = browser.submit(PAGE, confirmation="bob", current_password=PASSWORD)
    assert (answer.status_code, "not your user name" in answer.text) == (400, True)
    assert asked_for(FINISH) == []


def test_an_account_that_was_resumed_meanwhile_is_kept(alice: Account, website: ProjectAccess) -> None:
    delete_own_account(alice, "alice")
    administration.resume("alice")
    assert finish(alice.id) is False
    assert state_of(website) == (alice.id, False)


def test_the_only_administrator_stays(ada: Account) -> None:
    with pytest.raises(administration.LastAdministrator):
        delete_own_account(ada, "ada")
    with read_transaction() as session:
        assert session.get_one(User, ada.id).suspended_at is None
