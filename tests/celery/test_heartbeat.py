"""The heartbeat of a long task: it renews until the task ends, whatever happens meanwhile."""

import threading

from sqlalchemy.exc import OperationalError

from framework.celery.heartbeat import keep_renewing
from tests.cast import on_each_deployment

pytestmark = on_each_deployment


class Lease:
    """Counts how often it is renewed; the first time the database is away."""

    def __init__(self) -> None:
        self.renewals = 0
        self.renewed_twice = threading.Event()

    def renew(self) -> None:
        """Renew."""
        self.renewals += 1
        if self.renewals == 1:
            raise OperationalError("UPDATE", {}, Exception("the database is away"))
        self.renewed_twice.set()


def test_it_renews_again_after_the_database_was_away() -> None:
    lease = Lease()
    with keep_renewing(lease.renew, every_seconds=0.001):
        lease.renewed_twice.wait()
    assert lease.renewals >= 2
    assert not any("_beat" in thread.name for thread in threading.enumerate())


def test_a_short_task_renews_nothing() -> None:
    lease = Lease()
    with keep_renewing(lease.renew):
        pass
    assert lease.renewals == 0
