"""Sharing with many at once: lists of people, one save for all roles, invitations sent again, and leaving."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import find_user
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.core.description import recorded_members
from framework.projects.members import invitations
from framework.projects.members.people import TooManyPeople, add_people, add_person, people_of
from framework.projects.members.person_lists import MOST, split_people
from framework.projects.members.roles import OwnerLeaves, leave
from framework.projects.models import Event, Invitation, Notice
from framework.repositories.models import Repository
from tests.cast import SignIn, Visitor, link_in_mail, new_account, posted_texts

SHARE = "/alice/secret/share"
PROF = "prof@university.example"


@pytest.mark.parametrize(
    ("text", "people"),
    [
        ("bob", ["bob"]),
        (" bob, charlie@x.org  Ann;dora\nBOB\t", ["bob", "charlie@x.org", "Ann", "dora"]),
        ('E-mail\r\n"a@b.org"\r\nc@d.org\r\n', ["a@b.org", "c@d.org"]),
        ('"Lee, Ann" <ann@x.org>, Bob Hope <bob@x.org>; x', ["ann@x.org", "bob@x.org", "x"]),
        ("email", ["email"]),
        ("a <b", ["a <b"]),
        (" ,;\n", []),
    ],
)
def test_it_reads_lists_as_people_paste_them(text: str, people: list[str]) -> None:
    assert split_people(text) == people


def test_a_list_is_added_as_one_version_and_one_event(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    assert browser.submit(SHARE, person=f"bob, Charlie@Example.org\n{PROF}", role="writer").location == SHARE
    page = browser.get(SHARE).text
    assert "bob and Charlie@Example.org were added and notified by e-mail." in page
    assert f"{PROF} was invited by e-mail." in page
    assert [(person.name, person.role) for person in people_of(secret)[1:]] == [
        ("bob", "writer"),
        ("charlie", "writer"),
    ]
    with read_transaction() as session:
        told = session.scalars(select(Event.details).where(Event.kind == "person_added")).all()
        assert sorted(session.scalars(select(Notice.user_id))) == [bob.id, charlie.id]
        about = session.get_one(Repository, secret.repository_id).about
    assert [one["person"] for one in told] == ["bob and somebody by e-mail"]
    assert [member["name"] for member in recorded_members(about)] == ["bob", "charlie"]


def test_who_cannot_be_added_stays_in_the_field_with_the_reason(
    alice: Account, bob: Account, charlie: Account, shared: ProjectAccess, signed_in: SignIn
) -> None:
    answer = signed_in(alice).submit(SHARE, person="charlie, nobody bob", role="reader")
    assert answer.status_code == 400
    assert "charlie was added and notified" in answer.text
    assert ">\r\nnobody\nbob</textarea>" in answer.text
    assert "nobody: Nobody here has this user name." in answer.text
    assert "bob: bob takes part already" in answer.text
    assert project_for(charlie, "alice", "secret").role == "reader"


def test_one_person_named_twice_is_added_once(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    shared = add_people(alice, secret, people=["bob", "bob@example.org"], role="reader")
    assert [one.who for one in shared.added] == ["bob"]
    assert [one.person for one in shared.refused] == ["bob@example.org"]


def test_a_list_has_an_end(alice: Account, secret: ProjectAccess) -> None:
    with pytest.raises(TooManyPeople):
        add_people(alice, secret, people=["x"] * (MOST + 1), role="reader")


def test_all_roles_are_saved_together(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_people(alice, secret, people=["bob", "charlie"], role="reader")
    browser, dora = signed_in(alice), new_account("dora")
    add_person(alice, secret, person="dora", role="writer")
    fields = {f"role-{bob.id}": "writer", f"role-{charlie.id}": "maintainer", f"role-{dora.id}": "writer"}
    assert browser.submit(SHARE, to=f"{SHARE}/roles", **fields).location == SHARE
    assert "bob is a writer now. charlie is a maintainer now." in browser.get(SHARE).text
    assert [person.role for person in people_of(secret)[1:]] == ["writer", "maintainer", "writer"]
    browser.submit(SHARE, to=f"{SHARE}/roles", **fields)
    assert "Every role is what it was." in browser.get(SHARE).text
    fields = {f"role-{bob.id}": "reader", f"role-{charlie.id}": "king"}
    assert browser.submit(SHARE, to=f"{SHARE}/roles", **fields).status_code == 400
    fields = {f"role-{bob.id}": "reader", "role-999999": "reader"}
    assert browser.submit(SHARE, to=f"{SHARE}/roles", **fields).status_code == 404
    assert people_of(secret)[1].role == "writer"


def test_a_visitor_sees_the_link_and_no_people(
    website: ProjectAccess, bob: Account, shared: ProjectAccess, visitor: Visitor, signed_in: SignIn
) -> None:
    page = visitor.get("/alice/website/share").text
    assert "/alice/website&#34;" in page or '/alice/website"' in page
    assert "Add people" not in page
    assert visitor.get(SHARE).status_code == 404
    page = signed_in(bob).get(SHARE).text
    assert "Add people" not in page
    assert "Leave this project" in page
    assert signed_in(bob).submit(SHARE + "/leave", to=SHARE, person="x", role="reader").status_code == 403


def test_an_invitation_is_sent_again_and_lasts_as_long_again(
    alice: Account, secret: ProjectAccess, signed_in: SignIn, visitor: Visitor
) -> None:
    add_person(alice, secret, person=PROF, role="reader")
    link = link_in_mail("invitations")
    pending = invitations.invitations_to(secret)[0]
    with transaction() as session:
        session.execute(update(Invitation).values(expires_at=now() + timedelta(hours=1)))
    before = len(posted_texts())
    browser = signed_in(alice)
    assert browser.submit(SHARE, to=f"{SHARE}/invitations/{pending.id}/resend").location == SHARE
    assert [PROF in text for text in posted_texts()[before:]] == [True]
    assert invitations.invitations_to(secret)[0].expires_at > now() + timedelta(days=13)
    assert link_in_mail("invitations") == link
    assert visitor.get(link).status_code == 200
    for _more in range(3):
        last = browser.submit(SHARE, to=f"{SHARE}/invitations/{pending.id}/resend")
    assert last.status_code == 429


def test_signing_up_by_the_link_confirms_the_address_and_opens_the_project(
    alice: Account, secret: ProjectAccess, visitor: Visitor
) -> None:
    add_person(alice, secret, person=PROF, role="writer")
    link = link_in_mail("invitations")
    assert f"email={PROF}" in visitor.get(link).text
    page = f"/signup?next={link}&email={PROF}"
    assert f'value="{PROF}"' in visitor.get(page).text
    answer = visitor.submit(page, username="prof", email=PROF, password="correct horse battery", next=link)
    assert answer.location == "/alice/secret"
    assert "Welcome, prof. You were added to alice/secret." in visitor.get("/alice/secret").text
    with read_transaction() as session:
        user = find_user(session, PROF)
    assert user is not None
    assert (user.name, user.email_verified_at is not None) == ("prof", True)
    assert people_of(secret)[1].shown == "prof"


def test_who_signs_up_with_another_address_takes_part_and_has_to_confirm_it(
    alice: Account, secret: ProjectAccess, visitor: Visitor
) -> None:
    add_person(alice, secret, person=PROF, role="writer")
    link = link_in_mail("invitations")
    fields = {"username": "prof", "email": "home@example.org", "password": "correct horse battery"}
    assert visitor.submit(f"/signup?next={link}", **fields, next=link).location == "/alice/secret"
    with read_transaction() as session:
        assert find_user(session, "home@example.org") is None


def test_signing_up_by_a_link_that_ended_leads_to_its_page(
    alice: Account, secret: ProjectAccess, visitor: Visitor
) -> None:
    add_person(alice, secret, person=PROF, role="writer")
    link = link_in_mail("invitations")
    invitations.withdraw(alice, secret, invitations.invitations_to(secret)[0].id)
    fields = {"username": "prof", "email": PROF, "password": "correct horse battery"}
    assert visitor.submit(f"/signup?next={link}", **fields, next=link).location == link
    assert visitor.get(link).status_code == 404


def test_a_member_leaves(alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn) -> None:
    browser = signed_in(bob)
    assert browser.submit(f"{SHARE}/leave").location == "/"
    assert "You left alice/secret." in browser.get("/").text
    assert browser.get(SHARE).status_code == 404
    assert "left the project" in signed_in(alice).get("/alice/secret/activity").text
    with read_transaction() as session:
        assert recorded_members(session.get_one(Repository, shared.repository_id).about) == []


def test_who_was_added_by_address_leaves_without_telling_a_name(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    add_person(alice, secret, person="bob@example.org", role="reader")
    leave(bob, project_for(bob, "alice", "secret"))
    with pytest.raises(ProjectNotFound):
        project_for(bob, "alice", "secret")
    assert ">bob<" not in signed_in(alice).get("/alice/secret/activity").text


def test_the_last_owner_stays(alice: Account, secret: ProjectAccess, signed_in: SignIn) -> None:
    assert signed_in(alice).submit(f"{SHARE}/leave").status_code == 409
    with pytest.raises(OwnerLeaves):
        leave(alice, secret)
    with read_transaction() as session:
        assert session.scalar(select(func.count(Event.id)).where(Event.kind == "person_left")) == 0
