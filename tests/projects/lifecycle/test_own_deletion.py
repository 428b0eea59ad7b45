"""`/settings/delete`: what becomes of each project is told first, and nobody loses what they share."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select, text

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.accounts.models import GroupMember, User
from framework.audit.models import AuditEntry
from framework.database.session import read_transaction, transaction
from framework.groups.operations import create_group
from framework.groups.people import add_person as add_to_group
from framework.projects.core import owners
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.core.owners import lock_co_owners
from framework.projects.lifecycle.leaving import delete_person, finish
from framework.projects.lifecycle.left_behind import LastOwner, OwnsGroups
from framework.projects.lifecycle.own_deletion import FINISH, delete_own_account
from framework.projects.members.people import add_person
from framework.projects.members.roles import change_role, leave, remove_person
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


def test_the_only_administrator_stays(ada: Account, signed_in: SignIn) -> None:
    answer = signed_in(ada).submit(PAGE, confirmation="ada", current_password=PASSWORD)
    assert (answer.status_code, "only administrator" in answer.text) == (409, True)
    assert "flask " not in answer.text
    with read_transaction() as session:
        assert session.get_one(User, ada.id).suspended_at is None


def test_two_owners_who_go_leave_nothing_without_an_owner(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    add_person(alice, secret, person="bob", role="owner")
    delete_own_account(alice, "alice")
    theirs = project_for(bob, "alice", "secret")
    with pytest.raises(LastOwner, match="alice/secret"):
        delete_own_account(bob, "bob")
    ways: tuple[Callable[[], object], ...] = (
        lambda: leave(bob, theirs),
        lambda: change_role(bob, theirs, person_id=bob.id, role="writer"),
        lambda: remove_person(bob, theirs, person_id=bob.id),
    )
    for go in ways:
        with pytest.raises(owners.LastOwner):
            go()
    assert finish(alice.id)
    assert state_of(secret) == (bob.id, False)


def test_a_deletion_by_which_others_would_lose_something_by_now_is_undone(
    alice: Account, bob: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    delete_own_account(alice, "alice")
    administration.suspend("bob")
    assert finish(alice.id) is False
    assert state_of(secret) == (alice.id, False)
    assert any("Your account was not deleted" in text and "alice/secret" in text for text in posted_texts())
    with read_transaction() as session:
        assert session.get_one(User, alice.id).suspended_at is None
        assert session.scalar(select(AuditEntry.id).where(AuditEntry.kind == "deletion_stopped"))


@pytest.mark.deployments("production-like")
@pytest.mark.parametrize("shared", ["project", "group"])
def test_of_two_owners_who_delete_their_accounts_at_once_one_stays(
    alice: Account, bob: Account, secret: ProjectAccess, shared: str
) -> None:
    if shared == "project":
        add_person(alice, secret, person="bob", role="owner")
    else:
        lab = create_group(alice, name="lab")
        add_to_group(alice, lab, person="bob", role="owner")
    with transaction() as session, ThreadPoolExecutor(2) as both:
        lock_co_owners(session, alice.id)
        asked = [both.submit(delete_own_account, who, who.name) for who in (alice, bob)]
        while session.scalar(select(func.count()).select_from(text("pg_locks WHERE NOT granted"))) != len(asked):
            assert not any(each.done() for each in asked)
        session.commit()
    assert [type(each.exception()) for each in asked].count(type(None)) == 1
