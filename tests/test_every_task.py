"""Every task that a worker knows runs on every broker, and a message that comes twice has no second effect."""

from importlib import import_module
from pathlib import Path
from time import sleep
from typing import Any

from sqlalchemy import select

from celeryconfig import imports
from framework.accounts.core.account import Account
from framework.celery import outbox, schedule
from framework.celery.celery import app
from framework.celery.models import OutboxRow, ScheduledJob
from framework.celery.outbox import enqueue
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.import_export.exports import begin_export
from framework.import_export.imports import NewProject, import_zip
from framework.import_export.personal import begin_own_export
from framework.projects.core.access import project_for
from framework.projects.lifecycle.operations import create_project
from framework.repositories.catalog.snapshot import read_snapshot
from framework.storage.current import store
from tests.cast import new_account
from tests.celery.conftest import each_broker
from tests.import_export.test_transfer import zipped
from tests.servers.application.workers import worker
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run

__all__ = ["each_broker"]


def known() -> set[str]:
    """The names of all tasks of this product."""
    for module in imports:
        import_module(module)
    return {name for name in app.tasks if name.startswith("framework.")}


def job_names() -> dict[str, str]:
    """The name of each job, by its task's."""
    return {entry["task"]: name for name, entry in app.conf.beat_schedule.items()}


def ended(task: str) -> OutboxRow:
    """The row of the first task of this name, once it has ended."""
    while True:
        with read_transaction() as session:
            row = session.scalars(select(OutboxRow).where(OutboxRow.task == task)).first()
        if row is not None and row.state in {"finished", "failed"}:
            return row
        sleep(0.1)


def result_of(job: str) -> Any:
    """What the job's run returned, once it has."""
    while True:
        with read_transaction() as session:
            row = session.get(ScheduledJob, job)
        if row is not None and row.last_result is not None:
            return row.last_result
        sleep(0.1)


def deliver_again(tasks: list[OutboxRow]) -> None:
    """Have messages of tasks that have ended come once more, as a broker does that was not told of the end."""
    with transaction() as session:
        for row in tasks:
            session.get_one(OutboxRow, row.id).state = "handed"
    outbox.hand_over([row.id for row in tasks])
    with transaction() as session:
        for row in tasks:
            session.get_one(OutboxRow, row.id).state = "finished"


def effects(alice: Account, data: Path) -> list[Any]:
    """What tasks have left: mails, exports, versions."""
    return [
        len(list((data / "outbox").glob("*.eml"))),
        len(list(store().list("exports/"))),
        read_snapshot(project_for(alice, "alice", "garden").repository_id).version,
    ]


def test_every_task_runs_and_a_second_delivery_changes_nothing(run: Run, each_broker: Config, tmp_path: Path) -> None:
    alice = new_account("alice")
    website = create_project(alice, name="website", description="", visibility="public")
    archive = tmp_path / "garden.zip"
    archive.write_bytes(zipped({"a": b"1"}))
    import_zip(alice, NewProject("garden", "", "private"), archive)
    begin_export(alice, website)
    begin_own_export(alice)
    leaver = new_account("leaver")
    with transaction() as session:
        enqueue(session, "framework.celery.tasks.echo", "word")
        enqueue(session, "framework.accounts.tasks.send_reset", alice.email)
        enqueue(session, "framework.projects.tasks.take_invitations", alice.id)
        enqueue(session, "framework.groups.tasks.take_invitations", alice.id)
        enqueue(session, "framework.projects.tasks.refresh_person", alice.id)
        enqueue(session, "framework.projects.tasks.purge_project", website.id, alice.id, "1" * 32)
        enqueue(session, "framework.projects.tasks.count_files", website.id, alice.id, "3" * 32)
        removal = website.id, alice.id, "4" * 32, "absent"
        enqueue(session, "framework.projects.tasks.remove_old_versions", *removal, kept=[], rewrites_protected=True)
        enqueue(session, "framework.projects.tasks.finish_deletion", leaver.id)
        enqueue(session, "framework.copies.tasks.fill_project", website.id, alice.id, "5" * 32)
        enqueue(session, "framework.courses.tasks.fill_copy", 1)
        enqueue(session, "framework.webhooks.tasks.deliver", "6" * 32)
        enqueue(session, "framework.projects.tasks.archive_project", website.id, alice.id, "2" * 32)
        enqueue(session, "framework.repositories.tasks.consolidate_packs", website.repository_id, 0)
        enqueue(session, "framework.repositories.tasks.fold_packs", website.repository_id, 0)
        enqueue(session, "framework.repositories.tasks.write_checkpoint", website.repository_id)
        enqueue(
            session,
            "framework.transfer.tasks.import_address",
            website.id,
            alice.id,
            "http://127.0.0.1/x",
            "0" * 32,
        )
    jobs = {task: name for task, name in job_names().items() if task in known()}
    with worker(run, each_broker):
        rows = [ended(task) for task in sorted(known() - set(jobs))]
        for name in jobs.values():
            schedule.start_now(name)
        results = {name: result_of(name) for name in jobs.values()}
        before = effects(alice, each_broker.data)
        finished = [row for row in rows if row.state == "finished"]
        deliver_again(finished)
        last = app.AsyncResult(enqueue_echo())
        last.get(timeout=HANG_SECONDS)
        assert effects(alice, each_broker.data) == before
    failed = [row.task for row in rows if row.state == "failed"]
    assert failed == ["framework.transfer.tasks.import_address"], "a private address is refused"
    assert [name for name, result in results.items() if "error" in result] == []


def enqueue_echo() -> str:
    """The id of a task that comes after the others."""
    with transaction() as session:
        return enqueue(session, "framework.celery.tasks.echo", "the last")
