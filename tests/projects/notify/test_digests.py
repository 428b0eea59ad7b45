"""Mails about what is new: who gets them, when, and that a session of uploads is one."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.celery.models import OutboxRow
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import stopped
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.members.people import add_person
from framework.projects.members.roles import remove_person
from framework.projects.models import Notice
from framework.projects.notify import digests, notices
from framework.projects.notify.activity import record
from framework.projects.notify.digests import FIRST_QUIET, LONGEST_SESSION, PERIODS, QUIET, send_news
from framework.projects.notify.preferences import choose
from tests.projects.notify.notice_rows import age_notices

NOON = datetime(2026, 3, 2, 12, 30, tzinfo=UTC)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Sets the moment at which mails are gathered."""
    return lambda moment: monkeypatch.setattr(digests, "now", lambda: moment)


def uploaded(project: ProjectAccess, actor: Account, title: str = "Field data", **details: Any) -> None:
    """An upload of one file, as far as its event goes."""
    told = {"branch": "main", "sha": "c" * 40, "title": title, "files": ["a"], "file_count": 1, **details}
    with transaction() as session:
        record(session, project.id, actor=actor, kind="upload", details=told)


def mails_to(account: Account) -> list[OutboxRow]:
    """The mails about news that were queued for this person."""
    with read_transaction() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.id.like("news-%")).order_by(OutboxRow.created_at))
        return [row for row in rows if row.args[0] == account.email]


def told(project: ProjectAccess, actor: Account) -> None:
    """Have everybody told of the project lately, so that a digest gathers what follows."""
    uploaded(project, actor, "Before")
    age_notices(timedelta(minutes=30))
    send_news()


def open_notices() -> int:
    """How many notices no mail has told of yet, and one might."""
    with read_transaction() as session:
        return session.scalar(select(func.count()).where(Notice.settled_at.is_(None))) or 0


def test_five_hundred_uploads_of_one_person_are_one_mail_for_each_watcher(
    alice: Account, bob: Account, charlie: Account, shared: ProjectAccess
) -> None:
    add_person(alice, shared, person="charlie", role="reader")
    choose(charlie.id, 0, "at_once")
    choose(bob.id, 0, "hourly")
    for number in range(500):
        uploaded(shared, alice, f"Upload {number}")
    assert send_news() == 0, "the session goes on"
    age_notices(timedelta(hours=1))
    assert send_news() == 2
    age_notices(timedelta(days=2))
    assert send_news() == 0
    for person in (bob, charlie):
        [mail] = mails_to(person)
        assert "Alice Liddell (alice) uploaded 500 files in 500 versions." in mail.args[2]
        assert "Upload 499" in mail.args[2]
        assert "and 490 more" in mail.args[2]
    assert mails_to(alice) == []


def test_one_person_whose_mail_cannot_be_written_keeps_nobody_from_theirs(
    alice: Account, bob: Account, charlie: Account, shared: ProjectAccess
) -> None:
    add_person(alice, shared, person="charlie", role="reader")
    uploaded(shared, alice)
    age_notices(timedelta(days=2))
    with transaction() as session:
        session.get_one(User, bob.id).email = "no address"
    assert send_news() == 1
    assert len(mails_to(charlie)) == 1


def test_at_once_waits_until_nobody_has_done_anything_for_a_while(
    bob: Account, shared: ProjectAccess, alice: Account
) -> None:
    choose(bob.id, 0, "at_once")
    uploaded(shared, alice)
    age_notices(QUIET - timedelta(seconds=30))
    uploaded(shared, alice, "One more")
    assert send_news() == 0
    age_notices(QUIET + timedelta(seconds=1))
    assert send_news() == 1
    [mail] = mails_to(bob)
    assert mail.args[1] == "[alice/secret] 2 changes by Alice Liddell (alice)"


def test_a_session_without_end_is_told_of_after_two_hours(bob: Account, shared: ProjectAccess, alice: Account) -> None:
    choose(bob.id, 0, "at_once")
    uploaded(shared, alice)
    age_notices(LONGEST_SESSION)
    uploaded(shared, alice)
    assert send_news() == 1


@pytest.mark.parametrize(
    ("frequency", "age", "mails"),
    [
        ("hourly", timedelta(minutes=29), 0),
        ("hourly", timedelta(minutes=31), 1),
        ("daily", timedelta(hours=5, minutes=29), 0),
        ("daily", timedelta(hours=5, minutes=31), 1),
        ("off", timedelta(days=3), 0),
    ],
)
def test_digests_go_at_full_hours_and_in_the_morning(
    clock: Callable[[datetime], None],
    alice: Account,
    bob: Account,
    shared: ProjectAccess,
    frequency: str,
    age: timedelta,
    mails: int,
) -> None:
    choose(bob.id, 0, frequency)
    told(shared, alice)
    uploaded(shared, alice)
    with transaction() as session:
        for notice in session.scalars(select(Notice)):
            notice.created_at = NOON - age
    clock(NOON)
    assert send_news() == mails
    assert open_notices() == (0 if mails or frequency == "off" else 1)


def test_a_digest_is_the_default_and_tells_of_every_project(
    alice: Account, bob: Account, shared: ProjectAccess
) -> None:
    garden = create_project(alice, name="garden", description="", visibility="public")
    add_person(alice, garden, person="bob", role="reader")
    for project in (shared, garden):
        told(project, alice)
    before = len(mails_to(bob))
    uploaded(shared, alice, "Field data")
    uploaded(garden, alice, "<b>Roses</b>")
    age_notices(timedelta(days=1))
    assert send_news() == 1
    [mail] = mails_to(bob)[before:]
    to, subject, text, html = mail.args
    assert (to, subject) == ("bob@example.org", "What is new in alice/secret and 1 other")
    assert "http://localhost/alice/garden/commit/" in text
    assert "<b>Roses</b>" in text
    assert "&lt;b&gt;Roses&lt;/b&gt;" in html
    assert mail.kwargs["unsubscribe"].startswith("http://localhost/unsubscribe/")


@pytest.mark.parametrize("frequency", ["hourly", "daily"])
def test_the_first_news_after_a_quiet_time_need_not_wait_for_the_digest(
    alice: Account, bob: Account, shared: ProjectAccess, frequency: str
) -> None:
    choose(bob.id, 0, frequency)
    uploaded(shared, alice, "First light")
    assert send_news() == 0, "the session may go on"
    age_notices(FIRST_QUIET + timedelta(seconds=1))
    assert send_news() == 1
    uploaded(shared, alice, "Second light")
    age_notices(FIRST_QUIET + timedelta(seconds=1))
    [mail] = mails_to(bob)
    assert "First light" in mail.args[2]
    with transaction() as session:
        for notice in session.scalars(select(Notice).where(Notice.settled_at.is_not(None))):
            notice.settled_at = now() - PERIODS[frequency] - timedelta(seconds=1)
    assert send_news() == 1, "nothing was told of it for as long as a digest gathers"


def test_a_choice_for_a_project_goes_before_the_one_for_all(
    alice: Account, bob: Account, shared: ProjectAccess
) -> None:
    choose(bob.id, 0, "off")
    choose(bob.id, shared.id, "at_once")
    uploaded(shared, alice)
    age_notices(timedelta(hours=1))
    assert send_news() == 1
    choose(bob.id, shared.id, "")
    uploaded(shared, alice)
    age_notices(timedelta(days=2))
    assert send_news() == 0


@pytest.mark.parametrize("leaves", ["removed", "trashed", "read", "stopped"])
def test_it_writes_no_mail_to_whom_it_does_not_concern_any_more(
    alice: Account, bob: Account, secret: ProjectAccess, shared: ProjectAccess, leaves: str
) -> None:
    uploaded(shared, alice)
    if leaves == "removed":
        remove_person(alice, secret, person_id=bob.id)
    elif leaves == "trashed":
        trash_project(alice, secret)
    elif leaves == "stopped":
        stopped.stop("Bob@example.org", "550 Nobody here")
    else:
        with transaction() as session:
            for notice in session.scalars(select(Notice)):
                notice.read_at = NOON
    age_notices(timedelta(days=2))
    assert (send_news(), open_notices()) == (0, 0)


def test_a_mention_is_mailed_without_waiting_for_the_digest(
    alice: Account, bob: Account, shared: ProjectAccess
) -> None:
    uploaded(shared, alice, "Please look, @Bob")
    assert send_news() == 1
    [mail] = mails_to(bob)
    assert mail.args[1] == "[alice/secret] You were mentioned: Please look, @Bob"
    assert send_news() == 0


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@bob", {"bob"}),
        ("(@Bob-2, @carol.)", {"bob-2", "carol"}),
        ("mail bob@example.org", set()),
        ("a path/@scope/name and x@y", set()),
        ("@-dash @@twice", set()),
    ],
)
def test_it_knows_whom_a_text_addresses(text: str, names: set[str]) -> None:
    assert notices.find_mentioned_names(text) == names


def test_two_senders_at_once_write_one_mail(
    settings: Config, alice: Account, bob: Account, shared: ProjectAccess
) -> None:
    uploaded(shared, alice)
    age_notices(timedelta(days=2))
    with ThreadPoolExecutor(2) as pool:
        assert sum(pool.map(lambda _: send_news(), range(2))) == 1
    assert len(mails_to(bob)) == 1


def test_old_notices_are_forgotten(settings: Config, alice: Account, bob: Account, shared: ProjectAccess) -> None:
    uploaded(shared, alice)
    age_notices(timedelta(days=settings.notice_days - 1))
    assert notices.forget_old() == 0
    age_notices(timedelta(days=2))
    assert notices.forget_old() == 2, "the upload, and that bob was added"
