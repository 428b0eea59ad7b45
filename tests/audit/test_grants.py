"""What gives or takes access at a later moment is told when it is decided: invitations, offers, groups, hand-ins."""

from datetime import timedelta

import pytest

from framework.accounts.core.account import Account
from framework.audit.reading import Told, read_entries_of, read_entries_of_group
from framework.database.types import now
from framework.groups import invitations as group_invitations
from framework.groups import people as group_people
from framework.groups.access import group_for
from framework.groups.operations import create_group, delete_group
from framework.links.owning import change_drop_off, extend
from framework.links.rules import DropOffChanges
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.transfers import decline_offer, offer_project, withdraw_offer
from framework.projects.members import invitations
from framework.projects.members.people import add_people
from tests.cast import SignIn, new_account, on_each_deployment
from tests.links.conftest import make_drop

pytestmark = pytest.mark.usefixtures("app")


def facts(entries: list[Told]) -> list[tuple[str, str | None, str | None]]:
    """What, by whom and about whom, the oldest first."""
    return [(one.kind, one.actor, one.details.get("who") or one.details.get("to")) for one in reversed(entries)]


@on_each_deployment
def test_invitations_and_offers_are_told(
    alice: Account, bob: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    page = signed_in(alice)
    page.submit("/alice/secret/settings/people", person="eve@example.org", role="writer")
    pending = invitations.invitations_to(secret)[0]
    invitations.resend(alice, secret, pending.id)
    invitations.withdraw(alice, secret, pending.id)
    offer_project(alice, secret, to="bob")
    withdraw_offer(alice, secret)
    decline_offer(bob, offer_project(alice, secret, to="bob").id)
    entries = read_entries_of(secret.id).entries
    assert facts(entries) == [
        ("invited", "alice", "eve@example.org"),
        ("invited", "alice", "eve@example.org"),
        ("invitation_withdrawn", "alice", "eve@example.org"),
        ("offered", "alice", "bob"),
        ("offer_withdrawn", "alice", "bob"),
        ("offered", "alice", "bob"),
        ("offer_declined", "bob", "bob"),
    ]
    assert (entries[-1].details["role"], entries[-1].address) == ("writer", "127.0.0.1")
    assert "Invitation sent: eve@example.org" in page.get("/alice/secret/settings/audit").text


def test_what_changes_for_those_who_hand_in_is_told(alice: Account, secret: ProjectAccess) -> None:
    drop = make_drop(alice, secret)
    until = now() + timedelta(days=30)
    extend(alice, secret, drop.id, email="late@example.org", until=until)
    change_drop_off(alice, secret, drop.id, DropOffChanges(closed=True))
    change_drop_off(alice, secret, drop.id, DropOffChanges(closed=False, endless=True))
    entries = read_entries_of(secret.id).entries
    assert facts(entries) == [
        ("link_made", "alice", None),
        ("more_time", "alice", "late@example.org"),
        ("link_closed", "alice", None),
        ("link_opened", "alice", None),
        ("link_deadline", "alice", None),
    ]
    assert entries[3].details["until"] == until.isoformat(timespec="minutes")


@on_each_deployment
def test_owners_read_what_is_told_of_their_group(alice: Account, bob: Account, signed_in: SignIn) -> None:
    create_group(alice, name="other")
    lab = create_group(alice, name="lab")
    new_account("carla")
    group_people.add_people(alice, lab, people=["bob", "carla@example.org", "eve@example.org"], role="member")
    group_invitations.withdraw(alice, lab, group_invitations.list_invitations(lab)[0].id)
    group_people.change_role(alice, lab, person_id=bob.id, role="participant")
    group_people.remove_person(alice, lab, person_id=bob.id)
    entries = read_entries_of_group(lab.id).entries
    assert facts(entries) == [
        ("group_created", "alice", None),
        ("group_person_added", "alice", "bob"),
        ("group_person_added", "alice", "carla@example.org"),
        ("invited", "alice", "eve@example.org"),
        ("invitation_withdrawn", "alice", "eve@example.org"),
        ("group_person_changed", "alice", "bob"),
        ("group_person_removed", "alice", "bob"),
    ]
    page = signed_in(alice).get("/lab/settings/audit").text
    assert "Removed from a group: bob" in page
    assert "carla</" not in page


def test_a_later_group_of_the_same_number_has_no_entries_of_before(alice: Account) -> None:
    first = create_group(alice, name="lab")
    group_people.add_people(alice, first, people=["eve@example.org"], role="member")
    delete_group(alice, first, confirmation="lab")
    create_group(alice, name="later")
    assert facts(read_entries_of_group(group_for(alice, "later").id).entries) == [("group_created", "alice", None)]


def test_whoever_is_added_at_once_is_not_told_as_invited(alice: Account, bob: Account, secret: ProjectAccess) -> None:
    add_people(alice, secret, people=[bob.name], role="reader")
    assert [one.kind for one in read_entries_of(secret.id).entries] == ["person_added"]
