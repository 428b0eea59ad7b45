"""The scheduler on the table of scheduled jobs: a thread of `celery worker -B`, or `celery beat`; of many, one acts."""

import logging
import threading

from celery import beat
from sqlalchemy.exc import SQLAlchemyError

from framework.celery.broker import BrokerAway
from framework.celery.heartbeat import seconds_to_next_wake
from framework.celery.schedule import start_due_jobs

AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    """What `celery beat` runs."""

    def setup_schedule(self) -> None:
        """Nothing: the first tick makes the rows, so that a database that is away does not end the scheduler."""

    def tick(self, *_arguments: object, **_options: object) -> float:
        """Start what is due; seconds until the next tick."""
        return tick()


class SchedulerThread:
    """What `celery worker -B` runs beside the pool: a process of its own would take 40 MB more."""

    def __init__(self) -> None:
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="scheduler", daemon=True)

    def start(self) -> None:
        """Begin to start what is due."""
        self._thread.start()

    def stop(self) -> None:
        """Start nothing more; a look that is under way is not waited for, since another scheduler repeats it."""
        self._ended.set()

    def _run(self) -> None:
        while not self._ended.wait(tick()):
            pass


def tick() -> float:
    """Start what is due; seconds until the next tick, no later than the next moment at which everything wakes."""
    try:
        return min(start_due_jobs(), seconds_to_next_wake())
    except (BrokerAway, SQLAlchemyError) as failure:
        log.warning("The scheduler tries again in %s seconds: %s", AGAIN_SECONDS, failure)
        return AGAIN_SECONDS
