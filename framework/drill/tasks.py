"""The weekly drill; the task's name stands in the outbox's rows and outlives the module's."""

from dataclasses import asdict
from importlib import import_module

from framework.celery.celery import app
from framework.celery.job import Job

DRILL = "framework.drill.drill"
"""Loaded by the run, as the nightly backup: migrations are part of it."""


@app.task(base=Job, name="framework.upkeep.tasks.rehearse_rebuild")
def rehearse_rebuild() -> dict[str, object]:
    """Rebuild everything from the object store into a scratch database, and tell what did not come back."""
    return asdict(import_module(DRILL).rehearse())
