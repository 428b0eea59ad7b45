"""Exports: a project's whole history and what is known about it in one ZIP file, which lies in the store for a week.

`project.bundle` is a git bundle, which `git clone project.bundle` opens; `lfs/objects/` the Git LFS objects of every
version; `project.json` has description, people and activity. The ZIP file of an export can be imported again.
"""

import json
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses
from framework.accounts.core.account import Account, read_account
from framework.accounts.models import User
from framework.celery.jobs import Work, announce, track_progress
from framework.celery.outbox import enqueue
from framework.database.batches import in_batches
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.errors import NotFound, Unavailable
from framework.files import sha256_of
from framework.formatting import format_size
from framework.gitcore import git
from framework.import_export.imports import ARRIVED
from framework.import_export.large_files import write_objects
from framework.import_export.models import Export, PersonalExport
from framework.import_export.zips import ABOUT, BUNDLE
from framework.projects.core.access import ProjectAccess, recheck
from framework.projects.models import Event, Project
from framework.repositories import object_keys
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.lfs_objects import read_all_named
from framework.repositories.models import Repository
from framework.storage.current import store

KIND = "export"
FORMAT = "holdfast project 1"
KEPT = timedelta(days=7)
PLACE = "exports/"
UNNAMED_KEPT = {PLACE: timedelta(days=1), ARRIVED: timedelta(days=6)}
"""How long what no row names stays: an export until its task must have named it, a ZIP file while its task is tried."""
DEADLINE_SECONDS = 3600
STEPS = 2


class ExportGone(NotFound):
    """The export has expired, or is not for this person."""

    def __init__(self) -> None:
        super().__init__("There is no such export, or it has expired. Make a new one in the project's settings.")


class NoRoomToExport(Unavailable):
    """The disk of this machine does not hold the export."""

    def __init__(self, needed_bytes: int) -> None:
        super().__init__(
            f"The export needs {format_size(needed_bytes)} of disk, and the server has less free; it is tried again"
            " later. Meanwhile clone the project with git."
        )


@dataclass(frozen=True)
class ReadyExport:
    """An export that its reader may download: the file's name, the object's key, and its size in bytes."""

    file_name: str
    key: str
    size_bytes: int
    expires_at: datetime


def begin_export(account: Account, access: ProjectAccess) -> str:
    """Have the project exported, and the person told by mail; the id of the work to watch."""
    with transaction() as session:
        recheck(session, access.id, account, "maintainer")
        work_id = announce(session, KIND, project_id=access.id, owner_id=account.id)
        enqueue(session, "framework.transfer.tasks.export_project", access.id, account.id, work_id)
    return work_id


def export(project_id: int, account_id: int, export_id: str) -> str:
    """Make the export and queue the mail with its address; a second run with the same id makes no second one.

    Raises:
        ProjectNotFound, RoleTooLow: the person may not have it any more.
    """
    with read_transaction() as session:
        account = read_account(session, account_id)
        recheck(session, project_id, account, "maintainer")
        if session.get(Export, export_id):
            return export_id
        repository_id = session.get_one(Project, project_id).repository_id
        about = _about(session, project_id, repository_id)
    with (
        track_progress(KIND, project_id=project_id, owner_id=account_id, work_id=export_id) as work,
        scratch("export") as folder,
    ):
        archive = folder / "export.zip"
        _write(archive, repository_id, about, work)
        work.say("Storing")
        key = f"{PLACE}{object_keys.new_id()}.zip"
        store().put(key, archive, sha256=sha256_of(archive))
        _record(Export(id=export_id, project_id=project_id, owner_id=account_id, key=key), archive.stat().st_size)
        work.advance()
        work.say(f"It can be downloaded for {KEPT.days} days.")
    return export_id


def ready_export(account: Account, export_id: str) -> ReadyExport:
    """The export, for whoever asked for it and still maintains the project.

    Raises:
        ExportGone: it has expired, or is somebody else's. ProjectNotFound, RoleTooLow.
    """
    with read_transaction() as session:
        row = session.get(Export, export_id)
        if row is None or row.owner_id != account.id or row.expires_at < now():
            raise ExportGone
        recheck(session, row.project_id, account, "maintainer")
        name = session.get_one(Project, row.project_id).name
        return ReadyExport(f"{name}.zip", row.key, row.size_bytes, row.expires_at)


def forget_expired() -> int:
    """Delete the exports that have expired, and what no row names any more; how many objects."""
    with transaction() as session:
        expired = [
            key
            for kind in (Export, PersonalExport)
            for key in session.scalars(delete(kind).where(kind.expires_at < now()).returning(kind.key))
        ]
    left = {*expired, *_list_unnamed()}
    for key in left:
        store().delete(key)
    return len(left)


def _list_unnamed() -> Iterator[str]:
    """What killed tasks and deleted projects left: listed first, and looked for in SQL afterwards."""
    old = [
        found.key
        for place, kept in UNNAMED_KEPT.items()
        for found in store().list(place)
        if found.modified_at < now() - kept
    ]
    named = set[str]()
    with read_transaction() as session:
        for some in in_batches(old):
            for kind in (Export, PersonalExport):
                named.update(session.scalars(select(kind.key).where(kind.key.in_(some))))
    return (key for key in old if key not in named)


def _about(session: Session, project_id: int, repository_id: str) -> dict[str, Any]:
    events = session.execute(
        select(Event, User.name)
        .outerjoin(User, User.id == Event.actor_id)
        .where(Event.project_id == project_id)
        .order_by(Event.id)
    )
    return {
        "format": FORMAT,
        "exported_at": now().isoformat(timespec="seconds"),
        "project": session.get_one(Repository, repository_id).about,
        "activity": [
            {"at": event.created_at.isoformat(timespec="seconds"), "by": actor, "kind": event.kind, **event.details}
            for event, actor in events
        ],
    }


def _write(archive: Path, repository_id: str, about: dict[str, Any], work: Work) -> None:
    """Nothing but `about` when the project is empty."""
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as opened:
        opened.writestr(ABOUT, json.dumps(about, ensure_ascii=False, indent=2))
        work.say("Gathering the history")
        with lease_copy(repository_id, FULL) as (path, snapshot):
            objects = read_all_named(repository_id, until=snapshot.version)
            _refuse_without_room(repository_id)
            work.expect(len(objects) + STEPS)
            if snapshot.refs:
                write_bundle(opened, path, BUNDLE)
        work.advance()
        write_objects(opened, repository_id, objects, work)


def write_bundle(opened: zipfile.ZipFile, path: Path, name: str) -> None:
    """Put every branch and tag of the repository at `path` into the ZIP file, as a git bundle of this name."""
    with (
        git.start(path, "bundle", "create", "-q", "-", "--all", deadline_seconds=DEADLINE_SECONDS) as process,
        opened.open(name, "w", force_zip64=True) as target,
    ):
        for chunk in git.bulk(process):
            target.write(chunk)


def _refuse_without_room(repository_id: str) -> None:
    with read_transaction() as session:
        needed = session.get_one(Repository, repository_id).stored_bytes
    if shutil.disk_usage(config.current().data).free < needed:
        raise NoRoomToExport(needed)


def _record(row: Export, size_bytes: int) -> None:
    row.size_bytes, row.expires_at = size_bytes, now() + KEPT
    with transaction() as session:
        session.add(row)
        session.flush()
        user, project = session.get_one(User, row.owner_id), session.get_one(Project, row.project_id)
        name = f"{session.get_one(User, project.owner_id).name}/{project.name}"
        facts = {"name": user.name, "project": name, "link": _link(row.id), "days": KEPT.days}
        key = f"export-{row.id}"
        if user.suspended_at is None and (email := addresses.find_confirmed_address(user)):
            messages.queue(
                session, messages.prepare(to=email, template="export", facts=facts, key=key, expires_at=row.expires_at)
            )


def _link(export_id: str) -> str:
    return f"{config.current().base_url}/exports/{export_id}"
