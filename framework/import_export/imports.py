"""Imports: a new project is made at once, and a task fills it from an address or from a ZIP file."""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.orm import Session

from framework.accounts.core.account import Account, read_account
from framework.accounts.models import User
from framework.celery.jobs import Work, announce, track_progress
from framework.celery.outbox import enqueue
from framework.database.session import read_transaction
from framework.files import sha256_of
from framework.githttp.push.importing import land_history
from framework.import_export.addresses import check_address, pin
from framework.import_export.fetching import fetch_address, fetch_bundle
from framework.import_export.large_files import take_objects
from framework.import_export.zips import bundle_of, check_zip, files_of
from framework.projects.core.access import ProjectAccess, project_for
from framework.projects.lifecycle.operations import create_project
from framework.projects.models import Project
from framework.repositories import object_keys
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.snapshot import read_snapshot
from framework.storage.contract import ObjectMissing
from framework.storage.current import store
from framework.uploads.changing import Changes, store_changes

KIND = "import"
STEPS = 3
DONE_BEFORE = "Everything was imported before."
ARRIVED = "imports/"
"""Where ZIP files lie in the store until their task has read them."""


@dataclass(frozen=True)
class NewProject:
    """What the project of an import is called, what it is for, and who may see it."""

    name: str
    description: str
    visibility: str
    owner: str = ""


def import_address(account: Account, new: NewProject, address: str) -> str:
    """Make a project, and have it filled from this address; the id of the work to watch.

    Raises:
        AddressRefused: nothing is made. What `create_project` raises.
    """
    check_address(address)
    return _begin(account, new, "import_address", address)


def import_zip(account: Account, new: NewProject, archive: Path, encoding: str = "") -> str:
    """Make a project, and have it filled from this ZIP file; the id of the work to watch.

    `encoding` is that of names that are not marked as UTF-8; empty for what they look like.

    Raises:
        ZipRefused, ZipTooLarge: nothing is made. What `create_project` and the store raise.
    """
    check_zip(archive)
    key = f"{ARRIVED}{object_keys.new_id()}.zip"
    store().put(key, archive, sha256=sha256_of(archive))
    return _begin(account, new, "import_zip", key, encoding)


def fill_from_address(project_id: int, account_id: int, address: str, work_id: str) -> str:
    """Fill the project with what that address has; a sentence about what came.

    Raises:
        AddressRefused, FetchFailed: the project stays empty. What a push raises.
    """
    access, account = _who_and_where(project_id, account_id)
    with _track(project_id, account_id, work_id) as work, scratch("fetch") as folder:
        work.say("Fetching the history")
        return _land(access, account, fetch_address(pin(address), folder), work)


def fill_from_zip(project_id: int, account_id: int, key: str, work_id: str, *, encoding: str = "") -> str:
    """Fill the project from the ZIP file that lies in the store under this key; a sentence about what came.

    Raises:
        ObjectMissing: it lay there for too long. ZipRefused, ZipTooLarge, FetchFailed, QuotaExceeded.
    """
    access, account = _who_and_where(project_id, account_id)
    with _track(project_id, account_id, work_id) as work, scratch("unzip") as folder:
        work.say("Reading the ZIP file")
        archive = folder / "archive.zip"
        if not _fetch_archive(key, archive, access):
            return DONE_BEFORE
        bundle = bundle_of(archive, folder)
        if bundle:
            take_objects(archive, access, folder, work)
            told = _land(access, account, fetch_bundle(bundle, folder), work)
        else:
            told = _store_files(access, account, archive, work, encoding)
        store().delete(key)
        return told


def _fetch_archive(key: str, archive: Path, access: ProjectAccess) -> bool:
    """Whether the ZIP file is there; one that is gone was imported by a run that was killed before it could say so.

    Raises:
        ObjectMissing: it is gone, and the project has nothing.
    """
    try:
        store().fetch(key, archive)
    except ObjectMissing:
        if not read_snapshot(access.repository_id).version:
            raise
        return False
    return True


def _begin(account: Account, new: NewProject, task: str, source: str, *more: str) -> str:
    begun: list[str] = []

    def begin(session: Session, project: ProjectAccess) -> None:
        work_id = announce(session, KIND, project_id=project.id, owner_id=account.id, total=STEPS)
        enqueue(session, f"framework.transfer.tasks.{task}", project.id, account.id, source, work_id, *more)
        begun.append(work_id)

    create_project(
        account,
        name=new.name,
        description=new.description,
        visibility=new.visibility,
        owner=new.owner,
        in_transaction=begin,
    )
    return begun[-1]


def _track(project_id: int, account_id: int, work_id: str) -> AbstractContextManager[Work]:
    return track_progress(KIND, total=STEPS, project_id=project_id, owner_id=account_id, work_id=work_id)


def _who_and_where(project_id: int, account_id: int) -> tuple[ProjectAccess, Account]:
    """The project and the person as they are now, if the person may still write there."""
    with read_transaction() as session:
        account = read_account(session, account_id)
        project = session.get_one(Project, project_id)
        owner, name = session.get_one(User, project.owner_id).name, project.name
    return project_for(account, owner, name, "writer"), account


def _land(access: ProjectAccess, account: Account, fetched: Path, work: Work) -> str:
    work.advance()
    count, refused = land_history(access, account, fetched, say=lambda text: work.advance(0, text))
    work.advance(2)
    told = "1 branch or tag was imported." if count == 1 else f"{count:,} branches and tags were imported."
    told = " ".join([told, *(f"Left out: {reason.rstrip('.')}." for reason in refused[:3])])
    work.say(told)
    return told


def _store_files(access: ProjectAccess, account: Account, archive: Path, work: Work, encoding: str) -> str:
    """One commit with all files; a second run finds them there."""
    with scratch("files") as folder:
        puts, others = files_of(archive, folder, encoding)
        files = "1 file" if len(puts) == 1 else f"{len(puts):,} files"
        work.advance(1, f"Storing {files}")
        branch = read_snapshot(access.repository_id).default_branch
        message = f"Import {files} from a ZIP file"
        store_changes(access, account, Changes(puts, branch, message, kind="upload"))
    told = " ".join([f"{files} {'was' if len(puts) == 1 else 'were'} imported.", *others])
    work.advance(2, told)
    return told
