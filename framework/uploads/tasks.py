"""The recurring work of uploads."""

from framework.celery.celery import app
from framework.celery.job import Job
from framework.uploads.tus import sweeping


@app.task(base=Job, name="framework.uploads.tasks.sweep_uploads")
def sweep_uploads() -> int:
    """Delete the parts of uploads that have ended; how many uploads."""
    return sweeping.sweep()
