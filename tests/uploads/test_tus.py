"""The tus protocol, header by header (https://tus.io/protocols/resumable-upload)."""

import hashlib
import io
import json
import os
from base64 import b64encode
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import update

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.database.session import transaction
from framework.database.types import now
from framework.projects.core.access import ProjectAccess
from framework.storage.current import store
from framework.uploads import tasks
from framework.uploads.assembling import OpenedUpload, UploadUnfinished, open_uploads
from framework.uploads.models import ResumableUpload
from framework.uploads.tus import appending
from framework.uploads.tus.appending import OffsetMoved, append
from framework.uploads.tus.body import UploadBody
from framework.uploads.tus.resumable import UploadNotFound, create_upload, find_upload, find_uploads
from tests.cast import SignIn, csrf_token, on_each_deployment, on_one_deployment
from tests.uploads.conftest import BYTES, UPLOADS, TusClient, stored_parts

pytestmark = on_each_deployment

MIB = 1 << 20


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of 1,000 bytes, so that a small file has many."""
    monkeypatch.setattr(appending, "PART_BYTES", 1000)


def opened_upload(account: Account, address: str, folder: Path) -> OpenedUpload:
    (opened,) = open_uploads(find_uploads(account, [address.rpartition("/")[2]]), folder).values()
    return opened


def test_a_file_arrives_in_parts_and_is_put_together_again(
    tus: TusClient, alice: Account, small_parts: None, tmp_path: Path
) -> None:
    content = os.urandom(12_345)
    address = tus.create(len(content), Upload_Metadata="filename " + b64encode(b"a.bin").decode())
    assert tus.append(address, 0, content[:4_321]).headers["Upload-Offset"] == "4321"
    assert tus.append(address, 4_321, content[4_321:]).headers["Upload-Offset"] == "12345"
    assert sorted(stored_parts()) == [24, 321, *[1000] * 12]
    opened = opened_upload(alice, address, tmp_path)
    assert (opened.size_bytes, opened.path.read_bytes()) == (len(content), content)


@on_one_deployment
def test_it_tells_what_it_can_do(app: Flask) -> None:
    answer = app.test_client().options(UPLOADS)
    assert (answer.status_code, answer.headers["Tus-Version"]) == (204, "1.0.0")
    assert answer.headers["Tus-Max-Size"] == str(100 * MIB)
    assert set(answer.headers["Tus-Extension"].split(",")) == {
        "creation", "creation-with-upload", "expiration", "termination", "checksum",
    }  # fmt: skip
    assert "sha1" in answer.headers["Tus-Checksum-Algorithm"].split(",")


@on_one_deployment
def test_an_upload_tells_where_it_is(tus: TusClient) -> None:
    info = "filename YS5iaW4=,is_secret"
    address = tus.create(10, Upload_Metadata=info)
    assert address.startswith(f"{UPLOADS}/"), "the address is relative, whatever router is in front"
    tus.append(address, 0, b"1234")
    answer = tus.send("HEAD", address)
    assert (answer.status_code, answer.headers["Cache-Control"]) == (200, "no-store")
    assert (answer.headers["Upload-Offset"], answer.headers["Upload-Length"]) == ("4", "10")
    assert (answer.headers["Upload-Metadata"], answer.headers["Tus-Resumable"]) == (info, "1.0.0")
    assert answer.headers["Upload-Expires"].endswith("GMT")


@on_one_deployment
def test_the_first_bytes_may_come_with_the_creation(tus: TusClient, alice: Account, tmp_path: Path) -> None:
    answer = tus.send("POST", UPLOADS, b"hello", Upload_Length="5", Content_Type=BYTES)
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (201, "5")
    opened = opened_upload(alice, answer.headers["Location"], tmp_path)
    assert opened.path.read_bytes() == b"hello"


@on_one_deployment
def test_an_empty_file_is_there_at_once(tus: TusClient, alice: Account, tmp_path: Path) -> None:
    opened = opened_upload(alice, tus.create(0), tmp_path)
    assert opened.path.read_bytes() == b""


@on_one_deployment
def test_a_client_that_can_only_post_says_what_it_means(tus: TusClient) -> None:
    address = tus.create(4)
    answer = tus.send(
        "POST", address, b"1234", X_HTTP_Method_Override="PATCH", Upload_Offset="0", Content_Type=BYTES
    )  # fmt: skip
    assert (answer.status_code, answer.headers["Upload-Offset"]) == (204, "4")
    assert tus.send("POST", address, X_HTTP_Method_Override="DELETE").status_code == 204
    assert tus.send("POST", address).status_code == 400


@on_one_deployment
@pytest.mark.parametrize(
    ("headers", "status", "said"),
    [
        ({"Tus_Resumable": "0.2.0", "Upload_Length": "1"}, 412, "speaks tus 1.0.0"),
        ({}, 400, "Upload-Length"),
        ({"Upload_Length": "-1"}, 400, "Upload-Length"),
        ({"Upload_Length": "1e3"}, 400, "Upload-Length"),
        ({"Upload_Length": "9" * 30}, 400, "Upload-Length"),
        ({"Upload_Length": "1", "Upload_Metadata": "filename %%%"}, 400, "base64"),
        ({"Upload_Length": "1", "Upload_Metadata": ",,"}, 400, "Upload-Metadata"),
        ({"Upload_Length": "1", "Upload_Metadata": "a " + "A" * 5000}, 400, "Upload-Metadata"),
    ],
)
def test_a_creation_that_is_not_of_the_protocol_is_refused(
    tus: TusClient, headers: dict[str, str], status: int, said: str
) -> None:
    answer = tus.send("POST", UPLOADS, **headers)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert said in json.loads(answer.text)["detail"]
    if status == 412:
        assert answer.headers["Tus-Version"] == "1.0.0"


@on_one_deployment
def test_bytes_that_do_not_go_on_where_the_upload_is_are_refused(tus: TusClient) -> None:
    address = tus.create(4)
    tus.append(address, 0, b"12")
    for offset in (0, 1, 3):
        assert tus.append(address, offset, b"3").status_code == 409
    assert tus.append(address, 2, b"345").status_code == 413
    assert tus.send("PATCH", address, b"34", Upload_Offset="2").status_code == 415
    assert tus.offset(address) == 2


def test_of_two_requests_with_the_same_bytes_one_wins(tus: TusClient, alice: Account) -> None:
    upload = create_upload(alice, size_bytes=10_000, info="", name="a")
    contents = [bytes([number]) * 10_000 for number in range(6)]

    def send(content: bytes) -> bool:
        try:
            append(upload, UploadBody(io.BytesIO(content), len(content)), offset_bytes=0)
        except OffsetMoved:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        won = list(pool.map(send, contents))
    assert won.count(True) == 1
    assert stored_parts() == [10_000], "the losers' parts are gone"


@on_one_deployment
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "md5"])
def test_damaged_bytes_are_not_kept(tus: TusClient, small_parts: None, algorithm: str) -> None:
    content, address = os.urandom(2_500), tus.create(2_500)
    digest = b64encode(hashlib.new(algorithm, content).digest()).decode()
    damaged = tus.append(address, 0, b"x" + content[1:], Upload_Checksum=f"{algorithm} {digest}")
    assert (damaged.status_code, stored_parts(), tus.offset(address)) == (460, [], 0)
    assert tus.append(address, 0, content, Upload_Checksum=f"{algorithm} {digest}").status_code == 204
    assert tus.append(address, 0, content, Upload_Checksum="crc32 AAAA").status_code == 400


@on_one_deployment
def test_what_arrived_before_the_connection_broke_is_kept(tus: TusClient, alice: Account, small_parts: None) -> None:
    upload = create_upload(alice, size_bytes=5_000, info="", name="a")
    assert append(upload, UploadBody(io.BytesIO(b"x" * 2_345), 5_000), offset_bytes=0) == 2_345
    assert find_upload(alice, upload.id).offset_bytes == 2_345


@on_one_deployment
def test_nobody_else_can_see_use_or_end_an_upload(
    tus: TusClient, app: Flask, alice: Account, bob: Account, tmp_path: Path
) -> None:
    address = tus.create(1)
    other = TusClient(app, create_token(bob.id, "tus", ["write"]))
    for answer in (other.send("HEAD", address), other.append(address, 0, b"1"), other.send("DELETE", address)):
        assert answer.status_code == 404
    assert tus.append(address, 0, b"1").status_code == 204
    with pytest.raises(UploadNotFound):
        opened_upload(bob, address, tmp_path)


@on_one_deployment
def test_a_token_for_one_project_reaches_only_what_such_a_token_has_begun(
    tus: TusClient, app: Flask, alice: Account, secret: ProjectAccess, website: ProjectAccess
) -> None:
    def confined(project: ProjectAccess) -> TusClient:
        return TusClient(app, create_token(alice.id, "tus", ["write"], repository_id=project.repository_id))

    own, elsewhere = confined(secret).create(2), tus.create(2)
    for client, address in ((confined(secret), elsewhere), (confined(website), own)):
        for answer in (client.send("HEAD", address), client.append(address, 0, b"1"), client.send("DELETE", address)):
            assert answer.status_code == 404
    assert confined(secret).append(own, 0, b"1").status_code == 204
    assert tus.append(own, 1, b"2").status_code == 204, "the account itself reaches all of its uploads"


@on_one_deployment
def test_only_who_may_write_uploads(tus: TusClient, app: Flask, alice: Account, signed_in: SignIn) -> None:
    reader = TusClient(app, create_token(alice.id, "tus", ["read"]))
    assert reader.send("POST", UPLOADS, Upload_Length="1").status_code == 403
    assert TusClient(app, "hf_wrong").send("POST", UPLOADS, Upload_Length="1").status_code == 401
    browser = signed_in(alice)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": "1"}
    assert browser.client.post(UPLOADS, headers=headers).status_code == 400, "a foreign page must not be able to"
    headers["X-CSRFToken"] = csrf_token(browser.get("/new").text)
    assert browser.client.post(UPLOADS, headers=headers).status_code == 201


def test_an_upload_that_was_given_up_leaves_nothing(tus: TusClient) -> None:
    address = tus.create(4)
    tus.append(address, 0, b"12")
    assert tus.send("DELETE", address).status_code == 204
    assert tus.append(address, 2, b"34").status_code == 410
    assert tasks.sweep_uploads() == 1
    assert (stored_parts(), tus.send("HEAD", address).status_code) == ([], 404)


def test_an_upload_expires_a_day_after_its_last_part(tus: TusClient, alice: Account) -> None:
    kept, expired = tus.create(4), tus.create(4)
    for address in (kept, expired):
        tus.append(address, 0, b"12")
    gone = expired.rpartition("/")[2]
    with transaction() as session:
        session.execute(update(ResumableUpload).where(ResumableUpload.id == gone).values(expires_at=now()))
    assert tus.append(expired, 2, b"34").status_code == 410
    assert (tasks.sweep_uploads(), tasks.sweep_uploads()) == (1, 0)
    assert (stored_parts(), tus.offset(kept)) == ([2], 2)
    left = find_upload(alice, kept.rpartition("/")[2]).expires_at - now()
    assert timedelta(hours=23) < left <= timedelta(hours=24)


def test_a_part_whose_process_died_before_its_row_is_swept_with_its_upload_or_after_a_day(
    tus: TusClient, with_settings: Callable[..., Config]
) -> None:
    address = tus.create(4)
    for upload_id in (address.rpartition("/")[2], "0" * 32):
        store().put(f"uploads/{upload_id}/{'1' * 32}", b"left", sha256=hashlib.sha256(b"left").hexdigest())
    assert (tasks.sweep_uploads(), stored_parts()) == (0, [4, 4])
    tus.send("DELETE", address)
    assert (tasks.sweep_uploads(), stored_parts()) == (1, [4])
    with_settings(staged_hours=0)
    assert (tasks.sweep_uploads(), stored_parts()) == (0, [])


@on_one_deployment
def test_an_unfinished_upload_cannot_be_used(tus: TusClient, alice: Account, tmp_path: Path) -> None:
    address = tus.create(4)
    tus.append(address, 0, b"12")
    with pytest.raises(UploadUnfinished, match="2 of 4 bytes"):
        opened_upload(alice, address, tmp_path)
