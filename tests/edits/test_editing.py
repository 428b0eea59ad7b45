"""Changes without an upload, by the forms: each is one commit, and what others did meanwhile is never overwritten."""

from collections.abc import Callable

import pytest
from werkzeug.test import TestResponse, encode_multipart

from framework.accounts.core.account import Account
from framework.edits.text import EDITABLE_BYTES
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import exists, find
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from tests.cast import SignIn, Visitor, csrf_token
from tests.uploads.conftest import delete_files, store_files


@pytest.fixture
def writer(signed_in: SignIn, alice: Account, secret: ProjectAccess) -> Visitor:
    """Alice, whose project has some files."""
    files = {"a.txt": b"one\ntwo\n", "docs/guide.md": b"# Guide\n", "docs/deep/x.txt": b"x", "b.bin": b"\0\1"}
    store_files(secret, alice, files)
    return signed_in(alice)


def content(project: ProjectAccess, path: str, branch: str = "main") -> bytes | None:
    with open_copy(project.repository_id) as copy:
        sha = resolve(copy, branch)
        return b"".join(copy.blob(find(copy, sha, path).sha).chunks) if exists(copy, sha, path) else None


def newest_title(project: ProjectAccess, branch: str = "main") -> str:
    with open_copy(project.repository_id) as copy:
        return read_log(copy, resolve(copy, branch), limit=1)[0].title


def submit(visitor: Visitor, page: str, **fields: object) -> TestResponse:
    """Send the form as it is shown, with these fields changed."""
    shown = visitor.get(page)
    base = shown.text.partition('name="base"')[2].partition('value="')[2].partition('"')[0]
    boundary, body = encode_multipart({"csrf_token": csrf_token(shown.text), "base": base, **fields})
    return visitor.client.post(page, data=body, content_type=f"multipart/form-data; boundary={boundary}")


def test_a_file_is_edited(writer: Visitor, secret: ProjectAccess) -> None:
    page = "/alice/secret/edit/main/a.txt"
    assert "one\ntwo\n</textarea>" in writer.get(page).text.replace("\r\n", "\n")
    answer = submit(writer, page, path="a.txt", content="one\r\ntwo and a half\r\n")
    assert (answer.status_code, answer.location) == (303, "/alice/secret/blob/main/a.txt")
    assert content(secret, "a.txt") == b"one\ntwo and a half\n"
    assert newest_title(secret) == "Update a.txt"


def test_a_file_is_written_in_a_new_folder(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(
        writer, "/alice/secret/new/main/docs", path="docs/new/b.txt", content="no newline", message="Why\n\nand how"
    )
    assert answer.location == "/alice/secret/blob/main/docs/new/b.txt"
    assert (content(secret, "docs/new/b.txt"), newest_title(secret)) == (b"no newline", "Why")


def test_the_first_file_of_a_project_is_written(signed_in: SignIn, alice: Account, website: ProjectAccess) -> None:
    answer = submit(signed_in(alice), "/alice/website/new/main", path="README.md", content="# Hello\r\n")
    assert answer.status_code == 303
    assert content(website, "README.md") == b"# Hello\n"


@pytest.mark.parametrize(
    "stored", [b"a\r\nb\r\n", b"a\nb", b"", b"\n\na\n", b"\xef\xbb\xbfa\n", "ä\u2028b\x0c\n".encode(), b" \t\n "]
)
def test_storing_what_the_editor_showed_alters_nothing(
    writer: Visitor, alice: Account, secret: ProjectAccess, stored: bytes
) -> None:
    store_files(secret, alice, {"odd.txt": stored})
    page = "/alice/secret/edit/main/odd.txt"
    _before, _tag, rest = writer.get(page).text.partition('name="content"')
    shown = rest.partition(">")[2].partition("</textarea>")[0].replace("&#34;", '"')
    typed = shown.removeprefix("\r\n").replace("\r\n", "\n").replace("\n", "\r\n")
    submit(writer, page, path="odd.txt", content=typed + "x\r\n")
    expected = b"x\r\n" if b"\r" in stored else b"x\n"
    assert content(secret, "odd.txt") == stored + expected


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (b"\0", "is not text"),
        (b"\xe4\n", "is not in UTF-8"),
        (b"a\r\nb\n", "mixes kinds of line endings"),
        (b"a\rb", "mixes kinds of line endings"),
        (b"x" * (EDITABLE_BYTES + 1), "is longer than 512 KiB"),
    ],
)
def test_what_a_form_would_alter_is_not_edited(
    writer: Visitor, alice: Account, secret: ProjectAccess, stored: bytes, said: str
) -> None:
    store_files(secret, alice, {"odd": stored})
    answer = writer.get("/alice/secret/edit/main/odd")
    assert (answer.status_code, said in answer.text) == (400, True)


def test_a_text_that_is_too_long_is_kept_in_the_form(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(writer, "/alice/secret/edit/main/a.txt", path="a.txt", content="y" * (EDITABLE_BYTES + 1))
    assert (answer.status_code, "y" * 1000 in answer.text) == (413, True)
    assert content(secret, "a.txt") == b"one\ntwo\n"


def test_who_edits_what_somebody_else_has_changed_sees_both(
    writer: Visitor, alice: Account, secret: ProjectAccess
) -> None:
    page = "/alice/secret/edit/main/a.txt"
    opened_page = writer.get(page).text
    base = opened_page.partition('name="base"')[2].partition('value="')[2].partition('"')[0]
    store_files(secret, alice, {"a.txt": b"theirs\n", "other.txt": b"untouched"})
    mine = {"csrf_token": csrf_token(opened_page), "path": "a.txt", "content": "mine\r\n", "message": "Why"}
    answer = writer.client.post(page, data={**mine, "base": base}, content_type="multipart/form-data")
    assert answer.status_code == 409
    for kept in ("theirs", "mine", "Why", "nothing is lost"):
        assert kept in answer.text
    assert content(secret, "a.txt") == b"theirs\n"
    again = answer.text.partition('name="base"')[2].partition('value="')[2].partition('"')[0]
    assert again != base
    stored = writer.client.post(page, data={**mine, "base": again}, content_type="multipart/form-data")
    assert (stored.status_code, content(secret, "a.txt")) == (303, b"mine\n")


@pytest.mark.parametrize("theirs", [None, b"\0binary", b"\xe4"])
def test_a_text_is_kept_whatever_others_have_made_of_the_file(
    writer: Visitor, alice: Account, secret: ProjectAccess, theirs: bytes | None
) -> None:
    page = "/alice/secret/edit/main/a.txt"
    text = writer.get(page).text
    base = text.partition('name="base"')[2].partition('value="')[2].partition('"')[0]
    if theirs is None:
        delete_files(secret, alice, "a.txt")
    else:
        store_files(secret, alice, {"a.txt": theirs})
    data = {"csrf_token": csrf_token(text), "base": base, "path": "a.txt", "content": "all of my work"}
    answer = writer.client.post(page, data=data)
    assert (answer.status_code, "all of my work" in answer.text) == (409, True)
    assert content(secret, "a.txt") == theirs
    again = answer.text.partition('name="base"')[2].partition('value="')[2].partition('"')[0]
    assert writer.client.post(page, data={**data, "base": again}).status_code == 303
    assert content(secret, "a.txt") == b"all of my work"


def test_what_others_changed_elsewhere_is_no_conflict(writer: Visitor, alice: Account, secret: ProjectAccess) -> None:
    page = "/alice/secret/edit/main/a.txt"
    text = writer.get(page).text
    base = text.partition('name="base"')[2].partition('value="')[2].partition('"')[0]
    store_files(secret, alice, {"other.txt": b"theirs"})
    data = {"csrf_token": csrf_token(text), "base": base, "path": "a.txt", "content": "mine"}
    assert writer.client.post(page, data=data).status_code == 303
    assert (content(secret, "a.txt"), content(secret, "other.txt")) == (b"mine", b"theirs")


def test_a_file_is_renamed_while_it_is_edited(writer: Visitor, secret: ProjectAccess) -> None:
    page = "/alice/secret/edit/main/a.txt"
    assert submit(writer, page, path="docs/a2.txt", content="new").location == "/alice/secret/blob/main/docs/a2.txt"
    assert (content(secret, "a.txt"), content(secret, "docs/a2.txt")) == (None, b"new")


def test_files_and_folders_are_moved(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(writer, "/alice/secret/move/main/docs", path="manual/v1")
    assert answer.location == "/alice/secret/tree/main/manual/v1"
    assert content(secret, "manual/v1/deep/x.txt") == b"x"
    assert content(secret, "docs/guide.md") is None
    assert newest_title(secret) == "Move docs to manual/v1"
    submit(writer, "/alice/secret/move/main/a.txt", path="c.txt")
    assert newest_title(secret) == "Rename a.txt to c.txt"


def test_files_and_folders_are_deleted_together(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(writer, "/alice/secret/delete/main", paths=["docs", "b.bin"])
    assert answer.location == "/alice/secret/tree/main"
    assert newest_title(secret) == "Delete 2 files and folders"
    assert [content(secret, path) for path in ("docs/guide.md", "b.bin", "a.txt")] == [None, None, b"one\ntwo\n"]


def test_a_file_is_deleted(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(writer, "/alice/secret/delete/main/docs/guide.md", paths=["docs/guide.md"], message="Old")
    assert answer.location == "/alice/secret/tree/main/docs"
    assert (content(secret, "docs/guide.md"), newest_title(secret)) == (None, "Old")
    assert submit(writer, "/alice/secret/delete/main", paths=[]).status_code == 400


def test_a_folder_is_made(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(writer, "/alice/secret/new-folder/main/docs", path="drafts/")
    assert answer.location == "/alice/secret/tree/main/docs/drafts"
    assert content(secret, "docs/drafts/.gitkeep") == b""


def test_a_change_can_begin_a_branch(writer: Visitor, secret: ProjectAccess) -> None:
    answer = submit(writer, "/alice/secret/edit/main/a.txt", path="a.txt", content="try", new_branch="idea/one")
    assert answer.location == "/alice/secret/blob/idea/one/a.txt"
    assert (content(secret, "a.txt"), content(secret, "a.txt", "idea/one")) == (b"one\ntwo\n", b"try")
    again = submit(writer, "/alice/secret/edit/main/a.txt", path="a.txt", content="try", new_branch="idea/one")
    assert (again.status_code, "choose another name" in again.text) == (409, True)
    bad = submit(writer, "/alice/secret/edit/main/a.txt", path="a.txt", content="try", new_branch="-x")
    assert bad.status_code == 400


@pytest.mark.parametrize(
    ("page", "fields", "status"),
    [
        ("new/main", {"path": "a.txt", "content": ""}, 409),
        ("new/main", {"path": "a.txt/b", "content": ""}, 409),
        ("new/main", {"path": "../x", "content": ""}, 400),
        ("new/main", {"path": "", "content": ""}, 400),
        ("new/main", {"path": ".git/config", "content": ""}, 400),
        ("edit/main/a.txt", {"path": "docs", "content": ""}, 409),
        ("edit/main/a.txt", {"path": "a.txt", "content": "", "base": "zz"}, 400),
        ("edit/main/a.txt", {"path": "a.txt", "content": "", "base": "0" * 40}, 404),
        ("move/main/a.txt", {"path": "b.bin"}, 409),
        ("move/main/docs", {"path": "docs/inside"}, 409),
        ("new-folder/main", {"path": "docs"}, 409),
        ("delete/main", {"paths": ["no/such"]}, 404),
    ],
)
def test_what_cannot_be_is_refused_with_the_form(
    writer: Visitor, secret: ProjectAccess, page: str, fields: dict[str, object], status: int
) -> None:
    before = newest_title(secret)
    answer = submit(writer, f"/alice/secret/{page}", **fields)
    assert (answer.status_code, newest_title(secret)) == (status, before)
    assert "csrf_token" in answer.text


PAGES = ("new/main", "edit/main/a.txt", "move/main/a.txt", "delete/main/a.txt", "new-folder/main")


@pytest.mark.parametrize("page", PAGES)
def test_only_writers_change_files(
    writer: Visitor,
    visitor: Visitor,
    charlie: Account,
    website: ProjectAccess,
    alice: Account,
    signed_in: Callable[[Account], Visitor],
    page: str,
) -> None:
    store_files(website, alice, {"a.txt": b"1"})
    stranger = signed_in(charlie)
    assert visitor.get(f"/alice/website/{page}").location.startswith("/login?next=")
    refused = stranger.get(f"/alice/website/{page}")
    assert (refused.status_code, "needs a writer" in refused.text) == (403, True)
    assert stranger.get(f"/alice/secret/{page}").status_code == 404
    token = csrf_token(stranger.get("/new").text)
    fields = {"csrf_token": token, "path": "z", "content": "z", "paths": "a.txt"}
    assert stranger.client.post(f"/alice/website/{page}", data=fields).status_code == 403
    assert "/edit/" not in stranger.get("/alice/website/blob/main/a.txt").text
    assert content(website, "a.txt") == b"1"


def test_a_name_that_some_systems_take_for_another_is_stored_with_a_warning(
    writer: Visitor, secret: ProjectAccess
) -> None:
    submit(writer, "/alice/secret/new/main/", path="A.txt", content="other")
    page = writer.get("/alice/secret").text
    assert "“A.txt” differs from “a.txt” in large and small letters only; on Windows and macOS one hides" in page
    submit(writer, "/alice/secret/new/main/", path="Docs/deep/y.txt", content="in another folder")
    assert "“Docs” differs from “docs”" in writer.get("/alice/secret").text
    submit(writer, "/alice/secret/edit/main/A.txt", path="A.txt", content="no new name")
    assert "differs from" not in writer.get("/alice/secret").text
    submit(writer, "/alice/secret/edit/main/b.bin".replace("b.bin", "A.txt"), path="c.txt", content="no new name")
    submit(writer, "/alice/secret/edit/main/c.txt", path="C.txt", content="no new name")
    assert "differs from" not in writer.get("/alice/secret").text
