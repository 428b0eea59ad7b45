"""Handing a project over: offered, answered, withdrawn, expired; what moves and what stays."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core import offers
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.core.description import recorded_members
from framework.projects.lifecycle import transfers
from framework.projects.lifecycle.embargo import set_embargo
from framework.projects.lifecycle.leaving import hand_over
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.members import quota
from framework.projects.members.admission import Admission, OwnerChanged
from framework.projects.members.limits import QuotaExceeded
from framework.projects.members.people import add_person, people_of
from framework.projects.models import Project, Transfer
from framework.projects.tasks import forget_invitations
from framework.repositories.catalog.changes import Change
from framework.repositories.models import Repository
from framework.repositories.write import commit
from framework.repositories.write.commit import lock_repository
from tests.cast import SignIn, csrf_token, on_each_deployment, posted_texts
from tests.uploads.form import upload

HAND_OVER = "/alice/secret/share/transfer"


@pytest.fixture
def offer(alice: Account, bob: Account, secret: ProjectAccess) -> offers.Offer:
    """Alice has offered her private project to Bob."""
    return transfers.offer_project(alice, secret, to="bob")


@on_each_deployment
def test_the_project_moves_when_the_receiver_accepts(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, offer: offers.Offer
) -> None:
    add_person(alice, secret, person="charlie", role="writer")
    with pytest.raises(ProjectNotFound):
        project_for(bob, "alice", "secret")
    assert transfers.accept_offer(bob, offer.id) == "/bob/secret"
    moved = project_for(bob, "bob", "secret")
    assert (moved.id, moved.role) == (secret.id, "owner")
    assert [(one.name, one.role) for one in people_of(moved)] == [
        ("bob", "owner"),
        ("alice", "maintainer"),
        ("charlie", "writer"),
    ]
    assert project_for(alice, "alice", "secret").full_name == "bob/secret"
    with read_transaction() as session:
        about = session.get_one(Repository, secret.repository_id).about
    assert about["owner"]["name"] == "bob"
    assert {"email": "alice@example.org", "name": "alice", "role": "maintainer"} in recorded_members(about)
    assert any("bob accepted alice/secret" in text for text in posted_texts())
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(bob, offer.id)


def test_an_embargo_ends_when_the_project_moves(
    alice: Account, bob: Account, secret: ProjectAccess, offer: offers.Offer, signed_in: SignIn
) -> None:
    set_embargo(alice, secret, public_on=f"{now() + timedelta(days=30):%Y-%m-%d}")
    assert "is cleared" in signed_in(alice).get(HAND_OVER).text
    assert "is cleared" in signed_in(bob).get(offer.path).text
    transfers.accept_offer(bob, offer.id)
    with read_transaction() as session:
        row = session.get_one(Project, secret.id)
        assert (row.visibility, row.public_at, row.public_told_days) == ("private", None, None)
        assert "public_at" not in session.get_one(Repository, secret.repository_id).about


@pytest.mark.parametrize(("role", "kept"), [("owner", True), ("maintainer", False)])
def test_an_embargo_goes_on_for_who_was_an_owner_before(
    alice: Account, bob: Account, secret: ProjectAccess, role: str, *, kept: bool
) -> None:
    add_person(alice, secret, person="bob", role=role)
    set_embargo(alice, secret, public_on=f"{now() + timedelta(days=30):%Y-%m-%d}")
    hand_over(secret.id, "bob")
    assert (project_for(bob, "bob", "secret").public_at is not None) == kept


def test_it_is_handed_over_on_pages(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    upload(signed_in(alice), {"a.txt": b"1"}, page="/alice/secret/upload/main/")
    here, there = signed_in(alice), signed_in(bob)
    assert here.submit(HAND_OVER).status_code == 400
    assert "Hand over this project" in here.get("/alice/secret/share").text
    token = csrf_token(here.get(HAND_OVER).text)
    assert here.client.post(HAND_OVER, data={"to": "Bob", "csrf_token": token}).location == HAND_OVER
    assert any("Alice Liddell (alice) wants to hand over alice/secret to you" in text for text in posted_texts())
    assert "Waiting for bob" in here.get(HAND_OVER).text
    assert "hand over <b>alice/secret</b>" in there.get("/inbox").text
    (offer,) = offers.list_offers_to(bob)
    assert signed_in(charlie).get(offer.path).status_code == 404
    assert here.get(offer.path).status_code == 404
    assert there.submit(offer.path).location == "/bob/secret"
    moved = here.get("/alice/secret/blob/main/a.txt")
    assert (moved.status_code, moved.location) == (301, "/bob/secret/blob/main/a.txt")
    assert "made bob the owner" in there.get("/bob/secret/activity").text


def test_it_can_be_declined_and_withdrawn(
    alice: Account, bob: Account, secret: ProjectAccess, offer: offers.Offer, signed_in: SignIn
) -> None:
    there, here = signed_in(bob), signed_in(alice)
    assert there.submit(offer.path, to=f"{offer.path}/decline").location == "/"
    assert any("bob declined alice/secret" in text for text in posted_texts())
    assert there.get(offer.path).status_code == 404
    again = transfers.offer_project(alice, secret, to="bob")
    assert here.submit(HAND_OVER, to=f"{HAND_OVER}/withdraw").location == HAND_OVER
    assert offers.list_offers_to(bob) == []
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(bob, again.id)
    assert project_for(alice, "alice", "secret").is_owner


def test_a_later_offer_replaces_the_earlier(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, offer: offers.Offer
) -> None:
    transfers.offer_project(alice, secret, to="charlie")
    assert offers.list_offers_to(bob) == []
    assert [one.to for one in offers.list_offers_to(charlie)] == ["charlie"]


def test_an_offer_ends(alice: Account, bob: Account, offer: offers.Offer) -> None:
    with transaction() as session:
        session.execute(update(Transfer).values(expires_at=now() - timedelta(seconds=1)))
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(bob, offer.id)
    assert forget_invitations.run() == 1


@pytest.mark.parametrize("to", ["nobody", "bob@example.org", "gone", ""])
def test_only_a_user_name_can_receive(alice: Account, bob: Account, secret: ProjectAccess, to: str) -> None:
    with pytest.raises(transfers.UnknownReceiver):
        transfers.offer_project(alice, secret, to=to)


def test_who_does_not_own_it_hands_nothing_over(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess, signed_in: SignIn
) -> None:
    with pytest.raises(transfers.OwnReceiver):
        transfers.offer_project(alice, secret, to="alice")
    add_person(alice, secret, person="bob", role="owner")
    with pytest.raises(transfers.NotYoursToGive):
        transfers.offer_project(bob, project_for(bob, "alice", "secret"), to="charlie")
    add_person(alice, secret, person="charlie", role="maintainer")
    assert signed_in(charlie).get(HAND_OVER).status_code == 403


def test_the_receivers_plan_has_to_have_room(
    alice: Account, bob: Account, secret: ProjectAccess, offer: offers.Offer, with_settings: Callable[..., Config]
) -> None:
    with_settings(quota_bytes=1000)
    with transaction() as session:
        session.get_one(Repository, secret.repository_id).stored_bytes = 1001
    with pytest.raises(QuotaExceeded, match="The projects of bob together"):
        transfers.accept_offer(bob, offer.id)
    assert project_for(alice, "alice", "secret").is_owner
    assert offers.list_offers_to(bob) == [offers.read_offer_to(bob, offer.id)]


def test_what_is_pushed_until_the_repository_is_locked_has_to_have_room_too(
    bob: Account, secret: ProjectAccess, offer: offers.Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_push(session: Session, repository_id: str) -> Repository:
        repository = lock_repository(session, repository_id)
        repository.stored_bytes += 10**15
        return repository

    monkeypatch.setattr(commit, "lock_repository", let_push)
    with pytest.raises(QuotaExceeded):
        transfers.accept_offer(bob, offer.id)


def test_an_offer_that_became_another_ones_moves_nothing(
    alice: Account, bob: Account, website: ProjectAccess, offer: offers.Offer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def let_change(session: Session, _account_id: int) -> bool:
        session.execute(update(Transfer).values(project_id=website.id))
        return True

    monkeypatch.setattr(quota, "lock_receiver", let_change)
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(bob, offer.id)
    assert project_for(alice, "alice", "website").is_owner


def test_a_second_project_of_a_name_gets_a_number(bob: Account, offer: offers.Offer) -> None:
    create_project(bob, name="Secret", description="", visibility="public")
    assert transfers.accept_offer(bob, offer.id) == "/bob/secret-2"


@pytest.mark.parametrize("act", ["trash", "suspend"])
def test_nothing_moves_that_its_owner_may_not_give_any_more(
    alice: Account, bob: Account, secret: ProjectAccess, offer: offers.Offer, act: str
) -> None:
    if act == "trash":
        trash_project(alice, secret)
    else:
        suspend("alice")
    with pytest.raises(offers.TransferGone):
        transfers.accept_offer(bob, offer.id)
    with read_transaction() as session:
        assert session.scalar(select(Transfer.id)) == offer.id


@pytest.mark.deployments("production-like")
def test_a_change_that_asked_the_giver_does_not_count_against_them(
    bob: Account, secret: ProjectAccess, offer: offers.Offer
) -> None:
    """The quota is asked before the repository is locked, and the project may be handed over in between."""
    admission, change = Admission(secret), Change(repository_id=secret.repository_id, actor="alice")
    with transaction() as session:
        admission(session, change)
        with ThreadPoolExecutor(1) as other:
            other.submit(transfers.accept_offer, bob, offer.id).result()
        lock_repository(session, secret.repository_id)
        with pytest.raises(OwnerChanged):
            admission.confirm(session)
    with transaction() as session:
        admission(session, change)
        admission.confirm(session)
