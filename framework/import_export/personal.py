"""Exports of what is kept of one person: JSON files and the history of their projects, in the store for a week."""

import json
import shutil
import zipfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from framework import config
from framework.accounts.core import addresses, budgets
from framework.accounts.core.account import Account
from framework.accounts.models import User
from framework.audit import log as audit
from framework.celery.jobs import Work, announce, track_progress
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.email import messages
from framework.files import sha256_of
from framework.formatting import format_size
from framework.import_export.exports import KEPT, PLACE, NoRoomToExport, write_bundle
from framework.import_export.models import PersonalExport
from framework.import_export.personal_contents import MOST_ROWS, README, read_contents
from framework.profiles.pictures import find_picture_of
from framework.projects.models import Project
from framework.repositories import object_keys
from framework.repositories.cache.copies import lease_copy
from framework.repositories.cache.marker import FULL
from framework.repositories.cache.scratch import scratch
from framework.repositories.models import Repository
from framework.storage.current import store

KIND = "own_data"
TASK = "framework.transfer.tasks.export_person"
MOST_PROJECT_BYTES, MOST_BUNDLED_BYTES = 100 << 20, 500 << 20
"""A project that takes more in the store, or that would bring all of them over the second, has its own export."""


@dataclass(frozen=True)
class OwnData:
    """An export that its person may download: the object's key, its size in bytes, and until when."""

    id: str
    key: str
    size_bytes: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True)
class _Owned:
    """A project of the person's; `bundled` tells whether its history comes along."""

    name: str
    repository_id: str
    stored_bytes: int
    described: dict[str, Any]
    bundled: bool


def begin_own_export(account: Account) -> None:
    """Have a worker put together what is kept of the person, and tell them by mail.

    Raises:
        BudgetSpent: they asked for it several times today.
    """
    with transaction() as session:
        budgets.spend(session, [f"own-data:{account.id}"])
        work_id = announce(session, KIND, owner_id=account.id)
        audit.record(session, "data_exported", actor=account, person=account)
        enqueue(session, TASK, account.id, work_id)


def find_own_export(account: Account) -> OwnData | None:
    """The newest export of the person's data that has not expired."""
    mine = (PersonalExport.owner_id == account.id, PersonalExport.expires_at > now())
    query = select(PersonalExport).where(*mine).order_by(PersonalExport.created_at.desc()).limit(1)
    with read_transaction() as session:
        row = session.scalar(query)
        return OwnData(row.id, row.key, row.size_bytes, row.created_at, row.expires_at) if row else None


def export(account_id: int, export_id: str) -> bool:
    """Make the export and queue the mail with its address, once; whether there still is an account to do so for."""
    with read_transaction() as session:
        user = session.get(User, account_id)
        if user is None or user.suspended_at is not None:
            return False
        if session.get(PersonalExport, export_id):
            return True
        contents, owned = read_contents(session, user), _list_owned(session, user)
        picture = find_picture_of(session, user.id)
    with track_progress(KIND, project_id=None, owner_id=account_id, work_id=export_id) as work:
        with scratch("own-data") as folder:
            archive = folder / "export.zip"
            _write(archive, contents, owned, work, picture)
            work.say("Storing")
            key = f"{PLACE}{object_keys.new_id()}.zip"
            store().put(key, archive, sha256=sha256_of(archive))
            _record(account_id, export_id, key, archive.stat().st_size)
        work.say(f"It can be downloaded for {KEPT.days} days.")
    return True


def _list_owned(session: Session, user: User) -> list[_Owned]:
    """The smallest first, so that as many as possible come along."""
    query = (
        select(Project, Repository.stored_bytes)
        .join(Repository, Repository.id == Project.repository_id)
        .where(Project.owner_id == user.id)
        .order_by(Repository.stored_bytes, Project.id)
    )
    left, owned = MOST_BUNDLED_BYTES, []
    for project, stored_bytes in session.execute(query):
        bundled = project.trashed_at is None and stored_bytes <= min(left, MOST_PROJECT_BYTES)
        left -= stored_bytes if bundled else 0
        described = _describe(user, project, stored_bytes, bundled=bundled)
        owned.append(_Owned(project.name, project.repository_id, stored_bytes, described, bundled))
    return owned


def _describe(user: User, project: Project, stored_bytes: int, *, bundled: bool) -> dict[str, Any]:
    place = f"{config.current().base_url}/{user.name}/{project.name}"
    history = f"projects/{project.name}.bundle" if bundled else None
    reason = None
    if project.trashed_at is not None:
        reason = "It is in the trash. Restore it to export it."
    elif not bundled:
        reason = f"It takes {format_size(stored_bytes)}. Export it in its settings: {place}/settings"
    return {
        "name": project.name,
        "description": project.description,
        "visibility": project.visibility,
        "created_at": project.created_at.isoformat(timespec="seconds"),
        "address": place,
        "history": history,
        "left_out": reason,
    }


def _write(archive: Path, contents: dict[str, Any], owned: list[_Owned], work: Work, picture: bytes | None) -> None:
    bundled = [project for project in owned if project.bundled]
    needed_bytes = sum(project.stored_bytes for project in bundled)
    if shutil.disk_usage(config.current().data).free < needed_bytes:
        raise NoRoomToExport(needed_bytes)
    work.expect(len(bundled) + 1)
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as opened:
        opened.writestr(
            "README.txt", README.format(site=config.current().base_url, day=f"{now():%-d %B %Y}", most=MOST_ROWS)
        )
        for name, told in {**contents, "projects.json": [project.described for project in owned]}.items():
            opened.writestr(name, json.dumps(told, ensure_ascii=False, indent=2))
        if picture:
            opened.writestr("picture.webp", picture)
        work.advance()
        for project in bundled:
            work.say(f"Gathering the history of {project.name}")
            with lease_copy(project.repository_id, FULL) as (path, snapshot):
                if snapshot.refs:
                    write_bundle(opened, path, f"projects/{project.name}.bundle")
            work.advance()


def _record(account_id: int, export_id: str, key: str, size_bytes: int) -> None:
    row = PersonalExport(id=export_id, owner_id=account_id, key=key, size_bytes=size_bytes, expires_at=now() + KEPT)
    with transaction() as session:
        session.add(row)
        session.flush()
        user = session.get_one(User, account_id)
        if user.suspended_at is None and (email := addresses.find_confirmed_address(user)):
            link = f"{config.current().base_url}/settings/data/download"
            facts = {"name": user.name, "link": link, "days": KEPT.days}
            message = messages.prepare(
                to=email, template="own_data", facts=facts, key=f"own-data-{export_id}", expires_at=row.expires_at
            )
            messages.queue(session, message)
