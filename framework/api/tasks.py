"""The recurring work of the API: keys are remembered for a day."""

from framework.api import idempotency
from framework.celery.celery import app
from framework.celery.job import Job


@app.task(base=Job, name="framework.api.tasks.forget_keys")
def forget_keys() -> int:
    """Delete the idempotency keys that are older than a day; how many."""
    return idempotency.forget_expired()
