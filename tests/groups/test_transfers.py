"""Projects that come to a group and leave it: by whom, what follows, and where their old addresses lead."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.lifecycle import administration
from framework.accounts.models import User
from framework.audit.models import AuditEntry
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.groups import operations, people
from framework.groups.access import GroupAccess
from framework.links.owning import make_view_link
from framework.projects.core import offers
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.lifecycle import moving, transfers
from framework.projects.lifecycle.operations import create_project
from framework.projects.members import quota
from framework.projects.members.limits import QuotaExceeded
from framework.projects.members.people import add_person, people_of
from framework.projects.models import Invitation, Link
from framework.repositories.models import Repository
from tests.api.program import Program
from tests.cast import SignIn, new_account, on_each_deployment, posted_texts


@pytest.fixture
def lab(bob: Account, charlie: Account) -> GroupAccess:
    """A group that Bob owns, with Charlie as a member."""
    lab = operations.create_group(bob, name="lab", title="")
    people.add_person(bob, lab, person="charlie", role="member")
    return lab


@pytest.fixture
def theirs(bob: Account, lab: GroupAccess) -> ProjectAccess:
    """A private project of the group."""
    return create_project(bob, name="data", description="", visibility="private", owner=lab.name)


@on_each_deployment
def test_an_owner_of_the_group_accepts_for_it(
    alice: Account, bob: Account, charlie: Account, lab: GroupAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    made = transfers.transfer_project(alice, secret, to="LAB")
    assert made.offer
    assert any("wants to hand over alice/secret to lab" in text for text in posted_texts())
    assert offers.list_offers_to(charlie) == []
    assert "Alice Liddell (alice)</b> wants to hand over" in signed_in(bob).get(made.offer.path).text
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(charlie, made.offer.id)
    assert signed_in(bob).submit(made.offer.path).location == "/lab/secret"
    roles = {account.name: project_for(account, "alice", "secret").role for account in (alice, bob, charlie)}
    assert roles == {"alice": "maintainer", "bob": "owner", "charlie": "writer"}
    assert project_for(bob, "alice", "secret").full_name == "lab/secret"
    assert any("bob accepted alice/secret for lab" in text for text in posted_texts())
    with read_transaction() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.kind == "handed_over")).one()
    assert (entry.actor, entry.person, entry.project) == ("alice", "lab", "lab/secret")
    assert entry.details["accepted_by"] == "bob"


def test_ones_own_group_needs_no_second_step(app: Flask, bob: Account, lab: GroupAccess) -> None:
    create_project(bob, name="notes", description="", visibility="private")
    program = Program.of(app, bob)
    answer = program.post("/projects/bob/notes/transfer", {"to": "lab"})
    assert (answer.status_code, answer.json["full_name"]) == (200, "lab/notes")
    assert [one.name for one in people_of(project_for(bob, "lab", "notes"))] == ["lab"]
    assert program.post("/projects/lab/notes/transfer", {"to": "lab"}).status_code == 409
    assert program.post("/projects/lab/notes/transfer", {"to": "bob"}).json["full_name"] == "bob/notes"
    assert program.get("/projects/lab/notes").location == "/api/v1/projects/bob/notes"
    assert not any("belongs to" in text for text in posted_texts())  # nobody else owns either side


def test_what_people_had_through_the_group_ends(
    alice: Account, bob: Account, charlie: Account, lab: GroupAccess, theirs: ProjectAccess
) -> None:
    add_person(bob, theirs, person="dora@example.org", role="reader")
    make_view_link(bob, theirs, title="", expires_at=None)
    made = transfers.transfer_project(bob, theirs, to="alice")
    assert made.offer
    people.change_role(bob, lab, person_id=charlie.id, role="owner")
    assert transfers.accept_offer(alice, made.offer.id) == "/alice/data"
    assert sum("You have no role in it any more" in text for text in posted_texts()) == len((bob, charlie))
    for account in (bob, charlie):
        with pytest.raises(ProjectNotFound):
            project_for(account, "lab", "data")
    with read_transaction() as session:
        assert session.scalars(select(Invitation.id)).all() == []
        assert session.scalars(select(Link.revoked_at)).one() is not None
        query = select(AuditEntry.person).where(AuditEntry.kind == "handed_over").order_by(AuditEntry.id)
        assert session.scalars(query).all() == ["alice", "lab"]


def test_only_owners_of_the_group_hand_over_its_projects(
    alice: Account, bob: Account, charlie: Account, lab: GroupAccess, theirs: ProjectAccess
) -> None:
    add_person(bob, theirs, person="alice", role="owner")
    with pytest.raises(transfers.NotYoursToGive):
        transfers.transfer_project(alice, project_for(alice, "lab", "data"), to="alice")
    people.change_role(bob, lab, person_id=charlie.id, role="owner")
    made = transfers.transfer_project(charlie, theirs, to="alice")
    assert made.offer
    assert offers.list_offers_to(alice) == [made.offer]
    people.change_role(bob, lab, person_id=charlie.id, role="member")
    assert offers.list_offers_to(alice) == []
    with pytest.raises(offers.TransferGone):  # whoever offered it owns it no longer
        transfers.accept_offer(alice, made.offer.id)
    assert project_for(bob, "lab", "data").is_owner
    people.change_role(bob, lab, person_id=charlie.id, role="owner")
    administration.suspend("charlie")
    assert offers.list_offers_to(alice) == []


def test_the_groups_plan_has_to_have_room(bob: Account, lab: GroupAccess, with_settings: Callable[..., Config]) -> None:
    own = create_project(bob, name="notes", description="", visibility="private")
    with_settings(quota_bytes=1000)
    with transaction() as session:
        session.get_one(Repository, own.repository_id).stored_bytes = 1001
    with pytest.raises(QuotaExceeded, match="The projects of lab together"):
        transfers.transfer_project(bob, own, to="lab")
    assert project_for(bob, "bob", "notes").is_owner
    assert offers.list_offers_to(bob) == []


def test_a_groups_roles_count_once_the_address_is_confirmed(
    alice: Account, bob: Account, lab: GroupAccess, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    eve = new_account("eve", confirmed=False)
    people.add_person(bob, lab, person="eve", role="owner")
    with_settings(smtp_url="smtp://mail.example.org")
    made = transfers.transfer_project(alice, secret, to="lab")
    assert made.offer
    assert offers.list_offers_to(eve) == []
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(eve, made.offer.id)
    own = create_project(eve, name="own", description="", visibility="private")
    assert transfers.transfer_project(eve, own, to="lab").offer


def test_an_owner_without_the_factor_that_the_group_asks_for_answers_nothing(
    alice: Account, bob: Account, lab: GroupAccess, secret: ProjectAccess
) -> None:
    made = transfers.transfer_project(alice, secret, to="lab")
    assert made.offer
    with transaction() as session:
        session.get_one(User, lab.id).owners_need_factor = True
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(bob, made.offer.id)


def test_a_group_that_is_deleted_in_the_same_moment_receives_nothing(
    bob: Account, lab: GroupAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = create_project(bob, name="notes", description="", visibility="private")
    lock = quota.lock_receiver

    def let_delete(session: Session, account_id: int) -> bool:
        session.delete(session.get_one(User, account_id))
        session.flush()
        return lock(session, account_id)

    monkeypatch.setattr(quota, "lock_receiver", let_delete)
    with pytest.raises(moving.ReceiverGone):
        transfers.transfer_project(bob, own, to="lab")
    assert project_for(bob, "bob", "notes").is_owner


@pytest.mark.deployments("production-like")
def test_of_two_owners_who_accept_at_once_one_does(
    alice: Account, bob: Account, charlie: Account, lab: GroupAccess, secret: ProjectAccess
) -> None:
    people.change_role(bob, lab, person_id=charlie.id, role="owner")
    made = transfers.transfer_project(alice, secret, to="lab")
    assert made.offer
    with ThreadPoolExecutor(2) as both:
        answers = [both.submit(transfers.accept_offer, one, made.offer.id) for one in (bob, charlie)]
    failed = [answer.exception() for answer in answers if answer.exception()]
    assert [type(failure) for failure in failed] == [offers.TransferGone]
    with read_transaction() as session:
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.kind == "handed_over")).all()) == 1
