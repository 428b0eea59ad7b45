"""The room's tasks."""

from framework.celery.celery import app
from framework.copies import operations


@app.task(name="framework.copies.tasks.fill_project")
def fill_project(project_id: int, account_id: int, work_id: str) -> str:
    """Fill a project from its origin; what came."""
    return operations.fill_project(project_id, account_id, work_id)
