"""The tasks of imports and exports; their names stand in the outbox's rows and outlive the module's."""

from framework.celery.celery import app
from framework.celery.job import Job
from framework.import_export import exports, imports, personal


@app.task(name="framework.transfer.tasks.import_address")
def import_address(project_id: int, account_id: int, address: str, work_id: str) -> str:
    """Fill a project from an address; what came."""
    return imports.fill_from_address(project_id, account_id, address, work_id)


@app.task(name="framework.transfer.tasks.import_zip")
def import_zip(project_id: int, account_id: int, key: str, work_id: str, encoding: str = "") -> str:
    """Fill a project from a ZIP file; what came."""
    return imports.fill_from_zip(project_id, account_id, key, work_id, encoding=encoding)


@app.task(name="framework.transfer.tasks.export_project")
def export_project(project_id: int, account_id: int, work_id: str) -> str:
    """Export a project; the export's id, which is that of the work."""
    return exports.export(project_id, account_id, work_id)


@app.task(name="framework.transfer.tasks.export_person")
def export_person(account_id: int, work_id: str) -> bool:
    """Export what is kept of a person; whether there still is an account."""
    return personal.export(account_id, work_id)


@app.task(base=Job, name="framework.transfer.tasks.forget_exports")
def forget_exports() -> int:
    """Delete what has expired; how many objects."""
    return exports.forget_expired()
