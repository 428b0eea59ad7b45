"""Who takes part: adding, changing, removing, and the mail about it."""

import pytest
from sqlalchemy import select, text

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.database.session import read_transaction, transaction
from framework.projects.core.access import ProjectAccess, RoleTooLow, project_for
from framework.projects.core.description import describe, recorded_members
from framework.projects.lifecycle.adoption import restore_recorded_project
from framework.projects.members.people import ADDRESS, add_person, people_of
from framework.projects.members.roles import remove_person
from framework.projects.models import Member, Project
from framework.projects.notify.notices import participants
from framework.projects.tasks import refresh_about, refresh_person
from framework.repositories.models import Repository
from tests.cast import SignIn, posted_texts

PEOPLE, SHARE = "/alice/secret/settings/people", "/alice/secret/share"


@pytest.mark.parametrize("person", ["bob", "BOB", " bob ", "Bob@Example.org"])
@pytest.mark.parametrize("role", ["reader", "writer", "owner"])
def test_it_adds_somebody_by_name_or_address(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn, person: str, role: str
) -> None:
    answer = signed_in(alice).submit(PEOPLE, person=person, role=role)
    assert answer.location == PEOPLE
    assert project_for(bob, "alice", "secret").role == role


def test_it_writes_to_who_was_added(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    before = len(posted_texts())
    add_person(alice, secret, person="bob", role="reader")
    mails = posted_texts()[before:]
    assert len(mails) == 1
    assert "bob@example.org" in mails[0]
    assert "You were added to alice/secret" in mails[0]


def test_whoever_is_suspended_gets_no_mail_about_projects(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    suspend("bob")
    before = posted_texts()
    assert not add_person(alice, secret, person="bob", role="reader").mailed
    assert posted_texts() == before


@pytest.mark.parametrize(
    ("fields", "field", "status"),
    [
        ({"person": "", "role": "reader"}, "person", 400),
        ({"person": "nobody", "role": "reader"}, "person", 400),
        ({"person": "nobody@", "role": "reader"}, "person", 400),
        ({"person": "b\x00b", "role": "reader"}, "person", 400),
        ({"person": "x" * 300, "role": "reader"}, "person", 400),
        ({"person": "\U0001f41b", "role": "reader"}, "person", 400),
        ({"person": "alice", "role": "reader"}, "person", 409),
        ({"person": "bob", "role": "writer"}, "person", 409),
        ({"person": "charlie", "role": "king"}, "role", 400),
        ({"person": "charlie", "role": ""}, "role", 400),
    ],
)
def test_it_gives_a_bad_form_back(
    alice: Account,
    charlie: Account,
    shared: ProjectAccess,
    signed_in: SignIn,
    fields: dict[str, str],
    field: str,
    status: int,
) -> None:
    answer = signed_in(alice).submit(PEOPLE, **fields)
    assert answer.status_code == status
    assert f'id="{field}-error"' in answer.text
    assert len(people_of(shared)) == 2


def test_it_changes_a_role(alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    answer = signed_in(alice).submit(SHARE, to=f"{SHARE}/roles", **{f"role-{bob.id}": "reader"})
    assert answer.location == SHARE
    assert project_for(bob, "alice", "secret").role == "reader"


def test_it_takes_no_unknown_role(alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    assert signed_in(alice).submit(SHARE, to=f"{SHARE}/roles", **{f"role-{bob.id}": "king"}).status_code == 400
    assert project_for(bob, "alice", "secret").role == "writer"


def test_it_removes_somebody(alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    answer = signed_in(alice).submit(PEOPLE, to=f"{SHARE}/people/{bob.id}/remove")
    assert answer.location == SHARE
    assert signed_in(bob).get("/alice/secret/settings").status_code == 404


@pytest.mark.parametrize("act", ["roles", "people/{}/remove"])
def test_it_keeps_the_account_that_owns_the_project(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn, act: str
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    answer = signed_in(bob).submit(PEOPLE, to=f"{SHARE}/{act.format(alice.id)}", **{f"role-{alice.id}": "reader"})
    assert answer.status_code == 404
    assert project_for(alice, "alice", "secret").is_owner


def test_it_lets_only_owners_decide(bob: Account, charlie: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    assert signed_in(bob).get(PEOPLE).status_code == 403
    with pytest.raises(RoleTooLow):
        add_person(bob, shared, person="charlie", role="owner")


def test_it_checks_again_when_it_changes(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    add_person(alice, secret, person="bob", role="owner")
    as_owner = project_for(bob, "alice", "secret", "owner")
    remove_person(alice, secret, person_id=bob.id)
    add_person(alice, secret, person="bob", role="reader")
    with pytest.raises(RoleTooLow):
        remove_person(bob, as_owner, person_id=bob.id)


def test_it_knows_who_takes_part(alice: Account, bob: Account, shared: ProjectAccess) -> None:
    with read_transaction() as session:
        assert [user.id for user in participants(session, shared.id)] == [alice.id, bob.id]


def test_it_tells_the_log_about_a_persons_new_name(bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    signed_in(bob).submit("/settings", username="robert", full_name="", email="bob@example.org")
    assert refresh_person.run(bob.id) == 1
    assert refresh_about.run(shared.id) is True
    assert refresh_about.run(shared.id) is False
    with read_transaction() as session:
        about = session.get_one(Repository, shared.repository_id).about
    assert recorded_members(about) == [{"name": "robert", "email": "bob@example.org", "role": "writer"}]


def test_what_an_earlier_release_told_of_members_is_understood(
    alice: Account, bob: Account, secret: ProjectAccess
) -> None:
    told = [{"name": "bob", "email": "bob@example.org", "role": "writer"}]
    with transaction() as session:
        facts = describe(session, session.get_one(Project, secret.id)) | {"members": told}
        after = restore_recorded_project(session, secret.repository_id, facts)
    assert recorded_members(after) == told
    assert project_for(bob, "alice", "secret").role == "writer"


def test_what_a_member_has_done_is_found_by_an_index(alice: Account, secret: ProjectAccess) -> None:
    query = select(ADDRESS).where(Member.project_id == secret.id).compile(compile_kwargs={"literal_binds": True})
    with read_transaction() as session:
        plan = [step.detail for step in session.execute(text(f"EXPLAIN QUERY PLAN {query}"))]
    assert [step for step in plan if "events" in step] == [
        "SEARCH events USING INDEX ix_events_actor_id_project_id_created_at (actor_id=? AND project_id=?)"
    ]
