"""Deliveries by workers, and secrets that follow the deployment's key."""

from framework.celery.celery import app
from framework.celery.job import Job
from framework.webhooks import delivering, operations


@app.task(name="framework.webhooks.tasks.deliver")
def deliver(delivery_id: str) -> str:
    """Try a delivery that waits; its state afterwards."""
    return delivering.deliver(delivery_id)


@app.task(base=Job, name="framework.webhooks.tasks.seal_secrets")
def seal_secrets() -> int:
    """Seal secrets with the newest key that an earlier one has sealed; how many."""
    return operations.seal_anew()
