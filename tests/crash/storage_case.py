"""The tasks that look after what is stored, and the import of a history, killed in their middle like the others."""

import io
import json
import subprocess
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update

from framework import config
from framework.accounts.core.account import Account
from framework.backup import tasks as backup_tasks
from framework.backup.dump import read_header
from framework.backup.operations import FOLDER, _open_dump, list_backups
from framework.celery.models import ScheduledJob
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.drill import tasks as upkeep_tasks
from framework.gitcore.pack_writer import blob_name
from framework.import_export import imports
from framework.import_export import tasks as transfer_tasks
from framework.projects import tasks as project_tasks
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.archiving import ask_for_archive
from framework.projects.lifecycle.operations import create_project
from framework.projects.lifecycle.purging import ask_for_purge
from framework.projects.models import Event
from framework.repositories import object_keys
from framework.repositories import tasks as repository_tasks
from framework.repositories.cache import eviction
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.changes import Change, RefUpdate
from framework.repositories.catalog.file_surveys import read_survey
from framework.repositories.catalog.snapshot import read_snapshot, read_snapshot_and_packs
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import Pack, Repository, Version
from framework.repositories.write.commit import commit, do_nothing
from framework.repositories.write.operations import Put
from framework.storage.current import store
from framework.uploads.changing import Changes, store_changes
from tests.crash.case import LARGE_BLOB_BYTES
from tests.crash.task_case import SOURCE, Scenario, account, states
from tests.storage.altered import alter

NAME = "garden"


def grow(versions: int = 3) -> tuple[Account, ProjectAccess]:
    """Alice's garden with so many versions, each with a small file and a large one."""
    alice = account("alice")
    garden = create_project(alice, name=NAME, description="", visibility="private")
    for number in range(versions):
        write(alice, garden, "main", number)
    return alice, garden


def write(
    alice: Account, garden: ProjectAccess, branch: str, number: int, *, start: str | None = None, label: str = ""
) -> str:
    """Store one more version on this branch, in files of this label, or of its number; its commit."""
    label = label or f"{number}"
    with scratch("grow") as folder:
        puts = []
        for name, content in (("small", b"%d" % number), ("large", b"%d" % number * LARGE_BLOB_BYTES)):
            (folder / name).write_bytes(content)
            puts.append(
                Put(f"{name}-{label}", folder / name, len(content), blob_name(io.BytesIO(content), len(content)))
            )
        return store_changes(garden, alice, Changes(puts, branch, f"Version {number}", start=start)).sha


def found() -> ProjectAccess:
    """Alice's garden as it is now."""
    return project_for(account("alice"), "alice", NAME)


def whole() -> list[Any]:
    """What a consolidation leaves: refs, files' names, how many packs, and what is wrong."""
    garden = found()
    snapshot, packs = read_snapshot_and_packs(garden.repository_id)
    with lease_copy(garden.repository_id, FULL) as (path, _snapshot):
        listed = subprocess.run(
            ["git", "-C", str(path), "ls-tree", "-r", "--name-only", "main"], capture_output=True, text=True, check=True
        )
    return [sorted(snapshot.refs), listed.stdout, len(packs), list(verify(garden.repository_id).faults)]


def result() -> Any:
    """What the last run of the scenario's job has told."""
    with read_transaction() as session:
        [told] = session.scalars(select(ScheduledJob.last_result).where(ScheduledJob.last_result.is_not(None)))
    return json.loads(told or "null")


def _backed_up() -> Any:
    made = [stored.name for stored in list_backups()]
    rows = []
    with scratch("read") as folder:
        for name in made:
            store().fetch(FOLDER + name, folder / name)
            with _open_dump(folder / name) as lines:
                header = read_header(lines)
                rows.append(header.rows == sum(1 for _line in lines))
    return set(rows) == {True}, result() in made


def _damage() -> None:
    _alice, garden = grow()
    with transaction() as session:
        session.execute(update(Pack).values(checked_at=now() - timedelta(days=365)))
        names = session.scalars(select(Pack.name).order_by(Pack.name)).all()
    key = object_keys.pack_key(garden.repository_id, names[0])
    body = b"x" * store().size(key)
    alter(key, body)


def _checked() -> Any:
    with read_transaction() as session:
        [pack] = session.scalars(select(Pack).order_by(Pack.name).limit(1))
    return bool(pack.fault), pack.checked_at is not None and pack.checked_at > now() - timedelta(days=1)


def _spoil_copy() -> None:
    _alice, garden = grow()
    path = eviction.copy_path(garden.repository_id)
    with lease_copy(garden.repository_id, FULL):
        pack = min(path.glob("objects/pack/*.pack"))
    pack.chmod(0o600)
    pack.write_bytes(b"x" * pack.stat().st_size)


def _mended() -> Any:
    path = eviction.copy_path(found().repository_id)
    done = subprocess.run(["git", "-C", str(path), "fsck", "--full"], capture_output=True, text=True, check=False)
    return done.returncode


def _restored() -> Any:
    with read_transaction() as session:
        return [(row.restored_at is not None, row.fault) for row in session.scalars(select(Repository))]


def _consolidate() -> None:
    _alice, garden = grow()
    with transaction() as session:
        enqueue(session, repository_tasks.consolidate_packs.name, garden.repository_id, 0, key="consolidate")


def _fold() -> None:
    _alice, garden = grow()
    generation = read_snapshot(garden.repository_id).pack_generation
    with transaction() as session:
        enqueue(session, repository_tasks.fold_packs.name, garden.repository_id, generation, key="fold")


def _folded() -> Any:
    return whole(), _count(Version), states(repository_tasks.fold_packs.name)


def _consolidated() -> Any:
    return whole(), _count(Version), states(repository_tasks.consolidate_packs.name)


def _ask_for_archive() -> None:
    ask_for_archive(*grow())


def _archived() -> Any:
    cold = not eviction.copy_path(found().repository_id).exists()
    return cold, whole(), _count(Version), states(project_tasks.archive_project.name)


def _rest() -> None:
    grow()
    with transaction() as session:
        session.execute(update(Repository).values(last_access_at=now() - timedelta(days=100)))


def _slept() -> Any:
    with read_transaction() as session:
        archived = [at is not None for at in session.scalars(select(Repository.archived_at))]
    cold = not list(eviction.copies())
    return cold, archived, whole(), _count(Version)


def _leak() -> None:
    alice, garden = grow()
    tip = read_snapshot(garden.repository_id).refs["refs/heads/main"]
    secret = write(alice, garden, "leak", 99, start=tip)
    gone = (RefUpdate("refs/heads/leak", secret, None),)
    commit(Change(garden.repository_id, "alice", updates=gone), precheck=do_nothing, in_transaction=do_nothing)
    ask_for_purge(alice, garden, confirmation=NAME)


def _purged() -> Any:
    with lease_copy(found().repository_id, FULL) as (path, _snapshot):
        command = ["git", "-C", str(path), "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]
        kinds = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    with read_transaction() as session:
        told = session.scalar(select(func.count()).where(Event.kind == "purged"))
    return kinds.count("commit"), whole(), told, states(project_tasks.purge_project.name)


def _ask_for_removal() -> None:
    alice, garden = grow(0)
    for number in range(3):
        write(alice, garden, "main", number, label="table")
    arguments = garden.id, alice.id, "1" * 32, "large-table"
    with transaction() as session:
        given: dict[str, Any] = {"kept": [], "rewrites_protected": True}
        enqueue(session, project_tasks.remove_old_versions.name, *arguments, key="removal", **given)


def _removed() -> Any:
    with lease_copy(found().repository_id, FULL) as (path, _snapshot):
        command = ["git", "-C", str(path), "cat-file", "--batch-all-objects", "--batch-check=%(objecttype)"]
        kinds = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    with read_transaction() as session:
        told = session.scalars(select(Event.kind).where(Event.kind.in_(["purged", "versions_removed"]))).all()
    survey = read_survey(found().repository_id)
    files = [(file.path, file.versions) for file in survey.files] if survey else None
    return sorted(kinds), whole(), sorted(told), files, states(project_tasks.remove_old_versions.name)


def _arrive() -> None:
    source = (config.current().data / SOURCE).read_text()
    imports.import_address(account("alice"), imports.NewProject(NAME, "", "private"), source)


def _arrived() -> Any:
    pushes = select(func.count()).where(Event.kind == "push")
    with read_transaction() as session:
        told = session.scalar(pushes)
    refs = read_snapshot(found().repository_id).refs
    return sorted(refs), told, _count(Version), states(transfer_tasks.import_address.name)


def _count(model: Any) -> int:
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def _nothing() -> None:
    grow()


SCENARIOS = (
    Scenario(backup_tasks.back_up_tables.name, _nothing, _backed_up),
    Scenario(repository_tasks.read_back.name, _damage, _checked),
    Scenario(repository_tasks.scrub_copies.name, _spoil_copy, _mended),
    Scenario(repository_tasks.restore_sample.name, _nothing, _restored),
    Scenario(repository_tasks.consolidate_packs.name, _consolidate, _consolidated),
    Scenario(repository_tasks.fold_packs.name, _fold, _folded),
    Scenario(repository_tasks.archive_idle.name, _rest, _slept),
    Scenario(project_tasks.archive_project.name, _ask_for_archive, _archived),
    Scenario(project_tasks.purge_project.name, _leak, _purged),
    Scenario(project_tasks.remove_old_versions.name, _ask_for_removal, _removed),
    Scenario(upkeep_tasks.rehearse_rebuild.name, _nothing, lambda: result()["fault_count"]),
    Scenario(transfer_tasks.import_address.name, _arrive, _arrived),
)
