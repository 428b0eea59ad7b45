"""Somebody who uploads by tus, and projects that have files already."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.scratch import scratch
from framework.repositories.object_keys import new_id
from framework.repositories.write.operations import Delete
from framework.storage.current import store
from framework.uploads.changing import Changes, store_changes
from framework.uploads.form.received_files import ReceivedFile
from framework.uploads.operations import Upload, store_upload
from tests.cast import SignIn, Visitor

UPLOADS = "/api/v1/uploads"
BYTES = "application/offset+octet-stream"


@dataclass
class TusClient:
    """Sends what a tus client sends, with somebody's token."""

    app: Flask
    token: str

    def send(self, method: str, address: str, data: Any = b"", **headers: str) -> TestResponse:
        """A request of this protocol; header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Tus-Resumable": "1.0.0", "Authorization": f"Bearer {self.token}", **named}
        return self.app.test_client().open(address, method=method, data=data, headers=sent)

    def create(self, size_bytes: int, **headers: str) -> str:
        """Begin an upload; its address."""
        answer = self.send("POST", UPLOADS, Upload_Length=str(size_bytes), **headers)
        assert answer.status_code == 201, answer.text
        return answer.headers["Location"]

    def append(self, address: str, offset: int, data: bytes, **headers: str) -> TestResponse:
        """Send bytes."""
        return self.send("PATCH", address, data, Upload_Offset=str(offset), Content_Type=BYTES, **headers)

    def offset(self, address: str) -> int:
        """Where the upload is."""
        return int(self.send("HEAD", address).headers["Upload-Offset"])

    def upload(self, data: bytes) -> str:
        """Upload all of a file; the upload's id."""
        address = self.create(len(data))
        assert self.append(address, 0, data).status_code == 204
        return address.rpartition("/")[2]


def stored_parts() -> list[int]:
    """The sizes of all parts that lie in the store."""
    return [entry.size_bytes for entry in store().list("uploads/")]


@pytest.fixture
def tus(app: Flask, alice: Account) -> TusClient:
    """Alice's client, with a token that may write."""
    return TusClient(app, create_token(alice.id, "tus", ["write"]))


@pytest.fixture
def uploader(signed_in: SignIn, alice: Account, secret: ProjectAccess) -> Visitor:
    """Alice, in a browser."""
    return signed_in(alice)


def store_files(project: ProjectAccess, account: Account, contents: Mapping[str, bytes], *, message: str = "") -> str:
    """Put these files into the main branch in one commit; its id."""
    with scratch("test") as folder:
        files = [(path, received(folder, content)) for path, content in contents.items()]
        return store_upload(project, account, Upload(files, "main", "", message)).sha


def received(folder: Path, content: bytes) -> ReceivedFile:
    """A file that a form has brought, in this folder."""
    file = ReceivedFile(folder / new_id(), 1 << 30)
    file.write(content)
    file.close()
    return file


def delete_files(project: ProjectAccess, account: Account, *paths: str) -> str:
    """Delete these files of the main branch in one commit; its id."""
    changes = Changes([Delete(path) for path in paths], "main", f"Delete {', '.join(paths)}")
    return store_changes(project, account, changes).sha
