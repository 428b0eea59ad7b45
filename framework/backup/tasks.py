"""The nightly backup."""

from importlib import import_module

from framework.celery.celery import app
from framework.celery.job import Job

OPERATIONS = "framework.backup.operations"
"""Loaded by the run: with encryption and migrations it takes 16 MB, which every process of a worker would keep."""


@app.task(base=Job, name="framework.backup.tasks.back_up_tables")
def back_up_tables() -> str:
    """Write all tables into the object store; the backup's name."""
    return str(import_module(OPERATIONS).back_up().name)
