"""Uploads in the browser go into Git LFS where `.gitattributes` says so, and pages show what the pointers stand for."""

import hashlib
import io
import os
import subprocess
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select

from benchmarks.setting.importing import import_repository
from framework.accounts.core.account import Account
from framework.config import Config
from framework.database.session import read_transaction
from framework.gitcore.lfs.pointer import Pointer
from framework.gitcore.pack_writer import blob_name
from framework.lfs.attributes import find_tracked_paths
from framework.lfs.writing import write
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import find
from framework.repositories.history.refs import resolve
from framework.repositories.maintenance.verification import verify
from framework.repositories.models import LfsObject, StagedLfs
from framework.repositories.write.commit import do_nothing
from framework.repositories.write.operations import Delete, Put, Write
from framework.storage.counting import requests
from framework.storage.current import store
from framework.uploads.form import received_files
from tests.cast import Visitor, on_each_deployment_in_full, on_one_deployment
from tests.uploads.form import upload

pytestmark = on_each_deployment_in_full

MIB = 1 << 20
PAGE = "/alice/website/upload/main"
PHOTO = b"\x89PNG\r\n\x1a\n" + os.urandom(MIB)
TEXT = b"large words\n" * 1000
OID = hashlib.sha256(PHOTO).hexdigest()


@pytest.fixture
def uploader(signed_in: Callable[[Account], Visitor], alice: Account, website: ProjectAccess) -> Visitor:
    """Alice's browser; her website keeps photos and long texts in Git LFS."""
    visitor = signed_in(alice)
    rules = b"*.png filter=lfs diff=lfs merge=lfs -text\nlong/** filter=lfs\n"
    upload(visitor, {".gitattributes": rules}, page=PAGE)
    return visitor


def in_git(project: ProjectAccess, path: str) -> bytes:
    """What Git has of a file."""
    with open_copy(project.repository_id) as copy:
        return b"".join(copy.blob(find(copy, resolve(copy, "main"), path).sha).chunks)


def objects(project: ProjectAccess) -> list[str]:
    return [entry.key.rpartition("/")[2][:64] for entry in store().list(f"repos/{project.repository_id}/lfs/")]


def rows() -> int:
    with read_transaction() as session:
        return len(session.scalars(select(StagedLfs)).all()) + len(session.scalars(select(LfsObject)).all())


def test_a_matching_file_becomes_a_pointer_and_shows_as_itself(uploader: Visitor, website: ProjectAccess) -> None:
    sent = {"photo.png": PHOTO, "sub/again.png": PHOTO, "long/words.txt": TEXT, "short.txt": b"short\n"}
    assert upload(uploader, sent, page=PAGE).status_code == 303
    assert in_git(website, "photo.png") == Pointer(OID, len(PHOTO)).text
    assert in_git(website, "short.txt") == b"short\n"
    assert sorted(objects(website)) == sorted([OID, hashlib.sha256(TEXT).hexdigest()])
    for path, content in sent.items():
        assert uploader.get(f"/alice/website/raw/main/{path}").data == content
    page = uploader.get("/alice/website/blob/main/long/words.txt").text
    assert "stored with Git LFS" in page
    assert "large words" in page
    assert "stored with Git LFS" not in uploader.get("/alice/website/blob/main/short.txt").text
    assert '<img src="/alice/website/raw/main/photo.png"' in uploader.get("/alice/website/blob/main/photo.png").text
    assert verify(website.repository_id).faults == ()


def test_a_file_that_was_packed_while_it_arrived_becomes_an_object(
    uploader: Visitor, website: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(received_files, "PACKED_AHEAD_BYTES", MIB)
    upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    assert objects(website) == [OID]
    assert uploader.get("/alice/website/raw/main/photo.png").data == PHOTO


def test_the_list_tells_the_objects_size(uploader: Visitor) -> None:
    upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    page = uploader.get("/alice/website").text
    assert "1 MiB" in page
    with requests() as made:
        uploader.get("/alice/website")
    assert made.total == 0


def test_a_part_of_a_raw_file(uploader: Visitor) -> None:
    upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    answer = uploader.get("/alice/website/raw/main/photo.png", Range="bytes=100-199")
    assert (answer.status_code, answer.data) == (206, PHOTO[100:200])
    assert answer.headers["Content-Range"] == f"bytes 100-199/{len(PHOTO)}"
    assert (answer.mimetype, answer.headers["Content-Security-Policy"]) == ("image/png", "sandbox; default-src 'none'")
    again = uploader.get("/alice/website/raw/main/photo.png", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_an_archive_holds_the_object_and_counts_it(uploader: Visitor, with_settings: Callable[..., object]) -> None:
    upload(uploader, {"photo.png": PHOTO, "notes.txt": b"n"}, page=PAGE)
    answer = uploader.get("/alice/website/archive/main.tar.gz")
    with tarfile.open(fileobj=io.BytesIO(answer.data)) as archive:
        found = {member.name: archive.extractfile(member) for member in archive if member.isfile()}
        assert {name: file.read() for name, file in found.items() if file and "attributes" not in name} == {
            "website-main/photo.png": PHOTO,
            "website-main/notes.txt": b"n",
        }
    with_settings(max_archive_bytes=len(PHOTO))
    assert uploader.get("/alice/website/archive/main.zip").status_code == 413


def test_the_same_file_again_is_no_new_version_and_no_new_object(uploader: Visitor, website: ProjectAccess) -> None:
    for _time in range(2):
        upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    assert "Everything was there already" in uploader.get("/alice/website").text
    assert (objects(website), rows()) == ([OID], 1)


def test_an_empty_file_stays_an_empty_file(uploader: Visitor, website: ProjectAccess) -> None:
    upload(uploader, {"empty.png": b""}, page=PAGE)
    assert in_git(website, "empty.png") == b""
    assert objects(website) == []


def test_a_pointer_is_kept_when_its_object_is_there_and_refused_when_not(
    uploader: Visitor, website: ProjectAccess
) -> None:
    upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    for path in ("copy.png", "copy.txt"):
        assert upload(uploader, {path: Pointer(OID, len(PHOTO)).text}, page=PAGE).status_code == 303
        assert uploader.get(f"/alice/website/raw/main/{path}").data == PHOTO
    for pointer in (Pointer("0" * 64, 5), Pointer(OID, 5)):
        refused = upload(uploader, {"lost.png": pointer.text}, page=PAGE)
        assert refused.status_code == 400
        assert f"the project does not have: {pointer.oid} (“lost.png”)" in refused.text
    assert objects(website) == [OID]


def test_a_refused_upload_leaves_no_object(uploader: Visitor, website: ProjectAccess) -> None:
    upload(uploader, {"folder.png/a": b"1"}, page=PAGE)
    refused = upload(uploader, {"folder.png": PHOTO}, page=PAGE)
    assert refused.status_code == 409
    assert (objects(website), rows()) == ([], 0)


def test_a_full_quota_counts_the_objects(
    uploader: Visitor, website: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(quota_bytes=MIB)
    refused = upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    assert refused.status_code == 413
    assert (objects(website), rows()) == ([], 0)


RULES = {
    ".gitattributes": b'[attr]big filter=lfs -text\n*.iso big\n"with space.*" filter=lfs\n*.psd filter=lfs\n'
    b"/top.txt filter=lfs\ndocs/*.pdf filter=lfs\n*.raw filter=lfs\nkept.raw -filter\nother.bin filter=other\n",
    "docs/.gitattributes": b"*.pdf !filter\n*.mp4 filter=lfs\n",
    "docs/deep/.gitattributes": b"*.pdf filter=lfs\n",
}
EXPECTED = {
    "a.iso": True, "sub/a.iso": True, "with space.txt": True, "a.psd": True, "a.psd.txt": False, "top.txt": True,
    "sub/top.txt": False, "docs/a.pdf": False, "docs/deep/a.pdf": True, "docs/a.mp4": True, "a.mp4": False,
    "a.raw": True, "sub/kept.raw": False, "other.bin": False, "docs/none/a.mp4": True, "né.psd": True,
    "new/folder/x.txt": False,
}  # fmt: skip


@on_one_deployment
def test_the_rules_are_gits_own(uploader: Visitor, website: ProjectAccess) -> None:
    upload(uploader, RULES, page=PAGE)
    with open_copy(website.repository_id) as copy:
        tip = resolve(copy, "main")
        assert find_tracked_paths(copy, tip, list(EXPECTED)) == {path for path, tracked in EXPECTED.items() if tracked}
        assert find_tracked_paths(copy, None, list(EXPECTED)) == set()


@on_one_deployment
@pytest.mark.parametrize("mode", ["100644", "100755", "100664"])
def test_rules_of_any_mode_of_a_file_count(website: ProjectAccess, tmp_path: Path, mode: str) -> None:
    def git(*arguments: str, given: bytes = b"") -> str:
        person = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        command = ["git", *person, "-C", str(tmp_path), *arguments]
        return subprocess.run(command, input=given, capture_output=True, check=True).stdout.decode().strip()

    git("init", "-q", "-b", "main")
    rules = git("hash-object", "-w", "--stdin", given=b"*.png filter=lfs\n")
    entry = f"{mode} .gitattributes\0".encode() + bytes.fromhex(rules)
    tree = git("hash-object", "-w", "-t", "tree", "--stdin", "--literally", given=entry)
    git("update-ref", "refs/heads/main", git("commit-tree", tree, "-m", "Rules"))
    import_repository(website.repository_id, tmp_path)
    with open_copy(website.repository_id) as copy:
        assert find_tracked_paths(copy, resolve(copy, "main"), ["a.png"]) == {"a.png"}


@on_one_deployment
def test_other_operations_go_along(uploader: Visitor, website: ProjectAccess, tmp_path: Path) -> None:
    upload(uploader, {"old.png": PHOTO, "gone.txt": b"1"}, page=PAGE)
    (tmp_path / "new").write_bytes(PHOTO[1:])
    with (tmp_path / "new").open("rb") as source:
        put = Put("new.png", tmp_path / "new", len(PHOTO) - 1, blob_name(source, len(PHOTO) - 1))
    wanted = Write(website.repository_id, "main", [Delete("gone.txt"), put], "m", "A <a@example.org>", "alice")
    write(wanted, precheck=do_nothing, in_transaction=do_nothing)
    assert in_git(website, "new.png") == Pointer(hashlib.sha256(PHOTO[1:]).hexdigest(), len(PHOTO) - 1).text
    assert uploader.get("/alice/website/raw/main/gone.txt").status_code == 404


@on_one_deployment
def test_an_object_that_the_store_lost_is_an_alarm_and_no_empty_file(uploader: Visitor, website: ProjectAccess) -> None:
    upload(uploader, {"photo.png": PHOTO}, page=PAGE)
    for entry in list(store().list(f"repos/{website.repository_id}/lfs/")):
        store().delete(entry.key)
    answer = uploader.get("/alice/website/raw/main/photo.png")
    assert answer.status_code == 503
    assert "the operator has to look at it" in answer.text
