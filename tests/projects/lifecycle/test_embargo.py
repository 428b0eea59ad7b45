"""An embargo: set, told in time, ended by the job however late, changed and lifted."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from framework.accounts.core.account import Account
from framework.accounts.lifecycle.administration import suspend
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, RoleTooLow, project_for
from framework.projects.core.validation import InvalidEmbargo
from framework.projects.lifecycle import embargo
from framework.projects.lifecycle.adoption import restore_recorded_project
from framework.projects.lifecycle.operations import (
    create_project,
    restore_for_owner,
    restore_project,
    trash_project,
    update_project,
)
from framework.projects.members.people import add_person
from framework.projects.models import Project
from framework.projects.tasks import end_embargoes
from framework.repositories.models import Repository
from framework.repositories.write.creation import create_repository
from tests.cast import SignIn, Visitor, on_each_deployment, posted_texts

EMBARGO = "/alice/secret/settings/embargo"


def in_days(days: float) -> str:
    """The day so many days from now."""
    return f"{now() + timedelta(days=days):%Y-%m-%d}"


def let_end(after: timedelta) -> None:
    """Have every embargo end so long from now; negative for one that has ended."""
    with transaction() as session:
        session.execute(update(Project).values(public_at=now() + after))


def mails() -> list[str]:
    """The mails about embargoes."""
    return [text for text in posted_texts() if "alice/secret turns public" in text or "is public now" in text]


@on_each_deployment
def test_the_job_makes_it_public_once_however_late(
    alice: Account, secret: ProjectAccess, website: ProjectAccess, visitor: Visitor
) -> None:
    embargo.set_embargo(alice, secret, public_on=in_days(30))
    assert end_embargoes.run() == 0
    assert visitor.get("/alice/secret").status_code == 404
    let_end(timedelta(days=-3))
    assert end_embargoes.run() == 1
    assert visitor.get("/alice/secret").status_code == 200
    assert "public by the day that was set" in visitor.get("/alice/secret/activity").text
    assert end_embargoes.run() == 0
    assert ["alice/secret is public now" in text for text in mails()] == [True]
    with read_transaction() as session:
        about = session.get_one(Repository, secret.repository_id).about
    assert (about["visibility"], "public_at" in about) == ("public", False)


def test_owners_are_told_a_week_and_a_day_before_each_once(
    alice: Account, bob: Account, charlie: Account, secret: ProjectAccess
) -> None:
    add_person(alice, secret, person="bob", role="owner")
    add_person(alice, secret, person="charlie", role="maintainer")
    embargo.set_embargo(alice, secret, public_on=in_days(30))
    for left, count in ((8, 0), (7, 2), (6, 2), (1, 4), (0.5, 4)):
        let_end(timedelta(days=left))
        end_embargoes.run()
        assert len(mails()) == count, left
    assert not any("charlie@" in text for text in mails())
    assert "turns public in 7 days" in mails()[0]
    assert "turns public tomorrow" in mails()[-1]


def test_one_project_that_cannot_be_changed_keeps_no_other_waiting(alice: Account, secret: ProjectAccess) -> None:
    for name in ("second", "third"):
        create_project(alice, name=name, description="", visibility="private")
    let_end(timedelta(days=-1))
    with transaction() as session:
        session.execute(update(Project).where(Project.name == "third").values(public_at=now() + timedelta(days=6)))
        session.get_one(Repository, secret.repository_id).diverged_at = now()
    assert end_embargoes.run() == 1
    assert project_for(alice, "alice", "secret").visibility == "private"
    assert project_for(alice, "alice", "second").visibility == "public"
    assert any("alice/third turns public in 6 days" in text for text in posted_texts())


def test_it_is_set_changed_and_lifted_on_a_page(
    alice: Account, bob: Account, shared: ProjectAccess, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    assert browser.submit(EMBARGO, public_on="soon", publish="y").status_code == 400
    answer = browser.submit(EMBARGO, public_on=in_days(30))
    assert (answer.status_code, "Tick the box" in answer.text) == (400, True)
    assert browser.submit(EMBARGO, public_on=in_days(30), publish="y").location == "/alice/secret/settings"
    shown = f"Public on {now() + timedelta(days=30):%-d %b %Y}"
    assert shown in signed_in(bob).get("/alice/secret").text
    assert browser.submit(EMBARGO, public_on=in_days(60), publish="y").location == "/alice/secret/settings"
    assert shown not in browser.get("/alice/secret").text
    assert browser.submit(EMBARGO, to=f"{EMBARGO}/lift").location == "/alice/secret/settings"
    assert project_for(alice, "alice", "secret").public_at is None
    assert signed_in(bob).get(EMBARGO).status_code == 403


@pytest.mark.parametrize("day", ["", "2027-02-30", "yesterday", in_days(0), in_days(-1), in_days(8000)])
def test_it_takes_days_to_come_only(alice: Account, secret: ProjectAccess, day: str) -> None:
    with pytest.raises(InvalidEmbargo):
        embargo.set_embargo(alice, secret, public_on=day)


def test_only_owners_of_what_is_private_set_it(
    alice: Account, bob: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    with pytest.raises(embargo.NotPrivate):
        embargo.set_embargo(alice, website, public_on=in_days(30))
    add_person(alice, secret, person="bob", role="maintainer")
    with pytest.raises(RoleTooLow):
        embargo.set_embargo(bob, project_for(bob, "alice", "secret"), public_on=in_days(30))


def restore_as_owner(owner: Account, _administrator: Account, project_id: int) -> None:
    """Take it out of the trash by an owner."""
    restore_project(owner, project_id)


def restore_as_administrator(_owner: Account, administrator: Account, project_id: int) -> None:
    """Take it out of the trash by an administrator."""
    restore_for_owner(project_id, by=administrator)


@pytest.mark.parametrize("restore", [restore_as_owner, restore_as_administrator])
def test_what_is_in_the_trash_or_its_owner_suspended_stays_private(
    alice: Account, ada: Account, secret: ProjectAccess, restore: Callable[[Account, Account, int], None]
) -> None:
    embargo.set_embargo(alice, secret, public_on=in_days(30))
    trash_project(alice, secret)
    let_end(timedelta(days=-1))
    assert end_embargoes.run() == 0
    restore(alice, ada, secret.id)
    assert end_embargoes.run() == 0
    assert project_for(alice, "alice", "secret").visibility == "private"
    let_end(timedelta(days=-1))
    suspend("alice")
    assert end_embargoes.run() == 0


def test_what_is_published_by_hand_has_no_day(alice: Account, secret: ProjectAccess) -> None:
    embargo.set_embargo(alice, secret, public_on=in_days(30))
    update_project(alice, secret, visibility="public")
    update_project(alice, secret, visibility="private")
    assert project_for(alice, "alice", "secret").public_at is None


@pytest.mark.parametrize(("days", "kept"), [(30, True), (3, False)])
def test_a_rebuild_keeps_what_owners_will_hear_of(
    alice: Account, secret: ProjectAccess, days: int, *, kept: bool
) -> None:
    embargo.set_embargo(alice, secret, public_on=in_days(days))
    with transaction() as session:
        about = session.get_one(Repository, secret.repository_id).about
        assert about["public_at"].startswith(in_days(days))
        restore_recorded_project(session, secret.repository_id, about)
    assert (project_for(alice, "alice", "secret").public_at is not None) == kept


def test_a_rebuild_keeps_no_day_of_which_no_mail_would_tell(alice: Account, secret: ProjectAccess) -> None:
    embargo.set_embargo(alice, secret, public_on=in_days(30))
    with transaction() as session:
        about = session.get_one(Repository, secret.repository_id).about
        lost = about | {"name": "lost", "owner": {"name": "lost", "email": "lost@example.org"}}
        repository_id = create_repository(session, lost)
        assert "public_at" not in restore_recorded_project(session, repository_id, lost)
        row = session.scalars(select(Project).where(Project.repository_id == repository_id)).one()
        assert (row.visibility, row.public_at) == ("private", None)


def test_a_restored_day_is_told_anew(alice: Account, secret: ProjectAccess) -> None:
    embargo.set_embargo(alice, secret, public_on=in_days(30))
    with transaction() as session:
        session.get_one(Project, secret.id).public_told_days = 1
        about = session.get_one(Repository, secret.repository_id).about
        restore_recorded_project(session, secret.repository_id, about)
    let_end(timedelta(days=7))
    end_embargoes.run()
    assert len(mails()) == 1
