"""Git LFS objects leave with an export, in the folders in which git-lfs keeps them, and come back with its import."""

import hashlib
import io
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import func, select, update

from framework.accounts.core.account import Account
from framework.celery.models import BackgroundJob, OutboxRow
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.errors import HoldfastError
from framework.import_export import exports
from framework.import_export.exports import NoRoomToExport
from framework.lfs.reading import find_content
from framework.projects.core.access import ProjectAccess, project_for
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import StagedLfs
from framework.storage.current import store
from tests.cast import SignIn, Visitor, on_each_deployment_in_full, on_one_deployment
from tests.githttp.client import Person
from tests.import_export.test_transfer import ask, exported, run_waiting, work_of
from tests.uploads.form import upload

pytestmark = on_each_deployment_in_full

PAGE = "/alice/website/upload/main"
FILMS = [b"first film" * 30_000, b"second film" * 100]
OIDS = [hashlib.sha256(film).hexdigest() for film in FILMS]
NAMES = [f"lfs/objects/{oid[:2]}/{oid[2:4]}/{oid}" for oid in OIDS]


@pytest.fixture
def films(alice: Account, website: ProjectAccess, signed_in: SignIn) -> Visitor:
    """Alice's browser; two versions of a film in her website are in Git LFS, and only the second is at the tip."""
    browser = signed_in(alice)
    upload(browser, {".gitattributes": b"*.mp4 filter=lfs diff=lfs merge=lfs -text\n"}, page=PAGE)
    for film in FILMS:
        upload(browser, {"film.mp4": film}, page=PAGE)
    return browser


def export_of(browser: Visitor) -> bytes:
    """The ZIP file of a finished export; its task is not run again."""
    answer = browser.get(exported(browser))
    body: bytes = answer.data
    assert answer.status_code == 200
    with transaction() as session:
        session.execute(update(OutboxRow).values(task="done"))
    return body


def changed(archive: bytes, name: str, body: bytes) -> bytes:
    """The ZIP file with other bytes under one name."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w") as target:
        for entry in source.infolist():
            target.writestr(entry.filename, body if entry.filename == name else source.read(entry))
    return made.getvalue()


def received() -> int:
    """How many objects wait for a version."""
    with read_transaction() as session:
        return session.scalar(select(func.count()).select_from(StagedLfs)) or 0


def test_what_was_exported_comes_back_with_its_import(films: Visitor, bob: Account, signed_in: SignIn) -> None:
    archive = export_of(films)
    with zipfile.ZipFile(io.BytesIO(archive)) as held:
        assert sorted(held.namelist()) == sorted([*NAMES, "project.bundle", "project.json"])
    answer = ask(signed_in(bob), archive)
    run_waiting()
    assert (work_of(answer).state, work_of(answer).message) == ("finished", "1 branch or tag was imported.")
    garden = project_for(bob, "bob", "garden")
    with open_copy(garden.repository_id) as copy:
        found = find_content(copy, find(copy, resolve(copy, "main"), "film.mp4").sha)
        assert b"".join(found.blob.chunks) == FILMS[1]
    checked = verify(garden.repository_id)
    assert (checked.faults, checked.lfs_objects, received()) == ((), 2, 0)


@on_one_deployment
def test_git_lfs_finds_them_in_a_clone_of_the_bundle(films: Visitor, tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(export_of(films))) as held:
        held.extract("project.bundle", tmp_path)
        person = Person("alice", tmp_path, "")
        person.git("lfs", "install", "--skip-smudge")
        person.git("clone", "-q", "-b", "main", "project.bundle", "clone")
        held.extractall(tmp_path / "clone" / ".git", [name for name in held.namelist() if name.startswith("lfs/")])
    person.git("-C", "clone", "lfs", "checkout")
    assert (tmp_path / "clone" / "film.mp4").read_bytes() == FILMS[1]
    person.git("-C", "clone", "lfs", "fsck")


@on_one_deployment
def test_an_export_tells_how_far_it_is(films: Visitor) -> None:
    export_of(films)
    with read_transaction() as session:
        work = session.scalars(select(BackgroundJob).where(BackgroundJob.kind == exports.KIND)).one()
    assert (work.done, work.total, work.state) == (4, 4, "finished")


@on_one_deployment
@pytest.mark.parametrize("body", [b"another film", b""])
def test_a_damaged_object_imports_nothing(films: Visitor, bob: Account, signed_in: SignIn, body: bytes) -> None:
    answer = ask(signed_in(bob), changed(export_of(films), NAMES[0], body))
    with pytest.raises(HoldfastError, match="it is not what its name says"):
        run_waiting()
    assert work_of(answer).state == "failed"
    assert read_snapshot(project_for(bob, "bob", "garden").repository_id).version == 0


@on_one_deployment
@pytest.mark.parametrize(("setting", "words"), [("quota_bytes", "may hold"), ("max_lfs_file_bytes", "over the limit")])
def test_objects_have_the_limits_of_a_push(
    films: Visitor,
    bob: Account,
    signed_in: SignIn,
    with_settings: Callable[..., Config],
    setting: str,
    words: str,
) -> None:
    archive = export_of(films)
    with_settings(**{setting: 200_000})
    ask(signed_in(bob), archive)
    with pytest.raises(HoldfastError, match=words):
        run_waiting()
    garden = project_for(bob, "bob", "garden").repository_id
    assert read_snapshot(garden).version == 0
    assert OIDS[0] not in "".join(found.key for found in store().list(f"repos/{garden}/"))


@on_one_deployment
def test_a_second_run_sends_no_object_again(films: Visitor, bob: Account, signed_in: SignIn) -> None:
    archive = export_of(films)
    ask(signed_in(bob), changed(archive, "project.bundle", b"cut off"))
    for _run in range(2):
        with pytest.raises(HoldfastError):
            run_waiting()
    assert received() == 2


@on_one_deployment
def test_a_disk_without_room_is_told_of(films: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=200_000))
    with pytest.raises(NoRoomToExport, match="of disk, and the server has less free"):
        exported(films)
