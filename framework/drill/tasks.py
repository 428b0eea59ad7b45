"""The weekly drill; the task's name stands in the outbox's rows and outlives the module's."""

from dataclasses import asdict

from framework.celery.celery import app
from framework.celery.job import Job
from framework.drill.drill import rehearse


@app.task(base=Job, name="framework.upkeep.tasks.rehearse_rebuild")
def rehearse_rebuild() -> dict[str, object]:
    """Rebuild everything from the object store into a scratch database, and tell what did not come back."""
    return asdict(rehearse())
