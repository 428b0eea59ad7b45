"""The recurring work of links."""

from framework.celery.celery import app
from framework.celery.job import Job
from framework.links.drop import digests


@app.task(base=Job, name="framework.links.tasks.send_digests")
def send_digests() -> int:
    """Queue the daily mails about what was handed in; how many."""
    return digests.send_digests()
