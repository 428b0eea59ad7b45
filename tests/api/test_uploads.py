"""A file that was sent by tus becomes part of a commit."""

import os
from base64 import b64encode

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.storage.counting import requests
from tests.api.program import Program
from tests.uploads.conftest import TusClient

MIB = 1 << 20


@pytest.fixture
def tus(app: Flask, alice: Account) -> TusClient:
    """Alice, sending by tus."""
    return TusClient(app, create_token(alice.id, "tus", ["write"]))


def put(path: str, upload: str) -> dict[str, str]:
    return {"op": "put", "path": path, "upload": upload}


def test_an_upload_becomes_a_file(program: Program, tus: TusClient) -> None:
    content = os.urandom(9 * MIB)
    answer = program.commit("alice/secret", put("large", tus.upload(content)), put("small", tus.upload(b"small")))
    assert answer.status_code == 201
    assert program.get("/projects/alice/secret/raw/main/large").data == content
    assert program.get("/projects/alice/secret/raw/main/small").data == b"small"


def test_every_answer_of_tus_is_as_described(program: Program) -> None:
    spoken, media = {"Tus-Resumable": "1.0.0"}, {"Content-Type": "application/offset+octet-stream"}
    wrong = {"Upload-Checksum": f"sha1 {b64encode(bytes(20)).decode()}"}
    assert program.call("OPTIONS", "/uploads").status_code == 204
    assert program.call("POST", "/uploads", headers={"Upload-Length": "4"}).status_code == 412
    assert program.call("POST", "/uploads", headers=spoken).status_code == 400
    assert program.call("POST", "/uploads", headers={**spoken, "Upload-Length": "1" * 12}).status_code == 413
    created = program.call("POST", "/uploads", headers={**spoken, "Upload-Length": "4"})
    path = created.headers["Location"].removeprefix("/api/v1")
    assert program.call("HEAD", path, headers=spoken).headers["Upload-Offset"] == "0"
    for headers, status in (({}, 415), (media | wrong, 460), (media, 204), (media, 409)):
        sent = {**spoken, "Upload-Offset": "0", **headers}
        assert program.call("PATCH", path, headers=sent, data=b"1234").status_code == status
    assert program.call("DELETE", path, headers=spoken).status_code == 204
    assert program.call("HEAD", path, headers=spoken).status_code == 410


def test_a_keyed_commit_is_answered_again_when_its_upload_is_gone(program: Program, tus: TusClient) -> None:
    upload, key = tus.upload(b"content"), {"Idempotency-Key": "once"}
    first = program.commit("alice/secret", put("a", upload), headers=key)
    assert tus.send("DELETE", f"/api/v1/uploads/{upload}").status_code == 204
    assert program.commit("alice/secret", put("a", upload), headers=key).data == first.data
    assert program.commit("alice/secret", put("b", upload)).status_code == 410


def test_nothing_is_fetched_for_a_path_that_is_refused(program: Program, tus: TusClient) -> None:
    sent = [put("a", tus.upload(b"content")), put("../x", tus.upload(b"more"))]
    with requests() as asked:
        assert program.commit("alice/secret", *sent).status_code == 400
    assert asked.total == 0


def test_a_refused_commit_loses_no_upload(program: Program, tus: TusClient) -> None:
    upload = tus.upload(b"content")
    missing = {"op": "delete", "path": "missing"}
    assert program.commit("alice/secret", put("a", upload), missing).status_code == 404
    assert program.commit("alice/secret", put("a", upload)).status_code == 201


def test_an_upload_is_its_accounts_own_and_has_to_be_whole(program: Program, bobs: Program, tus: TusClient) -> None:
    unfinished = tus.create(10).rpartition("/")[2]
    assert program.commit("alice/secret", put("a", unfinished)).status_code == 409
    assert program.commit("alice/secret", put("a", "0" * 32)).status_code == 404
    bobs.post("/projects", {"name": "notes"})
    assert bobs.commit("bob/notes", put("a", tus.upload(b"content"))).status_code == 404
