"""When the scheduler has the mails about news looked after before the time of that job."""

from datetime import timedelta

from sqlalchemy import select

from framework.accounts.core.account import Account
from framework.database.session import read_transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Notice
from framework.projects.notify.digests import FIRST_QUIET, QUIET, needs_news_at
from tests.projects.notify.notice_rows import age_notices
from tests.projects.notify.test_digests import uploaded


def test_news_are_needed_when_the_project_may_have_been_quiet_for_long_enough(
    alice: Account, shared: ProjectAccess
) -> None:
    assert needs_news_at() is None
    uploaded(shared, alice)
    with read_transaction() as session:
        told_at = session.scalars(select(Notice.created_at).where(Notice.settled_at.is_(None))).one()
    assert needs_news_at() == told_at + FIRST_QUIET
    age_notices(FIRST_QUIET + timedelta(seconds=5))
    due = needs_news_at()
    assert due
    assert timedelta(0) < due - now() < QUIET - FIRST_QUIET
    age_notices(QUIET)
    assert needs_news_at() is None, "what is left waits for a digest, or for the job's next run"
