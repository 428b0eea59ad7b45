"""Imports and exports, from the form to the project and back."""

import io
import json
import stat
import zipfile
from collections.abc import Callable
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import Engine, event, func, select, update
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.celery.celery import app
from framework.celery.models import BackgroundJob, OutboxRow
from framework.config import Config
from framework.database.session import read_transaction, transaction
from framework.database.types import now
from framework.errors import HoldfastError
from framework.gitcore import git
from framework.githttp.push.importing import land_history
from framework.import_export import exports, zips
from framework.import_export import tasks as transfer_tasks
from framework.import_export.models import Export
from framework.import_export.zips import ZipTooLarge, files_of
from framework.projects.core.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.members.people import add_person
from framework.projects.members.roles import remove_person
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.scratch import scratch
from framework.repositories.catalog.snapshot import read_snapshot
from framework.repositories.history.folders import find
from framework.storage.current import store
from tests.cast import SignIn, Visitor, csrf_token
from tests.servers.application.gunicorn import LiveServer
from tests.servers.application.workers import worker
from tests.servers.processes import HANG_SECONDS
from tests.servers.run import Run
from tests.uploads.form import upload

Entries = dict[str, bytes]


@pytest.fixture
def history(website: ProjectAccess, alice: Account, signed_in: SignIn) -> ProjectAccess:
    """Alice's website with two versions."""
    browser = signed_in(alice)
    for content in (b"1", b"2"):
        upload(browser, {"a.txt": content, "b/c": b"x"}, page="/alice/website/upload/main", message="Version")
    return website


def zipped(entries: Entries, **odd: int) -> bytes:
    """A ZIP file of these; `odd` gives names a mode."""
    made = BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as opened_zip:
        for name, content in entries.items():
            info = zipfile.ZipInfo(name)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = odd.get(name.replace("/", "_"), stat.S_IFREG | 0o644) << 16
            opened_zip.writestr(info, content)
    return made.getvalue()


def ask(browser: Visitor, archive: bytes | None = None, **fields: str) -> TestResponse:
    """Send the form of an import."""
    token = csrf_token(browser.get("/import").text)
    data: dict[str, object] = {"name": "garden", "visibility": "private", "csrf_token": token, **fields}
    if archive is not None:
        data["files"] = (io.BytesIO(archive), "garden.zip")
    return browser.client.post("/import", data=data, content_type="multipart/form-data")


def run_waiting() -> None:
    """Run the tasks of this room that wait, as a worker would."""
    with read_transaction() as session:
        rows = session.scalars(select(OutboxRow).where(OutboxRow.task.like("framework.transfer.%"))).all()
    for row in rows:
        getattr(transfer_tasks, row.task.rpartition(".")[2]).run(*row.args, **row.kwargs)


def contents(owner: Account, name: str) -> Entries:
    """The files of the project's default branch."""
    access = project_for(owner, owner.name, name)
    with open_copy(access.repository_id) as copy:
        tip = copy.snapshot.refs["refs/heads/main"]
        return {path: b"".join(copy.blob(find(copy, tip, path).sha).chunks) for path in ("a.txt", "b/c")}


def work_of(answer: TestResponse) -> BackgroundJob:
    """The work that the answer leads to."""
    with read_transaction() as session:
        return session.get_one(BackgroundJob, answer.location.rpartition("/")[2])


def test_a_zip_file_becomes_a_project(bob: Account, signed_in: SignIn) -> None:
    answer = ask(signed_in(bob), zipped({"garden-1.0/a.txt": b"1", "garden-1.0/b/c": b"x"}))
    assert answer.status_code == 303
    run_waiting()
    assert contents(bob, "garden") == {"a.txt": b"1", "b/c": b"x"}
    assert (work_of(answer).state, work_of(answer).message) == ("finished", "2 files were imported.")
    assert list(store().list("imports/")) == []


def test_a_project_is_made_with_its_task_or_not_at_all(bob: Account, signed_in: SignIn) -> None:
    def die(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("INSERT INTO outbox"):
            raise SystemExit

    browser, archive = signed_in(bob), zipped({"a.txt": b"1"})
    event.listen(Engine, "before_cursor_execute", die)
    with pytest.raises(SystemExit):
        ask(browser, archive)
    event.remove(Engine, "before_cursor_execute", die)
    with pytest.raises(ProjectNotFound):
        project_for(bob, "bob", "garden")


def test_an_address_becomes_a_project_with_every_branch_and_tag(
    run: Run,
    served: LiveServer,
    history: ProjectAccess,
    bob: Account,
    signed_in: SignIn,
    with_settings: Callable[..., Config],
) -> None:
    answer = ask(signed_in(bob), address=f"{served.url}/alice/website.git")
    assert answer.status_code == 303
    allowed = with_settings(import_from_private_networks=True)
    with read_transaction() as session:
        row = session.scalars(select(OutboxRow).where(OutboxRow.task.like("%import_address"))).one()
    with worker(run, allowed, "-B", IMPORT_FROM_PRIVATE_NETWORKS="on"):
        assert app.AsyncResult(row.id).get(timeout=HANG_SECONDS) == "1 branch or tag was imported."
    garden = project_for(bob, "bob", "garden")
    assert read_snapshot(garden.repository_id).refs == read_snapshot(history.repository_id).refs
    before = read_snapshot(garden.repository_id).version
    transfer_tasks.import_address.run(*row.args, **row.kwargs)
    assert read_snapshot(garden.repository_id).version == before, "a second run changes nothing"


def test_a_branch_may_have_any_letter_in_its_name(website: ProjectAccess, alice: Account, tmp_path: Path) -> None:
    with scratch("history") as folder:
        git.run(folder, "init", "-q", "--bare", ".")
        tree = git.run(folder, "hash-object", "-t", "tree", "-w", "--stdin").decode().strip()
        who = {f"GIT_{role}_{fact}": "x" for role in ("AUTHOR", "COMMITTER") for fact in ("NAME", "EMAIL")}
        sha = git.run(folder, "commit-tree", "-m", "One", tree, environment=who).decode().strip()
        for branch in ("main", "a\u2028b\x85c"):
            git.run(folder, "update-ref", f"refs/heads/{branch}", sha)
        assert land_history(website, alice, folder, say=lambda _text: None) == (2, [])
    assert read_snapshot(website.repository_id).branches == {"main": sha, "a\u2028b\x85c": sha}


def test_a_private_address_fills_nothing_and_says_why(bob: Account, signed_in: SignIn) -> None:
    answer = ask(signed_in(bob), address="http://127.0.0.1:9/x.git")
    assert answer.status_code == 303, "names are looked up by the task"
    with pytest.raises(HoldfastError, match="not on the public internet"):
        run_waiting()
    assert work_of(answer).state == "failed"
    assert "not on the public internet" in work_of(answer).message


@pytest.mark.parametrize(
    ("fields", "archive", "words"),
    [
        ({}, None, "Enter the address of a git repository"),
        ({"address": "https://example.org/x"}, b"x", "one of the two"),
        ({"address": "file:///etc"}, None, "Enter the address for cloning"),
        ({}, b"this is no ZIP file", "not a ZIP file"),
        ({}, zipped({}), "no file in this ZIP"),
        ({}, zipped({"a": b"1"})[:-30], "not a ZIP file"),
        ({"name": ""}, zipped({"a": b"1"}), "Choose a name"),
    ],
)
def test_a_form_that_cannot_be_imported_is_given_back_and_makes_no_project(
    bob: Account, signed_in: SignIn, fields: dict[str, str], archive: bytes | None, words: str
) -> None:
    answer = ask(signed_in(bob), archive, **fields)
    assert answer.status_code == 400
    assert words in answer.text
    assert signed_in(bob).get("/bob/garden").status_code == 404


def test_a_zip_file_of_too_many_entries_is_refused_before_they_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w") as made:
        for number in range(4):
            made.writestr(str(number), b"")
    zips.open_zip(archive).close()
    monkeypatch.setattr(zips, "MOST_ENTRIES", 3)
    with pytest.raises(ZipTooLarge, match="too many files"):
        zips.open_zip(archive)


def test_links_in_a_zip_file_are_left_out(settings: Config, tmp_path: Path) -> None:
    archive = tmp_path / "a.zip"
    archive.write_bytes(zipped({"x/a": b"1", "x/link": b"/etc/passwd"}, x_link=stat.S_IFLNK | 0o777))
    assert [put.path for put in files_of(archive, tmp_path)[0]] == ["a"]


@pytest.mark.parametrize("limit", ["max_file_bytes", "max_push_bytes"])
def test_a_bomb_is_stopped_while_it_inflates(
    bob: Account, signed_in: SignIn, with_settings: Callable[..., Config], tmp_path: Path, limit: str
) -> None:
    with_settings(**{limit: 1 << 20})
    archive = zipped({"a": bytes(600_000), "b": bytes(600_000) if limit == "max_push_bytes" else bytes(2 << 20)})
    assert len(archive) < 10_000
    assert ask(signed_in(bob), archive).status_code == 413
    (tmp_path / "bomb.zip").write_bytes(archive)
    with pytest.raises(ZipTooLarge):
        files_of(tmp_path / "bomb.zip", tmp_path)


@pytest.mark.parametrize("path", ["../a", "/a", ".git/config", "a/../../b", "..\\y", ".git\\config"])
def test_no_path_gets_around_the_policy(bob: Account, signed_in: SignIn, path: str) -> None:
    answer = ask(signed_in(bob), zipped({path: b"1", "other": b"2"}))
    with pytest.raises(HoldfastError):
        run_waiting()
    assert work_of(answer).state == "failed"
    assert read_snapshot(project_for(bob, "bob", "garden").repository_id).version == 0


def exported(browser: Visitor) -> str:
    """The address of a finished export of Alice's website."""
    answer = browser.submit("/alice/website/settings", to="/alice/website/settings/export")
    run_waiting()
    return f"/exports/{answer.location.rpartition('/')[2]}"


def test_an_export_holds_everything_and_can_be_imported_again(
    history: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn
) -> None:
    browser = signed_in(alice)
    address = exported(browser)
    answer = browser.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "application/zip")
    rest = browser.get(address, **{"Range": "bytes=100-", "If-Range": answer.headers["ETag"]})
    assert (rest.status_code, rest.data) == (206, answer.data[100:])
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        about = json.loads(archive.read("project.json"))
    assert about["project"]["description"] == "For everybody"
    assert [event["kind"] for event in about["activity"]] == ["created", "upload", "upload"]
    with transaction() as session:
        session.execute(update(OutboxRow).values(task="done"))
    ask(signed_in(bob), answer.data)
    run_waiting()
    garden = project_for(bob, "bob", "garden")
    assert read_snapshot(garden.repository_id).refs == read_snapshot(history.repository_id).refs


def test_an_export_is_mailed_once_to_who_asked(history: ProjectAccess, alice: Account, signed_in: SignIn) -> None:
    address = exported(signed_in(alice))
    run_waiting()
    with read_transaction() as session:
        [mail] = session.scalars(select(OutboxRow).where(OutboxRow.id.like("export-%")))
        assert session.scalar(select(func.count()).select_from(Export)) == 1
    assert mail.args[0] == "alice@example.org"
    assert f"http://localhost{address}" in mail.args[2]


def test_nobody_else_downloads_it_and_nobody_later(
    history: ProjectAccess, alice: Account, bob: Account, visitor: Visitor, signed_in: SignIn
) -> None:
    add_person(alice, history, person="bob", role="owner")
    address = exported(signed_in(bob))
    assert signed_in(alice).get(address).status_code == 404
    assert visitor.get(address).status_code == 302
    assert signed_in(bob).get(address).status_code == 200
    remove_person(alice, history, person_id=bob.id)
    assert signed_in(bob).get(address).status_code == 403


def test_only_owners_export(history: ProjectAccess, alice: Account, bob: Account, signed_in: SignIn) -> None:
    add_person(alice, history, person="bob", role="writer")
    answer = signed_in(bob).submit("/settings", to="/alice/website/settings/export")
    assert answer.status_code == 403


def test_an_export_expires_with_its_object(
    history: ProjectAccess, alice: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(exports.UNNAMED_KEPT, exports.PLACE, timedelta())
    browser = signed_in(alice)
    address = exported(browser)
    assert exports.forget_expired() == 0
    with transaction() as session:
        session.execute(update(Export).values(expires_at=now() - timedelta(seconds=1)))
    assert browser.get(address).status_code == 404
    assert exports.forget_expired() == 1
    assert list(store().list("exports/")) == []


def test_an_empty_project_is_exported_too(website: ProjectAccess, alice: Account, signed_in: SignIn) -> None:
    browser = signed_in(alice)
    with zipfile.ZipFile(io.BytesIO(browser.get(exported(browser)).data)) as archive:
        assert archive.namelist() == ["project.json"]
