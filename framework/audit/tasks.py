"""The one thing that ever removes entries of the audit log: their age."""

from framework import config
from framework.audit import reading
from framework.celery.celery import app
from framework.celery.job import Job


@app.task(base=Job, name="framework.audit.tasks.forget_entries")
def forget_entries() -> int:
    """Delete the entries of the audit log that are older than `AUDIT_DAYS`; how many."""
    return reading.forget_older_than(config.current().audit_days)
