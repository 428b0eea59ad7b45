"""The one door: who sees what, and that a private project looks like a missing one."""

import pytest

from framework.accounts.core.account import Account, SignInRequired
from framework.projects.core.access import ProjectAccess, ProjectNotFound, RoleTooLow, project_for
from framework.projects.lifecycle.operations import trash_project
from framework.projects.members.people import add_person
from tests.cast import SAME_REQUEST, SignIn, Visitor


def test_it_opens_to_the_owner(alice: Account, secret: ProjectAccess) -> None:
    access = project_for(alice, "ALICE", "Secret", "owner")
    assert access == secret
    assert access.is_owner
    assert access.can_write


@pytest.mark.parametrize(
    ("role", "can_write", "is_owner"), [("reader", False, False), ("writer", True, False), ("owner", True, True)]
)
def test_it_opens_to_members_by_their_role(
    alice: Account, bob: Account, secret: ProjectAccess, role: str, can_write: bool, is_owner: bool
) -> None:
    add_person(alice, secret, person="bob", role=role)
    access = project_for(bob, "alice", "secret", role)
    assert (access.role, access.can_write, access.is_owner) == (role, can_write, is_owner)


@pytest.mark.parametrize(("role", "needed"), [("reader", "writer"), ("reader", "owner"), ("writer", "owner")])
def test_it_tells_members_that_their_role_is_too_low(
    alice: Account, bob: Account, secret: ProjectAccess, role: str, needed: str
) -> None:
    add_person(alice, secret, person="bob", role=role)
    with pytest.raises(RoleTooLow, match="alice/secret"):
        project_for(bob, "alice", "secret", needed)


def test_it_opens_public_projects_to_everybody(website: ProjectAccess, charlie: Account) -> None:
    for somebody in (None, charlie):
        access = project_for(somebody, "alice", "website")
        assert (access.role, access.can_write) == (None, False)


def test_it_asks_who_is_not_signed_in_and_refuses_who_is(website: ProjectAccess, charlie: Account) -> None:
    with pytest.raises(SignInRequired):
        project_for(None, "alice", "website", "writer")
    with pytest.raises(RoleTooLow):
        project_for(charlie, "alice", "website", "writer")


@pytest.mark.parametrize("role", ["reader", "writer", "owner"])
def test_it_does_not_know_private_projects_of_others(secret: ProjectAccess, charlie: Account, role: str) -> None:
    for somebody in (None, charlie):
        with pytest.raises(ProjectNotFound):
            project_for(somebody, "alice", "secret", role)


@pytest.mark.parametrize(
    ("owner", "name"),
    [
        ("alice", "missing"),
        ("nobody", "secret"),
        ("alice", "\x00"),
        ("a\x00", "b"),
        ("alice", "x" * 300),
        ("艾", "b"),
        ("", ""),
    ],
)
def test_it_does_not_find_what_is_not_there(alice: Account, secret: ProjectAccess, owner: str, name: str) -> None:
    with pytest.raises(ProjectNotFound):
        project_for(alice, owner, name)


def test_it_does_not_find_what_is_in_the_trash(alice: Account, website: ProjectAccess) -> None:
    trash_project(alice, website)
    with pytest.raises(ProjectNotFound):
        project_for(alice, "alice", "website")


@pytest.mark.parametrize("place", ["", "/settings", "/settings/people", "/commits/main", "/nothing/of/ours"])
@pytest.mark.parametrize("who", ["nobody", "charlie"])
def test_it_answers_for_a_private_project_as_for_a_missing_one(
    secret: ProjectAccess,
    charlie: Account,
    visitor: Visitor,
    signed_in: SignIn,
    who: str,
    place: str,
) -> None:
    stranger = signed_in(charlie) if who == "charlie" else visitor
    private, missing = (stranger.get(f"/alice/{name}{place}", **SAME_REQUEST) for name in ("secret", "absent"))
    assert private.status_code == missing.status_code == 404
    assert private.data == missing.data
    assert dict(private.headers) == dict(missing.headers)
