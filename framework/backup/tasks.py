"""The nightly backup."""

from framework.backup.operations import back_up
from framework.celery.celery import app
from framework.celery.job import Job


@app.task(base=Job, name="framework.backup.tasks.back_up_tables")
def back_up_tables() -> str:
    """Write all tables into the object store; the backup's name."""
    return back_up().name
