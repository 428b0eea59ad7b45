"""A maintainer changes settings and people, but neither owners, visibility nor whether the project is there."""

import pytest
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess, RoleTooLow, has_role, project_for
from framework.projects.core.validation import ROLES
from framework.projects.lifecycle.operations import trash_project, update_project
from framework.projects.members import invitations
from framework.projects.members.people import add_person, people_of
from framework.projects.members.roles import change_role, remove_person
from framework.projects.models import Member
from tests.cast import SignIn
from tests.uploads.form import upload

SETTINGS = "/alice/secret/settings"
PROF = "prof@university.example"


@pytest.fixture
def maintained(alice: Account, bob: Account, secret: ProjectAccess) -> ProjectAccess:
    """Alice's private project with Bob as a maintainer, as Bob sees it."""
    add_person(alice, secret, person="bob", role="maintainer")
    return project_for(bob, "alice", "secret")


def test_a_maintainer_changes_files_settings_and_people(
    bob: Account, charlie: Account, maintained: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(bob)
    assert upload(browser, {"a.txt": b"1"}, page="/alice/secret/upload/main/").status_code == 303
    fields = {"name": "secret", "description": "Ours", "topics": ""}
    assert browser.submit(SETTINGS, **fields).location == SETTINGS
    assert project_for(bob, "alice", "secret").description == "Ours"
    for page in ("/people", "/branches", "/storage"):
        assert browser.get(SETTINGS + page).status_code == 200
    add_person(bob, maintained, person="charlie", role="maintainer")
    change_role(bob, maintained, person_id=charlie.id, role="reader")
    remove_person(bob, maintained, person_id=charlie.id)
    assert [person.name for person in people_of(maintained)] == ["alice", "bob"]


def test_a_maintainer_does_not_decide_who_sees_it_or_whether_it_is_there(
    bob: Account, maintained: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(bob)
    page = browser.get(SETTINGS).text
    assert "Delete this project" not in page
    assert 'name="visibility"' not in page
    browser.submit(SETTINGS, name="secret", description="", topics="", visibility="public", publish="y")
    assert project_for(bob, "alice", "secret").visibility == "private"
    for address in ("/trash", "/purge"):
        assert browser.submit(SETTINGS, to=SETTINGS + address, confirmation="secret").status_code == 403
    with pytest.raises(RoleTooLow, match="needs an owner"):
        update_project(bob, maintained, visibility="public")
    with pytest.raises(RoleTooLow):
        trash_project(bob, maintained)


def test_a_maintainer_decides_nothing_about_owners(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, maintained: ProjectAccess
) -> None:
    add_person(alice, secret, person="charlie", role="owner")
    add_person(alice, secret, person=PROF, role="owner")
    pending = invitations.invitations_to(secret)[0]
    for refused in (
        lambda: add_person(bob, maintained, person="ann@example.org", role="owner"),
        lambda: add_person(bob, maintained, person=PROF, role="reader"),
        lambda: change_role(bob, maintained, person_id=bob.id, role="owner"),
        lambda: change_role(bob, maintained, person_id=charlie.id, role="reader"),
        lambda: remove_person(bob, maintained, person_id=charlie.id),
        lambda: invitations.withdraw(bob, maintained, pending.id),
    ):
        with pytest.raises(RoleTooLow):
            refused()
    assert [one.role for one in people_of(secret)] == ["owner", "maintainer", "owner"]
    assert [one.role for one in invitations.invitations_to(secret)] == ["owner"]


def test_an_owner_who_becomes_a_maintainer_keeps_what_those_may_invite_to(
    alice: Account, bob: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    as_owner = project_for(bob, "alice", "secret")
    add_person(bob, as_owner, person=PROF, role="owner")
    add_person(bob, as_owner, person="ann@example.org", role="maintainer")
    change_role(alice, secret, person_id=bob.id, role="maintainer")
    assert [one.email for one in invitations.invitations_to(secret)] == ["ann@example.org"]


def test_a_role_of_a_later_release_may_read(bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    with transaction() as session:
        session.execute(update(Member).values(role="auditor"))
    assert project_for(bob, "alice", "secret").can_write is False
    assert signed_in(bob).get(SETTINGS).status_code == 403
    assert not any(has_role("auditor", role) for role in ROLES if role != "reader")
