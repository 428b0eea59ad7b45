"""When the scheduler has the mails about news looked after before the time of that job."""

from datetime import datetime, timedelta

from sqlalchemy import literal, select, update

from framework.accounts.core.account import Account
from framework.database.session import read_transaction, transaction
from framework.database.types import UTCDateTime, now
from framework.projects.core.access import ProjectAccess
from framework.projects.models import Notice
from framework.projects.notify.digests import A_MOMENT, FIRST_QUIET, QUIET, needs_news_at
from tests.projects.notify.test_digests import uploaded


def news_needed(last_run: datetime) -> datetime | None:
    """The first moment at which the job is needed, as SQL tells."""
    with read_transaction() as session:
        moments = session.execute(select(*needs_news_at(literal(last_run, UTCDateTime())))).one()
    return min((moment for moment in moments if moment), default=None)


def test_news_are_needed_when_the_project_may_have_been_quiet_for_long_enough(
    alice: Account, shared: ProjectAccess
) -> None:
    hour_ago = now() - timedelta(hours=1)
    assert news_needed(hour_ago) is None
    uploaded(shared, alice)
    with read_transaction() as session:
        told_at = session.scalars(select(Notice.created_at).where(Notice.settled_at.is_(None))).one()
    assert news_needed(hour_ago) == told_at + FIRST_QUIET + A_MOMENT
    after_the_first = told_at + FIRST_QUIET + timedelta(seconds=5)
    assert news_needed(after_the_first) == told_at + QUIET + A_MOMENT
    assert news_needed(told_at + QUIET + timedelta(seconds=5)) is None, "a digest tells, or the job's own run"


def test_a_mention_is_told_of_at_once(alice: Account, shared: ProjectAccess) -> None:
    uploaded(shared, alice)
    with transaction() as session:
        mention = update(Notice).where(Notice.settled_at.is_(None)).values(mentioned=True)
        told_at = session.scalars(mention.returning(Notice.created_at)).one()
    assert news_needed(told_at - timedelta(hours=1)) == told_at
    assert news_needed(told_at + FIRST_QUIET + timedelta(seconds=1)) == told_at + QUIET + A_MOMENT
