"""The upload form: one commit however many files, or the form back with what is wrong with each."""

import io
import json
import os
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

from framework import config
from framework.accounts.account import Account
from framework.config import Config
from framework.projects.access import ProjectAccess, ProjectNotFound, project_for
from framework.projects.mail_choices import choose
from framework.projects.news import send_news
from framework.projects.people import remove_person
from framework.repositories.copy import opened
from framework.repositories.reading import find, list_folder, read_log, resolve
from framework.repositories.scratch import scratch
from framework.storage.current import store
from framework.uploads.operations import Upload, store_upload
from framework.uploads.receiving import ReceivedFile
from tests.cast import Visitor, csrf_token, posted_texts
from tests.projects.notice_rows import age_notices

SignIn = Callable[[Account], Visitor]
PAGE = "/alice/secret/upload/main"
MIB = 1 << 20


@pytest.fixture
def small_limits(app: Flask, settings: Config) -> Config:
    """A file may have 1 MiB, an upload 3 MiB."""
    made = replace(settings, max_file_bytes=MIB, max_request_bytes=3 * MIB)
    config.use(made)
    return made


@pytest.fixture
def uploader(signed_in: SignIn, alice: Account, secret: ProjectAccess) -> Visitor:
    return signed_in(alice)


def upload(visitor: Visitor, contents: Mapping[str, bytes], *, page: str = PAGE, **fields: str) -> TestResponse:
    """Send these files with the form's token, as a browser does."""
    return post(visitor, page, files(contents), csrf_token=csrf_token(visitor.get(page).text), **fields)


def files(contents: Mapping[str, bytes]) -> list[FileStorage]:
    return [FileStorage(io.BytesIO(content), name) for name, content in contents.items()]


def post(
    visitor: Visitor, page: str, sent: list[FileStorage], *, accept: str = "text/html", **fields: str
) -> TestResponse:
    boundary, body = encode_multipart({**fields, "files": sent})
    media = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(page, data=body, content_type=media, headers={"Accept": accept})


def paths(project: ProjectAccess, folder: str = "") -> set[str]:
    with opened(project.repository_id) as copy:
        if not copy.snapshot.refs:
            return set()
        return {entry.path for entry in list_folder(copy, find(copy, resolve(copy, "main"), folder))}


def test_it_stores_files_and_folders_in_one_commit(uploader: Visitor, alice: Account, secret: ProjectAccess) -> None:
    sent = {"a.txt": b"a", "photos/2026/b.jpg": os.urandom(2 * MIB), "empty": b""}
    answer = upload(uploader, sent, message="Three files\n\nand why")
    assert (answer.status_code, answer.location) == (303, "/alice/secret")
    assert paths(secret) == {"a.txt", "photos", "empty"}
    with opened(secret.repository_id) as copy:
        (commit,) = read_log(copy, resolve(copy, "main"))
    assert (commit.author_name, commit.author_email) == ("Alice Liddell", "alice@example.org")
    assert (commit.title, commit.body) == ("Three files", "and why")


def test_the_files_are_listed_at_once(uploader: Visitor) -> None:
    upload(uploader, {"report.pdf": b"%PDF"})
    page = uploader.get("/alice/secret").text
    assert "report.pdf" in page
    assert "1 file stored as a new version." in page


def test_a_folder_of_the_form_goes_before_the_names(uploader: Visitor, secret: ProjectAccess) -> None:
    answer = upload(uploader, {"a/b.txt": b"1"}, path="/data/raw/")
    assert answer.location == "/alice/secret/tree/main/data/raw"
    assert paths(secret, "data/raw/a") == {"data/raw/a/b.txt"}


def test_the_address_names_branch_and_folder(uploader: Visitor, secret: ProjectAccess) -> None:
    page = "/alice/secret/upload/main/deep/folder"
    assert 'value="deep/folder"' in uploader.get(page).text
    upload(uploader, {"x": b"1"}, page=page)
    assert paths(secret, "deep/folder") == {"deep/folder/x"}


@pytest.mark.parametrize(
    ("before", "sent", "title"),
    [
        ([], ["a"], "Add a"),
        (["a"], ["a"], "Update a"),
        ([], ["a", "b/c"], "Add 2 files"),
        (["a", "b"], ["a", "b"], "Update 2 files"),
        (["a"], ["a", "b", "c"], "Add 2 files and update 1 file"),
    ],
)
def test_without_a_message_it_says_what_changed(
    uploader: Visitor, secret: ProjectAccess, before: list[str], sent: list[str], title: str
) -> None:
    if before:
        uploader.submit(PAGE, files=files(dict.fromkeys(before, b"old")))
    uploader.submit(PAGE, files=files(dict.fromkeys(sent, b"new")), message="")
    with opened(secret.repository_id) as copy:
        assert read_log(copy, resolve(copy, "main"))[0].title == title


def test_the_same_files_again_are_no_new_version(uploader: Visitor, secret: ProjectAccess) -> None:
    for _ in range(2):
        answer = upload(uploader, {"a": b"1"})
    assert answer.status_code == 303
    assert "Everything was there already" in uploader.get("/alice/secret").text
    with opened(secret.repository_id) as copy:
        assert len(read_log(copy, resolve(copy, "main"))) == 1


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("../x", "climbs"),
        ("/etc/passwd", "starts with a slash"),
        (".git/config", "spelling of .git"),
        ("x" * 300, "over 255 bytes"),
        ("a//b", "empty folder name"),
    ],
)
def test_a_bad_name_gives_the_form_back_and_stores_nothing(
    uploader: Visitor, secret: ProjectAccess, name: str, reason: str
) -> None:
    answer = upload(uploader, {"good.txt": b"1", name: b"2"}, message="Kept message")
    assert answer.status_code == 400
    assert reason in answer.text
    assert "Not stored, since an upload is stored as a whole" in answer.text
    assert "Kept message" in answer.text
    assert nothing_stored(secret)


@pytest.mark.parametrize(("name", "reason"), [(b"a\\b", "backslash"), (b"x\0y", "control character")])
def test_a_name_as_the_wire_has_it_is_judged(
    uploader: Visitor, secret: ProjectAccess, name: bytes, reason: str
) -> None:
    answer = raw_upload(uploader, name)
    assert answer.status_code == 400
    assert reason in answer.text
    assert nothing_stored(secret)


def test_a_quoted_name_is_stored_as_it_was_called(uploader: Visitor, secret: ProjectAccess) -> None:
    """Browsers write %22 for a quote, curl a backslash before it."""
    for name in (b"say %22hi%22", b'say \\"ho\\"'):
        assert raw_upload(uploader, name).status_code == 303
    assert paths(secret) == {'say "hi"', 'say "ho"'}


def test_a_name_that_is_not_utf8_is_told(uploader: Visitor, secret: ProjectAccess) -> None:
    answer = raw_upload(uploader, b"\xff\xfe")
    assert answer.status_code == 400
    assert "not valid UTF-8" in answer.text
    assert nothing_stored(secret)


def test_legal_names_are_stored_faithfully(uploader: Visitor, secret: ProjectAccess) -> None:
    names = {"日本語.txt", "CON", "é.txt", "with space", ".hidden", "-x", "100%.txt"}
    assert upload(uploader, dict.fromkeys(names, b"1")).status_code == 303
    assert paths(secret) == names
    for name in names:
        assert uploader.get(secret.address("raw", "main", name)).data == b"1"


def test_two_files_of_one_name_are_refused(uploader: Visitor, secret: ProjectAccess) -> None:
    twice = [*files({"a": b"1"}), *files({"a": b"2"})]
    answer = post(uploader, PAGE, twice, csrf_token=csrf_token(uploader.get(PAGE).text))
    assert answer.status_code == 400
    assert "was sent 2 times" in answer.text
    assert nothing_stored(secret)


@pytest.mark.parametrize("sent", [{}, {"": b""}])
def test_a_form_without_a_file_is_told_what_to_do(uploader: Visitor, sent: dict[str, bytes]) -> None:
    answer = upload(uploader, sent, message="m")
    assert answer.status_code == 400
    assert "No file was chosen" in answer.text


def test_a_file_where_a_folder_is_gives_the_form_back(uploader: Visitor) -> None:
    upload(uploader, {"a": b"1", "folder/b": b"2"})
    for name, told in {"a/x": "“a” is there already", "folder": "“folder/” is there already"}.items():
        answer = upload(uploader, {name: b"3"})
        assert answer.status_code == 409
        assert told in answer.text


def test_the_largest_file_passes(small_limits: Config, uploader: Visitor, secret: ProjectAccess) -> None:
    assert upload(uploader, {"big": os.urandom(MIB)}).status_code == 303


def test_one_byte_more_is_refused_with_name_size_and_limit(
    small_limits: Config, uploader: Visitor, secret: ProjectAccess
) -> None:
    answer = upload(uploader, {"big.bin": os.urandom(MIB + 1), "small": b"1"})
    assert answer.status_code == 413
    assert "“big.bin” has 1.1 MiB; a file may have 1 MiB at most." in answer.text
    assert nothing_stored(secret)
    assert not list((small_limits.data / "scratch").iterdir())


def test_files_that_make_exactly_the_limit_pass_whatever_their_names_add(
    small_limits: Config, uploader: Visitor, secret: ProjectAccess
) -> None:
    assert upload(uploader, {str(number): os.urandom(MIB) for number in range(3)}).status_code == 303


def test_an_upload_that_is_too_large_in_all_is_refused(
    small_limits: Config, uploader: Visitor, secret: ProjectAccess
) -> None:
    answer = upload(uploader, {str(number): os.urandom(MIB) for number in range(4)})
    assert answer.status_code == 413
    assert "one upload may hold 3 MiB in all" in answer.text
    assert nothing_stored(secret)


def test_a_full_quota_is_told(settings: Config, uploader: Visitor, secret: ProjectAccess) -> None:
    config.use(replace(settings, quota_bytes=2 * MIB))
    assert upload(uploader, {"a": os.urandom(MIB)}).status_code == 303
    answer = upload(uploader, {"b": os.urandom(MIB)})
    assert answer.status_code == 413
    assert "together may hold" in answer.text
    assert paths(secret) == {"a"}


def test_programs_get_the_outcome_as_json(uploader: Visitor) -> None:
    answer = as_script(uploader, {"a": b"1"})
    assert answer.status_code == 201
    assert answer.json
    assert answer.json["location"] == "/alice/secret"
    refused = as_script(uploader, {"ok": b"1", ".git/x": b"2"})
    assert (refused.status_code, refused.mimetype) == (400, "application/problem+json")
    problems = [line["problem"] for line in json.loads(refused.data)["files"]]
    assert problems[0] is None
    assert ".git" in problems[1]


def test_it_is_news_to_members_but_the_uploader(
    uploader: Visitor, bob: Account, secret: ProjectAccess, shared: ProjectAccess, signed_in: SignIn
) -> None:
    upload(uploader, {"a.txt": b"1"}, message="Field data")
    bobs = signed_in(bob)
    assert "Field data" in bobs.get("/inbox").text
    upload(bobs, {"b.txt": b"1"}, message="More")
    assert "More" in uploader.get("/inbox").text
    assert "Field data" not in uploader.get("/inbox").text


@pytest.mark.parametrize("message", ["x" * 3000, "carriage\rreturn", "line\u2028separator", "\x07bell", "word " * 100])
def test_no_message_is_too_odd_for_the_mail(
    uploader: Visitor, bob: Account, secret: ProjectAccess, shared: ProjectAccess, message: str
) -> None:
    assert upload(uploader, {"a": b"1"}, message=message).status_code == 303
    choose(bob.id, 0, "at_once")
    age_notices(timedelta(hours=1))
    assert send_news() == 1
    assert any("[alice/secret]" in text for text in posted_texts())


def test_a_reader_a_stranger_and_a_visitor_cannot_upload(
    visitor: Visitor, charlie: Account, bob: Account, website: ProjectAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    assert visitor.get(PAGE).location == f"/login?next={PAGE}"
    stranger = signed_in(charlie)
    assert stranger.get(PAGE).status_code == 404
    assert stranger.get("/alice/website/upload/main").status_code == 403
    token = csrf_token(stranger.get("/new").text)
    for page, status in {"/alice/website/upload/main": 403, PAGE: 404}.items():
        assert post(stranger, page, files({"a": b"1"}), csrf_token=token).status_code == status
    assert nothing_stored(website)


def test_a_form_without_its_token_is_refused(uploader: Visitor, secret: ProjectAccess) -> None:
    answer = post(uploader, PAGE, files({"a": b"1"}))
    assert answer.status_code == 400
    assert nothing_stored(secret)


def test_no_other_form_takes_files(uploader: Visitor) -> None:
    token = csrf_token(uploader.get("/new").text)
    answer = post(uploader, "/new", files({"a": b"1" * 1000}), csrf_token=token)
    assert answer.status_code == 413


def as_script(visitor: Visitor, contents: dict[str, bytes]) -> TestResponse:
    fields = {"branch": "main", "path": "", "message": "", "accept": "application/json"}
    return upload(visitor, contents, **fields)


def raw_upload(visitor: Visitor, name: bytes) -> TestResponse:
    """A form as no browser's library writes it."""
    token = csrf_token(visitor.get(PAGE).text).encode()
    part = b"--b\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n"
    body = part % (b'"csrf_token"', token) + part % (b'"files"; filename="' + name + b'"', b"1") + b"--b--\r\n"
    return visitor.client.post(PAGE, data=body, content_type="multipart/form-data; boundary=b")


def nothing_stored(project: ProjectAccess) -> bool:
    return not paths(project) and not list(store().list(f"repos/{project.repository_id}/"))


def test_a_broken_off_upload_stores_nothing(
    app: Flask, uploader: Visitor, secret: ProjectAccess, tmp_path: Path
) -> None:
    token = csrf_token(uploader.get(PAGE).text).encode()
    body = (
        b'--b\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token
        + b'\r\n--b\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\nhalf of'
    )  # fmt: skip
    answer = uploader.client.post(
        PAGE, input_stream=io.BytesIO(body), content_type="multipart/form-data; boundary=b",
        headers={"Content-Length": str(len(body) + 1000)},
    )  # fmt: skip
    assert answer.status_code == 400
    assert "broke off" in answer.text
    assert nothing_stored(secret)


def test_who_was_removed_while_the_files_arrived_stores_nothing(
    alice: Account, bob: Account, secret: ProjectAccess, shared: ProjectAccess, settings: Config
) -> None:
    """The role is asked again where the change commits, so an upload that began before cannot slip through."""
    remove_person(alice, project_for(alice, "alice", "secret"), person_id=bob.id)
    with scratch("upload") as folder:
        file = ReceivedFile(folder / "a", MIB)
        file.write(b"1")
        file.close()
        with pytest.raises(ProjectNotFound):
            store_upload(shared, bob, Upload([("a", file)], "main", "", ""))
    assert nothing_stored(secret)
