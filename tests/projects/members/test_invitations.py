"""Sharing by an address that nobody has confirmed: an invitation, for whoever confirms it."""

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select, update

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import confirmation
from framework.accounts.lifecycle.operations import create_user
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.core.description import recorded_members
from framework.projects.members import invitations
from framework.projects.members.people import add_people, add_person, people_of
from framework.projects.members.roles import change_role, remove_person
from framework.projects.models import Invitation, Notice
from framework.projects.notify import digests
from framework.projects.tasks import forget_invitations, take_invitations
from framework.repositories.models import Repository
from framework.repositories.write.creation import change_about
from tests.cast import PASSWORD, SignIn, Visitor, link_in_mail, on_each_deployment, posted_texts
from tests.celery.rows import rename_table
from tests.uploads.form import upload

PROF = "prof@university.example"
PEOPLE, SHARE = "/alice/secret/settings/people", "/alice/secret/share"


@pytest.fixture
def stranger(app: Flask) -> Account:
    """Has signed up with the professor's address, and confirmed nothing."""
    return create_user(name="stranger", email=PROF, password=PASSWORD)


def confirm_newest() -> Account:
    """Open the newest link that confirms an address."""
    return confirmation.confirm_address(link_in_mail("verify").removeprefix("/verify/"))


def role_of(account: Account) -> str | None:
    """What somebody is in Alice's project; None when they do not see it."""
    try:
        return project_for(account, "alice", "secret").role
    except ProjectNotFound:
        return None


def test_an_address_that_nobody_confirmed_gets_an_invitation(
    alice: Account, stranger: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    assert browser.submit(PEOPLE, person=PROF.upper(), role="writer").location == PEOPLE
    assert role_of(stranger) is None
    page = browser.get(PEOPLE).text
    assert "Pending invitations" in page
    assert "stranger" not in page
    assert "/invitations/" in posted_texts()[-1]
    assert "The invitation is valid for 14 days" in posted_texts()[-1]


def test_an_address_does_not_tell_whose_it_is(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn, app: Flask
) -> None:
    browser = signed_in(alice)
    assert add_person(alice, secret, person="BOB@example.org", role="writer").who == "BOB@example.org"
    for page in (PEOPLE, "/alice/secret/activity", "/alice/secret", "/"):
        text = browser.get(page).text
        assert 'href="/bob"' not in text, page
        assert ">bob<" not in text, page
    assert "added somebody by e-mail as writer" in browser.get("/alice/secret/activity").text
    browser.submit(PEOPLE, to="/alice/secret/share/roles", **{f"role-{bob.id}": "owner"})
    assert "BOB@example.org is an owner now." in browser.get(PEOPLE).text
    with read_transaction() as session:
        assert session.scalars(select(Notice.user_id)).all() == [bob.id]
    assert upload(signed_in(bob), {"a.txt": b"1"}, page="/alice/secret/upload/main/").status_code == 303
    page = browser.get(PEOPLE).text
    assert 'href="/bob"' in page
    assert "BOB@example.org" not in page


def test_whoever_accepts_an_invitation_is_named(
    alice: Account, stranger: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    signed_in(stranger).submit(link_in_mail("invitations"))
    assert 'href="/stranger"' in signed_in(alice).get(PEOPLE).text


@on_each_deployment
def test_whoever_confirms_the_address_takes_it(alice: Account, stranger: Account, secret: ProjectAccess) -> None:
    assert add_person(alice, secret, person=PROF, role="writer").pending
    prof = create_user(name="prof", email=PROF, password=PASSWORD)
    assert confirm_newest().id == prof.id
    assert (role_of(prof), role_of(stranger)) == ("writer", None)
    assert invitations.invitations_to(secret) == []
    with read_transaction() as session:
        about = session.get_one(Repository, secret.repository_id).about
    assert [member["name"] for member in recorded_members(about)] == ["prof"]
    assert take_invitations.run(prof.id) == 0


def test_a_task_takes_what_the_confirmation_could_not(
    alice: Account, stranger: Account, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    monkeypatch.setattr("framework.accounts.core.addresses._followers", [])  # as after a crash right behind the commit
    confirm_newest()
    assert role_of(stranger) is None
    assert any("take_invitations" in text for text in posted_texts())
    assert take_invitations.run(stranger.id) == 1
    assert role_of(stranger) == "reader"


def test_a_confirmation_succeeds_while_its_invitations_cannot_be_read(
    alice: Account, stranger: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    link = link_in_mail("verify").removeprefix("/verify/")
    rename_table("invitations", "aside")
    assert confirmation.confirm_address(link).email_confirmed
    rename_table("aside", "invitations")
    assert take_invitations.run(stranger.id) == 1


def test_a_confirmed_address_is_added_at_once(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    added = add_person(alice, secret, person="Bob@Example.org", role="reader")
    assert (added.who, added.pending, role_of(bob)) == ("Bob@Example.org", False, "reader")


def test_the_link_confirms_the_address_of_who_claims_it(
    alice: Account, stranger: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    link, browser = link_in_mail("invitations"), signed_in(stranger)
    assert "Accept as stranger" in browser.get(link).text
    assert browser.submit(link).location == "/alice/secret"
    assert browser.get("/alice/secret").status_code == 200
    assert "not confirmed yet" not in browser.get("/settings").text


def test_the_link_can_be_taken_with_another_account(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn, visitor: Visitor
) -> None:
    add_person(alice, secret, person=PROF, role="writer")
    link = link_in_mail("invitations")
    assert f"/signup?next={link}" in visitor.get(link).text
    assert signed_in(bob).submit(link).location == "/alice/secret"
    assert role_of(bob) == "writer"
    assert visitor.get(link).status_code == 404


def test_a_higher_role_is_kept(alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    add_person(alice, secret, person="bob", role="owner")
    add_person(alice, secret, person=PROF, role="reader")
    signed_in(bob).submit(link_in_mail("invitations"))
    assert role_of(bob) == "owner"
    assert invitations.invitations_to(secret) == []


def test_an_invitation_can_be_withdrawn(
    alice: Account, charlie: Account, stranger: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    link, pending = link_in_mail("invitations"), invitations.invitations_to(secret)[0]
    address = f"/alice/secret/share/invitations/{pending.id}/withdraw"
    assert signed_in(charlie).submit("/settings", to=address).status_code == 404
    assert signed_in(alice).submit(PEOPLE, to=address).location == SHARE
    add_person(alice, secret, person="other@example.org", role="owner")  # may get the number of the row that is gone
    assert signed_in(charlie).get(link).status_code == 404
    confirm_newest()
    assert role_of(stranger) is None


@pytest.mark.parametrize("end", ["withdrawn", "another has its number", "expired"])
def test_what_ended_while_it_is_taken_is_not_taken(
    alice: Account, stranger: Account, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    [pending] = invitations.invitations_to(secret)

    def end_first(*about: Any, **more: Any) -> None:
        if end == "expired":
            with transaction() as session:
                session.execute(update(Invitation).values(expires_at=now() - timedelta(seconds=1)))
        else:
            invitations.withdraw(alice, secret, pending.id)
        if end == "another has its number":
            add_person(alice, secret, person="other@university.example", role="owner")
            assert [one.id for one in invitations.invitations_to(secret)] == [pending.id]
        change_about(*about, **more)

    monkeypatch.setattr(invitations, "change_about", end_first)
    confirm_newest()
    assert role_of(stranger) is None


@pytest.mark.parametrize("role", ["writer", None])
def test_what_an_owner_has_invited_to_ends_when_they_are_none(
    alice: Account, bob: Account, stranger: Account, secret: ProjectAccess, role: str | None
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    add_person(bob, project_for(bob, "alice", "secret"), person=PROF, role="owner")
    add_person(alice, secret, person="other@university.example", role="reader")
    if role:
        change_role(alice, secret, person_id=bob.id, role=role)
    else:
        remove_person(alice, secret, person_id=bob.id)
    assert [pending.email for pending in invitations.invitations_to(secret)] == ["other@university.example"]
    confirm_newest()
    assert role_of(stranger) is None


def test_a_second_invitation_replaces_the_first(alice: Account, secret: ProjectAccess, visitor: Visitor) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    first = link_in_mail("invitations")
    add_person(alice, secret, person=PROF.upper(), role="writer")
    assert [one.role for one in invitations.invitations_to(secret)] == ["writer"]
    assert visitor.get(first).status_code == 404


@pytest.mark.parametrize("token", ["nonsense", "WzFd.x", "WzEsMl0.AAAA"])
def test_it_takes_no_link_that_we_did_not_write(visitor: Visitor, token: str) -> None:
    assert visitor.get(f"/invitations/{token}").status_code == 404


def test_an_invitation_ends(alice: Account, stranger: Account, secret: ProjectAccess, visitor: Visitor) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    with transaction() as session:
        session.execute(update(Invitation).values(expires_at=now() - timedelta(seconds=1)))
    assert visitor.get(link_in_mail("invitations")).status_code == 404
    confirm_newest()
    assert role_of(stranger) is None
    assert forget_invitations.run() == 1


def test_no_mail_about_a_project_goes_to_an_address_that_is_not_confirmed(
    alice: Account, stranger: Account, secret: ProjectAccess
) -> None:
    before = len(posted_texts())
    shared = add_people(alice, secret, people=["stranger"], role="writer")
    assert (shared.added[0].mailed, shared.sentence) == (False, "stranger was added.")
    assert people_of(secret)[1].name == "stranger"
    with read_transaction() as session:
        assert session.scalar(select(func.count(Notice.id)).where(Notice.user_id == stranger.id)) == 1
    digests.send_news()
    assert not any(PROF in text for text in posted_texts()[before:])
