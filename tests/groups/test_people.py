"""The people of a group: added, invited, given other roles, removed; a group keeps an owner."""

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.accounts.models import GroupInvitation, GroupMember, User
from framework.audit.models import AuditEntry
from framework.database.session import read_transaction, transaction
from framework.groups import invitations, operations, people, tasks
from framework.groups.access import GroupAccess, GroupNotFound, OwnersOnly, group_for
from framework.groups.invitations import list_invitations
from framework.groups.listing import list_people
from framework.links.owning import make_view_link
from framework.projects.core.access import ProjectNotFound, project_for
from framework.projects.lifecycle.leaving import delete_person
from framework.projects.lifecycle.left_behind import OwnsGroups
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.people import AlreadyThere
from framework.projects.models import Link
from tests.cast import SignIn, Visitor, asked_for, link_in_mail, new_account, on_each_deployment, posted_texts
from tests.uploads.conftest import store_files


@pytest.fixture
def lab(alice: Account) -> GroupAccess:
    """A group that Alice owns."""
    return operations.create_group(alice, name="lab", title="Field Laboratory")


def kinds() -> list[str]:
    """What the audit log tells of groups, the oldest first."""
    with read_transaction() as session:
        query = select(AuditEntry.kind).where(AuditEntry.kind.startswith("group_")).order_by(AuditEntry.id)
        return list(session.scalars(query))


@on_each_deployment
def test_people_are_added_by_name_and_address_and_others_are_invited(
    alice: Account, bob: Account, lab: GroupAccess, visitor: Visitor
) -> None:
    shared = people.add_people(alice, lab, people=["bob", "dora@example.org", "nobody-here", "bob"], role="member")
    assert [(one.who, one.pending) for one in shared.added] == [("bob", False), ("dora@example.org", True)]
    assert [one.person for one in shared.refused] == ["nobody-here", "bob"]
    assert group_for(bob, "LAB").role == "member"
    assert any("added you to the group lab" in text for text in posted_texts())
    assert [one.email for one in list_invitations(lab)] == ["dora@example.org"]
    dora = new_account("dora")  # confirms the address
    assert group_for(dora, "lab").role == "member"
    assert list_invitations(lab) == []
    assert kinds() == ["group_created", "group_person_added", "group_person_added"]


def test_a_task_takes_what_a_confirmation_left(alice: Account, bob: Account, lab: GroupAccess) -> None:
    people.add_person(alice, lab, person="dora@example.org", role="member")
    dora = new_account("dora")
    assert asked_for(invitations.TAKE) == [[dora.id]]
    with transaction() as session:
        invitations.invite(session, session.get_one(User, lab.id), email="bob@example.org", role="member", by=alice)
    assert [tasks.take_invitations(bob.id) for _ in range(2)] == [1, 0]
    assert group_for(bob, "lab").role == "member"


def test_the_link_of_an_invitation_lets_whoever_has_it_join(
    alice: Account, bob: Account, lab: GroupAccess, signed_in: SignIn
) -> None:
    people.add_person(alice, lab, person="other@example.org", role="participant")
    page = link_in_mail("groups/invitations")
    visitor = signed_in(bob)
    assert "invited other@example.org" in visitor.get(page).text
    assert visitor.submit(page).location == "/lab/assignments"
    assert group_for(bob, "lab").role == "participant"
    assert visitor.get(page).status_code == 404
    with read_transaction() as session:
        assert session.scalars(select(GroupInvitation)).all() == []


def test_an_invitation_is_resent_and_withdrawn(
    alice: Account, bob: Account, lab: GroupAccess, signed_in: SignIn
) -> None:
    people.add_person(alice, lab, person="other@example.org", role="member")
    page, owner = link_in_mail("groups/invitations"), signed_in(alice)
    number = list_invitations(lab)[0].id
    place = f"/lab/people/invitations/{number}"
    assert owner.submit("/lab/people", to=f"{place}/resend").status_code == 302
    assert owner.submit("/lab/people", to=f"{place}/withdraw").status_code == 302
    assert signed_in(bob).get(page).status_code == 404


@on_each_deployment
def test_a_group_keeps_an_owner(alice: Account, bob: Account, lab: GroupAccess) -> None:
    people.add_person(alice, lab, person="bob", role="member")
    for act in (
        lambda: people.leave(alice, lab),
        lambda: people.remove_person(alice, lab, person_id=alice.id),
        lambda: people.change_role(alice, lab, person_id=alice.id, role="member"),
    ):
        with pytest.raises(people.LastOwner):
            act()
    people.change_role(alice, lab, person_id=bob.id, role="owner")
    suspend("bob")
    with pytest.raises(people.LastOwner):
        people.leave(alice, lab)
    with pytest.raises(OwnsGroups, match="lab"):
        delete_person("alice", with_projects=True)


def test_who_leaves_loses_the_projects_and_what_they_could_let_others_in_by(
    alice: Account, bob: Account, lab: GroupAccess
) -> None:
    notes = create_project(alice, name="notes", description="", visibility="private", owner="lab")
    people.add_person(alice, lab, person="bob", role="owner")
    make_view_link(bob, project_for(bob, "lab", "notes"), title="", expires_at=None)
    people.add_person(bob, lab, person="friend@example.org", role="owner")
    people.leave(bob, lab)
    with pytest.raises(ProjectNotFound):
        project_for(bob, "lab", "notes")
    assert list_invitations(lab) == []
    with read_transaction() as session:
        assert session.scalars(select(Link.revoked_at).where(Link.project_id == notes.id)).one() is not None


def test_a_deleted_person_is_in_no_group(alice: Account, bob: Account, lab: GroupAccess) -> None:
    people.add_person(alice, lab, person="bob", role="member")
    delete_person("bob")
    with read_transaction() as session:
        assert list(session.scalars(select(GroupMember.user_id))) == [alice.id]


def test_only_owners_decide(alice: Account, bob: Account, charlie: Account, lab: GroupAccess) -> None:
    people.add_person(alice, lab, person="bob", role="member")
    with pytest.raises(OwnersOnly):
        people.add_person(bob, lab, person="charlie", role="member")
    with pytest.raises(GroupNotFound):
        people.add_person(charlie, lab, person="charlie", role="owner")
    with pytest.raises(AlreadyThere):
        people.add_person(alice, lab, person="bob", role="owner")
    with pytest.raises(people.UnknownGroupRole):
        people.add_person(alice, lab, person="charlie", role="maintainer")


def test_members_see_neither_participants_nor_addresses(
    alice: Account, bob: Account, lab: GroupAccess, signed_in: SignIn
) -> None:
    people.add_person(alice, lab, person="bob", role="member")
    people.add_person(alice, lab, person=new_account("pat").email, role="participant")
    page = signed_in(bob).get("/lab/people")
    assert "bob" in page.text
    assert "pat" not in page.text.replace("path", "")
    assert "pat@example.org" in signed_in(alice).get("/lab/people?q=PA").text


def test_an_address_stands_for_a_name_until_its_person_comes(
    alice: Account, bob: Account, lab: GroupAccess, signed_in: SignIn
) -> None:
    def find(text: str) -> list[str]:
        return [one.shown for one in list_people(lab, text=text).people]

    pat = new_account("pat", full_name="Quentin Hill")
    people.add_person(alice, lab, person="pat@example.org", role="member")
    assert (find("PAT@"), find("quentin")) == (["pat@example.org"], [])
    create_project(alice, name="notes", description="", visibility="private", owner="lab")
    store_files(project_for(pat, "lab", "notes"), pat, {"a.txt": b"1"})
    assert (find("PAT@"), find("quentin")) == ([], ["pat"])
    people.add_person(alice, lab, person="other@example.org", role="member")
    signed_in(bob).submit(link_in_mail("groups/invitations"))
    assert find("b") == ["bob"]


def test_the_page_of_people_is_paged_and_searched(alice: Account, lab: GroupAccess) -> None:
    for number in range(4):
        people.add_person(alice, lab, person=new_account(f"member{number}").name, role="member")
    first = list_people(lab, length=3)
    second = list_people(lab, page=2, length=3)
    assert [one.name for one in first.people] == ["alice", "member0", "member1"]
    assert ([one.name for one in second.people], first.more, second.more) == (["member2", "member3"], True, False)
    assert [one.name for one in list_people(lab, text="MEMBER3").people] == ["member3"]
    assert first.counts == {"owner": 1, "member": 4}


def test_whoever_leaves_by_the_page_is_asked_first(
    alice: Account, bob: Account, lab: GroupAccess, signed_in: SignIn
) -> None:
    people.add_person(alice, lab, person="bob", role="member")
    visitor = signed_in(bob)
    assert "You will no longer see" in visitor.get("/lab/people/leave").text
    assert visitor.submit("/lab/people/leave").location == "/groups"
    assert group_for(bob, "lab").role is None
    assert visitor.get("/lab/people").status_code == 404
