"""Roles in the projects of a group: owners own them, members write or read, participants find nothing."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account, AccountNotFound, AccountSuspended, read_account
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.lifecycle.operations import find_owner, find_user
from framework.accounts.lifecycle.recovery_of_groups import new_group
from framework.accounts.models import GroupMember, User
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core import queries
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for, recheck
from framework.projects.core.creators import NoMember, OwnerUnknown, list_creating_owners
from framework.projects.lifecycle.operations import create_project, restore_project, trash_project
from framework.projects.members.people import add_person
from framework.projects.notify.notices import participants
from tests.cast import SignIn, on_each_deployment

Join = Callable[[Account, str], None]


@pytest.fixture
def lab(alice: Account) -> int:
    """A group that Alice owns; its number."""
    with transaction() as session:
        group = new_group("lab")
        session.add(group)
        session.flush()
        session.add(GroupMember(group_id=group.id, user_id=alice.id, role="owner"))
        return group.id


@pytest.fixture
def join(lab: int) -> Join:
    """Give somebody a role in the group."""

    def join_group(account: Account, role: str) -> None:
        with transaction() as session:
            session.merge(GroupMember(group_id=lab, user_id=account.id, role=role))
            session.get_one(User, lab).people_changed_at = now()

    return join_group


@pytest.fixture
def notes(alice: Account, lab: int) -> ProjectAccess:
    """A private project of the group."""
    assert lab
    return create_project(alice, name="notes", description="", visibility="private", owner="lab")


@on_each_deployment
@pytest.mark.parametrize(
    ("role", "member_role", "expected"),
    [
        ("owner", "reader", "owner"),
        ("member", None, "writer"),
        ("member", "reader", "reader"),
        ("member", "unheard-of", "reader"),
        ("participant", None, None),
    ],
)
def test_a_role_in_the_group_is_one_in_its_projects(
    join: Join,
    notes: ProjectAccess,
    bob: Account,
    signed_in: SignIn,
    *,
    role: str,
    member_role: str | None,
    expected: str | None,
) -> None:
    with transaction() as session:
        session.scalars(select(User).where(User.name == "lab")).one().member_role = member_role
    with pytest.raises(ProjectNotFound):
        project_for(bob, "lab", "notes")
    join(bob, role)
    listed = {one.full_name: one.role for one in queries.list_projects_of(bob).projects}
    profile = queries.list_owned_projects(queries.read_profile("lab"), bob)
    page = signed_in(bob).get("/lab/notes")
    with read_transaction() as session:
        told = {user.name for user in participants(session, notes.id)}
    if expected is None:
        assert (listed, profile.projects, page.status_code, told) == ({}, [], 404, {"alice"})
        with pytest.raises(ProjectNotFound):
            project_for(bob, "lab", "notes")
    else:
        assert project_for(bob, "lab", "notes").role == expected
        assert (listed, [one.role for one in profile.projects]) == ({"lab/notes": expected}, [expected])
        assert (page.status_code, told) == (200, {"alice", "bob"})


def test_the_higher_role_counts_and_a_suspended_person_has_none(
    alice: Account, bob: Account, join: Join, notes: ProjectAccess
) -> None:
    join(bob, "member")
    add_person(alice, notes, person="bob", role="maintainer")
    assert project_for(bob, "lab", "notes").role == "maintainer"
    suspend("bob")
    with transaction() as session, pytest.raises(AccountSuspended):
        recheck(session, notes.id, bob, "reader")


def test_a_token_for_another_project_opens_none_of_the_groups(alice: Account, notes: ProjectAccess) -> None:
    elsewhere = replace(alice, confined_to="0" * 32)
    with pytest.raises(ProjectNotFound):
        project_for(elsewhere, "lab", "notes")
    assert queries.list_projects_of(elsewhere).projects == []


def test_nobody_acts_for_a_group(lab: int) -> None:
    with read_transaction() as session:
        assert find_user(session, "lab") is None
        assert find_owner(session, "LAB") is not None
        with pytest.raises(AccountNotFound):
            read_account(session, lab)


def test_members_who_write_create_projects(lab: int, join: Join, bob: Account, charlie: Account) -> None:
    join(bob, "member")
    join(charlie, "participant")
    assert list_creating_owners(bob) == ["bob", "lab"]
    assert list_creating_owners(charlie) == ["charlie"]
    created = create_project(bob, name="data", description="", visibility="private", owner="Lab")
    assert (created.full_name, created.role) == ("lab/data", "writer")
    with pytest.raises(NoMember):
        create_project(charlie, name="mine", description="", visibility="private", owner="lab")
    with pytest.raises(OwnerUnknown):
        create_project(charlie, name="mine", description="", visibility="private", owner="bob")
    with transaction() as session:
        session.get_one(User, lab).member_role = "reader"
    with pytest.raises(NoMember):
        create_project(bob, name="more", description="", visibility="private", owner="lab")


def test_owners_of_the_group_have_its_trash(alice: Account, bob: Account, join: Join, notes: ProjectAccess) -> None:
    join(bob, "member")
    trash_project(alice, notes)
    assert [one.full_name for one in queries.list_trash(alice).projects] == ["lab/notes"]
    assert queries.list_trash(bob).projects == []
    with pytest.raises(ProjectNotFound):
        restore_project(bob, notes.id)
    assert restore_project(alice, notes.id) == "/lab/notes"
