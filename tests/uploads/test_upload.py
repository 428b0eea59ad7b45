"""The upload form: one commit however many files, and its members hear of it."""

import io
import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.projects.notify.digests import send_news
from framework.projects.notify.preferences import choose
from framework.repositories.cache.copy import open_copy
from framework.repositories.catalog.pack_records import BLOBS, HISTORY
from framework.repositories.catalog.snapshot import read_packs
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.verification import verify
from framework.uploads.form import received_files
from tests.cast import SignIn, Visitor, csrf_token, posted_texts
from tests.observability.numbers import Growth
from tests.projects.notify.notice_rows import age_notices
from tests.uploads.form import MIB, PAGE, as_script, files, nothing_stored, paths, upload


def test_it_stores_files_and_folders_in_one_commit(uploader: Visitor, alice: Account, secret: ProjectAccess) -> None:
    sent = {"a.txt": b"a", "photos/2026/b.jpg": os.urandom(2 * MIB), "empty": b""}
    answer = upload(uploader, sent, message="Three files\n\nand why")
    assert (answer.status_code, answer.location) == (303, "/alice/secret")
    assert paths(secret) == {"a.txt", "photos", "empty"}
    with open_copy(secret.repository_id) as copy:
        (commit,) = read_log(copy, resolve(copy, "main"))
    assert (commit.author_name, commit.author_email) == ("Alice Liddell", "alice@example.org")
    assert (commit.title, commit.body) == ("Three files", "and why")


def test_a_file_that_was_packed_while_it_arrived_is_stored_beside_others(
    uploader: Visitor, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_files, "PACKED_AHEAD_BYTES", 2 * MIB)
    sent = {"one": os.urandom(2 * MIB), "small": b"1", "two": os.urandom(2 * MIB)}
    assert upload(uploader, sent).status_code == 303
    assert paths(secret) == sent.keys()
    assert verify(secret.repository_id).faults == ()
    assert sorted(pack.kind for pack in read_packs(secret.repository_id)) == [BLOBS, BLOBS, HISTORY]


def test_a_special_file_that_was_packed_while_it_arrived_is_checked(
    uploader: Visitor, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch, with_settings: Callable[..., Config]
) -> None:
    with_settings(large_blob_bytes=100)
    monkeypatch.setattr(received_files, "PACKED_AHEAD_BYTES", 100)
    told = b'[submodule "x"]\n\tpath = x\n\turl = -u./payload\n'
    assert upload(uploader, {".gitmodules": told.ljust(200, b"\n")}).status_code == 400
    assert nothing_stored(secret)


def test_the_files_are_listed_at_once(uploader: Visitor) -> None:
    upload(uploader, {"report.pdf": b"%PDF"})
    page = uploader.get("/alice/secret").text
    assert "report.pdf" in page
    assert "1 file uploaded." in page


@pytest.mark.parametrize("fields", [{}, {"message": "Again"}, {"new_branch": "draft"}], ids=["plain", "told", "branch"])
def test_it_opens_the_copy_to_look_and_to_write(uploader: Visitor, fields: dict[str, str]) -> None:
    upload(uploader, {"a": b"1"})
    growth = Growth()
    assert upload(uploader, {"b": b"2"}, **fields).status_code == 303
    assert growth.of("holdfast_cache_opened_total", result="hit") == 2


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
    with open_copy(secret.repository_id) as copy:
        assert read_log(copy, resolve(copy, "main"))[0].title == title


def test_the_same_files_again_are_no_new_version(uploader: Visitor, secret: ProjectAccess) -> None:
    for _ in range(2):
        answer = upload(uploader, {"a": b"1"})
    assert answer.status_code == 303
    assert "Everything was there already" in uploader.get("/alice/secret").text
    with open_copy(secret.repository_id) as copy:
        assert len(read_log(copy, resolve(copy, "main"))) == 1


@pytest.mark.parametrize("sent", [{}, {"": b""}])
def test_a_form_without_a_file_is_told_what_to_do(uploader: Visitor, sent: dict[str, bytes]) -> None:
    answer = upload(uploader, sent, message="m")
    assert answer.status_code == 400
    assert "No file was chosen" in answer.text


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


def test_the_outer_folder_is_left_off_where_all_files_lie_in_one(uploader: Visitor, secret: ProjectAccess) -> None:
    upload(uploader, {"lab/README.md": b"# Hello", "lab/data/a.csv": b"1"}, unwrap="1")
    assert paths(secret) == {"README.md", "data"}
    upload(uploader, {"lab/b.csv": b"1", "other.txt": b"1", ".DS_Store": b"1"}, unwrap="1")
    assert paths(secret) == {"README.md", "data", "lab", "other.txt", ".DS_Store"}
    assert "3 files uploaded. .DS_Store is what programs leave behind" in uploader.get("/alice/secret").text
