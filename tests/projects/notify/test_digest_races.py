"""What happens while a mail is rendered is told once, by this mail or by the next one."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Notice
from framework.projects.notify import digests, summaries
from framework.projects.notify.digests import send_news
from framework.projects.notify.summaries import ProjectStory
from tests.cast import on_each_deployment, on_one_deployment
from tests.projects.notify.test_digests import NOON, mails_to, open_notices, uploaded

pytestmark = on_each_deployment


@pytest.fixture
def while_rendering(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Has something happen while the next mail is rendered; what needs the database shows that none of it is held."""

    def arrange(happens: Callable[[], object]) -> None:
        def story(*arguments: Any) -> ProjectStory:
            monkeypatch.setattr(digests, "story", summaries.story)
            happens()
            return summaries.story(*arguments)

        monkeypatch.setattr(digests, "story", story)

    return arrange


def test_what_happens_while_a_mail_is_rendered_is_told_by_the_next_one(
    alice: Account, bob: Account, shared: ProjectAccess, while_rendering: Callable[[Callable[[], object]], None]
) -> None:
    uploaded(shared, alice, "First, @bob")
    while_rendering(lambda: uploaded(shared, alice, "Second, @bob"))
    assert (send_news(), open_notices()) == (1, 1)
    assert (send_news(), open_notices()) == (1, 0)
    assert [mail.args[1].rpartition(": ")[2] for mail in mails_to(bob)] == ["First, @bob", "Second, @bob"]


def test_a_mail_that_another_process_sends_while_it_is_rendered_is_sent_once(
    alice: Account, bob: Account, shared: ProjectAccess, while_rendering: Callable[[Callable[[], object]], None]
) -> None:
    uploaded(shared, alice, "Please look, @bob")
    sent: list[int] = []
    while_rendering(lambda: sent.append(send_news()))
    assert (send_news(), sent, len(mails_to(bob))) == (0, [1], 1)


@on_one_deployment
def test_a_mail_that_would_tell_what_was_told_and_more_is_not_sent(
    alice: Account, bob: Account, shared: ProjectAccess, while_rendering: Callable[[Callable[[], object]], None]
) -> None:
    for title in ("First, @bob", "Second, @bob"):
        uploaded(shared, alice, title)
    while_rendering(read_the_oldest)
    assert (send_news(), open_notices(), mails_to(bob)) == (0, 2, [])
    assert (send_news(), open_notices()) == (1, 0)
    [mail] = mails_to(bob)
    assert mail.args[1].endswith("Second, @bob")


def read_the_oldest() -> None:
    """Have the oldest notice that waits for a mail be read."""
    with transaction() as session:
        waiting = select(Notice).where(Notice.settled_at.is_(None)).order_by(Notice.id).limit(1)
        session.scalars(waiting).one().read_at = NOON
