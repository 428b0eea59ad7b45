"""Projects that were archived for being idle: who takes part hears, once, that somebody has opened one again."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from framework.accounts.core.account import Account
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.members.people import add_person
from framework.projects.models import Event, Project
from framework.projects.notify import wakeups
from framework.projects.notify.digests import send_news
from framework.projects.notify.inbox import read_inbox
from framework.projects.notify.notices import WOKEN
from framework.projects.notify.preferences import choose
from framework.repositories.cache import usage
from framework.repositories.models import Repository
from framework.repositories.tasks import archive_idle
from tests.cast import SignIn, Visitor, on_each_deployment_in_full, on_one_deployment
from tests.projects.notify.notice_rows import age_notices
from tests.projects.notify.test_digests import mails_to, open_notices, uploaded
from tests.uploads.form import upload

pytestmark = on_each_deployment_in_full

PAGE = "/alice/website"


def rest(days: int = 45) -> None:
    """Nobody has used any project for so many days, and the nightly work has run."""
    usage.write()
    used_at = now() - timedelta(days=days)
    with transaction() as session:
        session.execute(update(Repository).values(last_access_at=used_at, archived_at=used_at - timedelta(days=1)))
    archive_idle()


def wakings() -> list[dict[str, object]]:
    """What is written of wakings."""
    with read_transaction() as session:
        return list(session.scalars(select(Event.details).where(Event.kind == WOKEN)))


@pytest.fixture
def idle(alice: Account, bob: Account, website: ProjectAccess, signed_in: SignIn) -> ProjectAccess:
    """Alice's website, with a version and Bob, archived after 45 days without a visit; all news before it are told."""
    upload(signed_in(alice), {"a": b"1"}, page=f"{PAGE}/upload/main", message="Version")
    add_person(alice, website, person="bob", role="reader")
    age_notices(timedelta(days=46))
    send_news()
    rest()
    return website


def test_who_takes_part_is_told_with_the_next_digest(
    idle: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn
) -> None:
    before = len(mails_to(alice))
    assert signed_in(bob).get(PAGE).status_code == 200
    assert wakings() == [{"days": 45}]
    assert send_news() == 0, "a waking is nothing that cannot wait"
    age_notices(timedelta(days=1))
    assert send_news() == 1
    [mail] = mails_to(alice)[before:]
    assert mail.args[1] == "[alice/website] Opened again after a long time"
    assert "Somebody opened it again, after 45 days without a visit." in mail.args[2]
    assert "bob" not in mail.args[2], "nobody is told who looks"
    assert mail.kwargs["unsubscribe"].startswith("http://localhost/unsubscribe/")
    assert [item.event.kind for item in read_inbox(alice)][:1] == [WOKEN]
    assert "after 45 days without a visit" in signed_in(alice).get("/inbox").text
    assert WOKEN not in {item.event.kind for item in read_inbox(bob)}, "who opened it knows"


@pytest.mark.parametrize("way", ["page", "api", "git"])
def test_every_way_in_wakes_it(idle: ProjectAccess, visitor: Visitor, way: str) -> None:
    address = {
        "page": PAGE,
        "api": "/api/v1/projects/alice/website/tree/main/",
        "git": f"{PAGE}.git/info/refs?service=git-upload-pack",
    }[way]
    assert visitor.get(address).status_code == 200
    assert wakings() == [{"days": 45}]
    assert open_notices() == 2, "a stranger's visit is news to both"


def test_the_door_writes_nothing(idle: ProjectAccess, bob: Account) -> None:
    access = project_for(bob, "alice", "website")
    assert access.idle_since
    assert access.visitor_id == bob.id
    assert wakings() == []


def test_it_is_told_once_for_each_archive(idle: ProjectAccess, visitor: Visitor) -> None:
    for _visit in range(2):
        visitor.get(PAGE)
    usage.write()
    visitor.get(PAGE)
    wakeups.note(idle.id, None)
    assert wakings() == [{"days": 45}]
    rest(days=50)
    visitor.get(PAGE)
    assert wakings() == [{"days": 45}, {"days": 50}]


@on_one_deployment
def test_what_somebody_has_archived_by_hand_wakes_in_silence(
    idle: ProjectAccess, visitor: Visitor, with_settings: Callable[..., Config]
) -> None:
    with transaction() as session:
        session.execute(update(Repository).values(archived_at=now(), last_access_at=now() - timedelta(days=3)))
    visitor.get(PAGE)
    with transaction() as session:
        session.execute(update(Repository).values(last_access_at=now() - timedelta(days=45)))
    with_settings(idle_days=0)
    visitor.get(PAGE)
    assert wakings() == []


@on_one_deployment
def test_who_may_not_see_it_does_not_wake_it(idle: ProjectAccess, visitor: Visitor, charlie: Account) -> None:
    with transaction() as session:
        session.execute(update(Project).values(visibility="private"))
    assert visitor.get(PAGE).status_code == 404
    assert wakings() == []


@on_one_deployment
def test_a_waking_is_no_change_and_keeps_no_news_waiting(
    idle: ProjectAccess, alice: Account, bob: Account, visitor: Visitor
) -> None:
    with read_transaction() as session:
        before = session.get_one(Project, idle.id).updated_at
    visitor.get(PAGE)
    age_notices(timedelta(days=1))
    assert send_news() == 2
    with read_transaction() as session:
        assert session.get_one(Project, idle.id).updated_at == before
    uploaded(idle, alice, "First light")
    age_notices(timedelta(minutes=1))
    assert send_news() == 1, "the first change after a quiet time waits for no digest"
    assert "First light" in mails_to(bob)[-1].args[2]


@on_one_deployment
def test_a_change_that_follows_is_told_in_the_same_mail(
    idle: ProjectAccess, alice: Account, bob: Account, visitor: Visitor
) -> None:
    choose(bob.id, 0, "at_once")
    before = len(mails_to(bob))
    visitor.get(PAGE)
    uploaded(idle, alice, "First light")
    age_notices(timedelta(minutes=5))
    send_news()
    [mail] = mails_to(bob)[before:]
    assert mail.args[1] == "[alice/website] First light"
    assert "Somebody opened it again" in mail.args[2]
