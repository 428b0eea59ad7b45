"""Old versions come back as new ones: a file, a folder, the project, what was deleted, what one change did."""

import re
from collections.abc import Mapping

import pytest
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import evict
from framework.repositories.history.folders import find, list_folder
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.verification import verify
from tests.cast import SignIn, Visitor, csrf_token
from tests.uploads.conftest import delete_files, store_files

LARGE = b"large" * 300_000


@pytest.fixture
def versions(alice: Account, secret: ProjectAccess) -> list[str]:
    """Three versions of Alice's project: files appear, change, and go."""
    first = store_files(secret, alice, {"a.txt": b"1", "docs/x.md": b"x1", "docs/y.md": b"y", "film": LARGE})
    second = store_files(secret, alice, {"a.txt": b"2", "docs/x.md": b"x2", "new.txt": b"n"}, message="Second")
    third = delete_files(secret, alice, "docs/y.md", "film")
    return [first, second, third]


@pytest.fixture
def writer(signed_in: SignIn, alice: Account, versions: list[str]) -> Visitor:
    return signed_in(alice)


def contents(project: ProjectAccess, folder: str = "") -> Mapping[str, bytes]:
    """Every file of the main branch."""
    found: dict[str, bytes] = {}
    with open_copy(project.repository_id) as copy:
        folders = [find(copy, resolve(copy, "main"), folder)]
        while folders:
            for entry in list_folder(copy, folders.pop()):
                if entry.kind == "tree":
                    folders.append(entry)
                else:
                    found[entry.path] = b"".join(copy.blob(entry.sha).chunks)
    return found


def newest(project: ProjectAccess) -> str:
    with open_copy(project.repository_id) as copy:
        return read_log(copy, resolve(copy, "main"), limit=1)[0].title


def submit(visitor: Visitor, page: str, **fields: str) -> TestResponse:
    shown = visitor.get(page).text
    base = re.search(r'name="base"[^>]*value="([^"]*)"', shown)
    data = {"csrf_token": csrf_token(shown), "base": base[1] if base else "", **fields}
    return visitor.client.post(page, data=data)


def test_a_file_is_restored(writer: Visitor, secret: ProjectAccess, versions: list[str]) -> None:
    page = f"/alice/secret/restore/main/a.txt?version={versions[0]}"
    assert "Will be changed" in writer.get(page).text
    answer = submit(writer, page)
    assert (answer.status_code, answer.location) == (303, "/alice/secret/blob/main/a.txt")
    assert contents(secret) == {"a.txt": b"1", "docs/x.md": b"x2", "new.txt": b"n"}
    assert newest(secret) == f"Restore a.txt to version {versions[0][:10]}"


def test_a_folder_and_a_deleted_large_file_are_restored(
    writer: Visitor, secret: ProjectAccess, versions: list[str]
) -> None:
    evict(secret.repository_id)
    submit(writer, f"/alice/secret/restore/main/docs?version={versions[0]}")
    assert contents(secret, "docs") == {"docs/x.md": b"x1", "docs/y.md": b"y"}
    submit(writer, f"/alice/secret/restore/main/film?version={versions[1]}", message="The film again")
    assert (contents(secret)["film"], newest(secret)) == (LARGE, "The film again")
    assert not verify(secret.repository_id).faults


def test_the_whole_project_is_restored(writer: Visitor, secret: ProjectAccess, versions: list[str]) -> None:
    page = f"/alice/secret/restore/main?version={versions[0]}"
    shown = writer.get(page).text
    assert re.findall(r'change-(\w)">[\w ]+</span><span class="grow break">([\w./]+)', shown) == [
        ("M", "a.txt"), ("M", "docs/x.md"), ("A", "docs/y.md"), ("A", "film"), ("D", "new.txt"),
    ]  # fmt: skip
    assert submit(writer, page).location == "/alice/secret/tree/main"
    assert contents(secret) == {"a.txt": b"1", "docs/x.md": b"x1", "docs/y.md": b"y", "film": LARGE}


def test_it_is_undone_right_after(writer: Visitor, secret: ProjectAccess, versions: list[str]) -> None:
    before = contents(secret)
    answer = submit(writer, f"/alice/secret/restore/main?version={versions[0]}")
    page = writer.get(answer.location).text
    button = re.search(r'action="(/alice/secret/undo/\w+\?branch=main)"', page)
    assert button, "the page after a change has a button that takes it back"
    undone = writer.client.post(button[1], data={"csrf_token": csrf_token(page)})
    assert (undone.status_code, contents(secret)) == (303, before)
    assert newest(secret).startswith("Undo “Restore the project")


def test_only_what_one_version_changed_is_undone(writer: Visitor, secret: ProjectAccess, versions: list[str]) -> None:
    submit(writer, f"/alice/secret/undo/{versions[1]}")
    assert contents(secret) == {"a.txt": b"1", "docs/x.md": b"x1"}


def test_the_first_version_is_undone(signed_in: SignIn, alice: Account, website: ProjectAccess) -> None:
    first = store_files(website, alice, {"a": b"1", "b/c": b"2"})
    answer = submit(signed_in(alice), f"/alice/website/undo/{first}")
    assert (answer.status_code, contents(website)) == (303, {})
    assert not verify(website.repository_id).faults
    assert signed_in(alice).get("/alice/website").status_code == 200


def test_what_others_changed_since_is_not_undone_with_it(
    writer: Visitor, alice: Account, secret: ProjectAccess, versions: list[str]
) -> None:
    store_files(secret, alice, {"a.txt": b"theirs"})
    answer = submit(writer, f"/alice/secret/undo/{versions[1]}")
    assert (answer.status_code, "“a.txt”" in answer.text) == (409, True)
    assert contents(secret)["a.txt"] == b"theirs"


def test_deleted_files_are_listed_and_come_back(writer: Visitor, secret: ProjectAccess) -> None:
    page = writer.get("/alice/secret/deleted/main").text
    assert re.findall(r'aria-label="Restore ([\w./]+)"', page) == ["docs/y.md", "film"]
    link = re.search(r'aria-label="Restore docs/y.md" href="([^"]+)"', page)
    assert link
    submit(writer, link[1])
    assert contents(secret)["docs/y.md"] == b"y"
    assert "docs/y.md" not in writer.get("/alice/secret/deleted/main/docs").text


@pytest.mark.parametrize(
    ("page", "status"),
    [
        ("restore/main/a.txt?version=", 404),
        ("restore/main/a.txt?version=" + "0" * 40, 404),
        ("restore/main/a.txt?version=--all", 404),
        ("restore/main/no/such?version={0}", 404),
        ("restore/nowhere/a.txt?version={0}", 404),
        ("undo/" + "0" * 40, 404),
        ("undo/{0}?branch=nowhere", 404),
        ("deleted/nowhere", 404),
    ],
)
def test_what_is_not_there_is_not_restored(writer: Visitor, versions: list[str], page: str, status: int) -> None:
    assert writer.get(f"/alice/secret/{page.format(*versions)}").status_code == status


def test_the_same_version_is_not_restored(writer: Visitor, versions: list[str]) -> None:
    page = f"/alice/secret/restore/main/a.txt?version={versions[2]}"
    assert "The newest version is the same" in writer.get(page).text
    shown = writer.get("/new").text
    data = {"csrf_token": csrf_token(shown), "base": versions[2]}
    assert writer.client.post(page, data=data).status_code == 409


def test_only_writers_restore(
    writer: Visitor, website: ProjectAccess, alice: Account, charlie: Account, signed_in: SignIn
) -> None:
    first = store_files(website, alice, {"a": b"1"})
    delete_files(website, alice, "a")
    stranger = signed_in(charlie)
    for page in (f"restore/main/a?version={first}", f"undo/{first}"):
        assert stranger.get(f"/alice/website/{page}").status_code == 403
        assert stranger.get(f"/alice/secret/{page}").status_code == 404
    listed = stranger.get("/alice/website/deleted/main").text
    assert ("No deleted files" in listed, "Restore a" in listed) == (False, False)
