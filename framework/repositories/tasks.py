"""The recurring work of repositories: what a process that died left for others to finish."""

import logging

from framework.celery.celery import app
from framework.celery.job import Job
from framework.repositories import healing, log, staging
from framework.repositories.log import NotConfirmed

logger = logging.getLogger(__name__)


@app.task(base=Job, name="framework.repositories.tasks.confirm_log")
def confirm_log() -> int:
    """Write the log entries that the store lacks; how many repositories lacked some."""
    lacking = log.unconfirmed_repositories()
    for repository_id in lacking:
        try:
            log.confirm(repository_id)
        except NotConfirmed:
            logger.warning("the log of %s is still not confirmed", repository_id)
    return len(lacking)


@app.task(base=Job, name="framework.repositories.tasks.sweep_staged")
def sweep_staged() -> int:
    """Clean up after pushes that were refused or took too long; how many."""
    return staging.sweep()


@app.task(base=Job, name="framework.repositories.tasks.scrub_copies")
def scrub_copies() -> int:
    """Compare every local copy with what SQL recorded, and mend it; how many were damaged."""
    return healing.scrub()
