"""Celery beat on the table of scheduled jobs; run as many as you like, one acts."""

import logging

from celery import beat
from sqlalchemy.exc import SQLAlchemyError

from framework.celery.broker import BrokerAway
from framework.celery.schedule import start_due_jobs

AGAIN_SECONDS = 5.0

log = logging.getLogger(__name__)


class Scheduler(beat.Scheduler):
    """What `celery beat` and `celery worker -B` run."""

    def setup_schedule(self) -> None:
        """Nothing: the first tick makes the rows, so that a database that is away does not end the scheduler."""

    def tick(self, *_arguments: object, **_options: object) -> float:
        """Start what is due; seconds until the next tick."""
        try:
            return start_due_jobs()
        except (BrokerAway, SQLAlchemyError) as failure:
            log.warning("The scheduler tries again in %s seconds: %s", AGAIN_SECONDS, failure)
            return AGAIN_SECONDS
