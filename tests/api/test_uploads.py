"""A file that was sent by tus becomes part of a commit."""

import os

import pytest
from flask import Flask

from framework.accounts.account import Account
from framework.accounts.tokens import create_token
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


def test_a_keyed_commit_is_answered_again_when_its_upload_is_gone(program: Program, tus: TusClient) -> None:
    upload, key = tus.upload(b"content"), {"Idempotency-Key": "once"}
    first = program.commit("alice/secret", put("a", upload), headers=key)
    assert tus.send("DELETE", f"/api/v1/uploads/{upload}").status_code == 204
    assert program.commit("alice/secret", put("a", upload), headers=key).data == first.data
    assert program.commit("alice/secret", put("b", upload)).status_code == 410


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
