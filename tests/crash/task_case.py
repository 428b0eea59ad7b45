"""Tasks that are killed in their middle: what each scenario prepares, which task runs, and what its effect is."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, update

from framework import config, rooms
from framework.accounts.core.account import Account
from framework.accounts.lifecycle.operations import update_profile
from framework.accounts.models import User
from framework.celery import schedule
from framework.celery.celery import app
from framework.celery.job import Job
from framework.celery.models import OutboxRow, ScheduledJob
from framework.celery.outbox import UNFINISHED_AFTER, enqueue
from framework.database import schema
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import tasks as email_tasks
from framework.import_export import exports, imports
from framework.import_export import tasks as transfer_tasks
from framework.import_export.models import Export
from framework.projects import tasks as project_tasks
from framework.projects.core.access import project_for
from framework.projects.lifecycle.operations import create_project, trash_project
from framework.projects.members.people import add_person
from framework.projects.models import Event, Notice, Project
from framework.projects.notify.activity import record
from framework.repositories.models import Repository, Version
from framework.storage.current import store
from tests.cast import new_account
from tests.crash.case import settings

SOURCE = "source"
"""The file of a prepared deployment that holds the address of a git server."""


@dataclass(frozen=True)
class Scenario:
    """One task: what has to be there, and what it leaves in the end, however often it was begun."""

    task: str
    prepare: Callable[[], None]
    effect: Callable[[], Any]


def prepare(data: Path, scenario: Scenario, source: str) -> None:
    """A deployment in which this task waits, and no other; it can import from the address `source`."""
    data.mkdir()
    (data / SOURCE).write_text(source)
    config.use(settings(data))
    rooms.load_models()
    schema.upgrade()
    new_account("alice")
    new_account("bob")
    with transaction() as session:
        session.execute(update(OutboxRow).values(state="finished", result="null"))
    scenario.prepare()


def run_waiting(scenario: Scenario) -> None:
    """Run the scenario's task through its row or its lease, as a worker does with its message."""
    task = app.tasks[scenario.task]
    if isinstance(task, Job):
        _deliver(task, _lease(schedule.name_of(task.name)))
        return
    with read_transaction() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.task == scenario.task)).all()
    for row in rows:
        _deliver(task, row.id, *row.args, **row.kwargs)


def _lease(job: str) -> str:
    """The lease of the job's run: of the one that a scheduler has begun, or else of one that begins now."""
    with read_transaction() as session:
        row = session.get(ScheduledJob, job)
    return row.lease_owner if row and row.lease_owner else schedule.start_now(job)


def _deliver(task: Any, message: str, *args: Any, **kwargs: Any) -> None:
    task.push_request(id=message, called_directly=False, is_eager=False, hostname="crash", args=args)
    task(*args, **kwargs)
    task.pop_request()


def let_time_pass() -> None:
    """Have five minutes pass since anything was heard of any task, and a scheduler look after its jobs."""
    late = now() - UNFINISHED_AFTER - timedelta(seconds=1)
    with transaction() as session:
        session.execute(update(OutboxRow).where(OutboxRow.state == "running").values(handed_at=late))
        session.execute(update(ScheduledJob).where(ScheduledJob.lease_owner.is_not(None)).values(lease_expires_at=late))
    schedule.start_due_jobs()


def account(name: str) -> Account:
    """The person of this name."""
    with read_transaction() as session:
        return Account.of(session.scalars(select(User).where(User.name == name)).one())


def _send() -> None:
    with transaction() as session:
        enqueue(session, email_tasks.send_email.name, "ann@example.org", "Hello", "Hi.", key="hello")


def _sent() -> Any:
    files = sorted(path.name for path in (config.current().data / "outbox").glob("*.eml"))
    return files, states(email_tasks.send_email.name)


def _share() -> None:
    alice = account("alice")
    project = create_project(alice, name="garden", description="", visibility="private")
    add_person(alice, project, person="bob", role="writer")
    with transaction() as session:
        record(session, project.id, actor=alice, kind="upload", details={"title": "Plans", "sha": "c" * 40})
        session.execute(update(Notice).values(created_at=now() - timedelta(days=2)))


def _news() -> Any:
    with read_transaction() as session:
        mails = [row.args[:3] for row in session.scalars(select(OutboxRow).where(OutboxRow.id.like("news-%")))]
        return mails, session.scalar(select(func.count()).where(Notice.settled_at.is_(None)))


def _arrive() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as opened:
        opened.writestr("small", b"small")
        opened.writestr("large", b"large" * 4096)
    path = config.current().data / "garden.zip"
    path.write_bytes(archive.getvalue())
    imports.import_zip(account("alice"), imports.NewProject("garden", "", "private"), path)


def _arrived() -> Any:
    alice = account("alice")
    repository_id = project_for(alice, "alice", "garden").repository_id
    with read_transaction() as session:
        versions = session.scalar(select(func.count()).where(Version.repository_id == repository_id))
        uploads = session.scalar(select(func.count()).where(Event.kind == "upload"))
    return versions, uploads, [found.key for found in store().list("imports/")], states(transfer_tasks.import_zip.name)


def _ask_for_export() -> None:
    alice = account("alice")
    exports.begin_export(alice, create_project(alice, name="garden", description="", visibility="private"))


def _exported() -> Any:
    with read_transaction() as session:
        named = session.scalars(select(Export.key)).all()
        mails = session.scalars(select(OutboxRow.args).where(OutboxRow.id.like("export-%"))).all()
    whole = [zipfile.ZipFile(io.BytesIO(store().read(key))).namelist() for key in named]
    return whole, [mail[:2] for mail in mails], states(transfer_tasks.export_project.name)


def _rename() -> None:
    _share()
    update_profile(account("alice").id, name="alicia", full_name="", email="alice@example.org")
    with transaction() as session:
        project = session.scalars(select(Project.id)).one()
        enqueue(session, project_tasks.refresh_about.name, project, key="about")


def _told() -> Any:
    with read_transaction() as session:
        owners = [about["owner"]["name"] for about in session.scalars(select(Repository.about))]
    return owners, states(project_tasks.refresh_about.name)


def _throw_away() -> None:
    alice = account("alice")
    trash_project(alice, create_project(alice, name="garden", description="", visibility="private"))
    with transaction() as session:
        session.execute(update(Project).values(trashed_at=now() - timedelta(days=100)))


def _emptied() -> Any:
    with read_transaction() as session:
        return [session.scalar(select(func.count()).select_from(model)) for model in (Project, Repository)]


def states(task: str) -> list[str]:
    with read_transaction() as session:
        return sorted(set(session.scalars(select(OutboxRow.state).where(OutboxRow.task == task))))


SCENARIOS = (
    Scenario(email_tasks.send_email.name, _send, _sent),
    Scenario(project_tasks.send_news.name, _share, _news),
    Scenario(project_tasks.refresh_about.name, _rename, _told),
    Scenario(project_tasks.empty_trash.name, _throw_away, _emptied),
    Scenario(transfer_tasks.import_zip.name, _arrive, _arrived),
    Scenario(transfer_tasks.export_project.name, _ask_for_export, _exported),
)
