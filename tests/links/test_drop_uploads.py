"""Resumable uploads of people without an account: they belong to one browser and one link, and to no account."""

import io
import json
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update
from werkzeug.test import TestResponse

from framework.accounts.core import budgets
from framework.accounts.core.account import Account
from framework.database.session import transaction
from framework.database.types import now
from framework.links.models import DropOff
from framework.projects.core.access import ProjectAccess
from framework.uploads.tus.resumable import UploadNotFound, find_upload
from framework.uploads.tus.sweeping import sweep
from tests.cast import Visitor, csrf_token
from tests.links.conftest import ADA, make_drop, path_of
from tests.uploads.conftest import BYTES
from tests.uploads.form import paths


class Sender:
    """What the page's script sends from one browser."""

    def __init__(self, app: Flask, page: str) -> None:
        self.visitor, self.page = Visitor(app), page
        self.token = csrf_token(self.visitor.get(page).text)

    def send(self, method: str, address: str, data: bytes = b"", **headers: str) -> TestResponse:
        """A request of the tus protocol."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"Tus-Resumable": "1.0.0", "X-CSRFToken": self.token, "Accept": "application/json", **named}
        return self.visitor.client.open(address, method=method, data=data, headers=sent)

    def create(self, size_bytes: int) -> TestResponse:
        """Announce a file."""
        return self.send("POST", f"{self.page}/uploads", Upload_Length=str(size_bytes))

    def upload(self, content: bytes) -> str:
        """Send a file in two requests; the upload's address."""
        address = self.create(len(content)).headers["Location"]
        for start, piece in ((0, content[:2]), (2, content[2:])):
            told = self.send("PATCH", address, piece, Upload_Offset=str(start), Content_Type=BYTES)
            assert told.status_code == 204, told.text
        assert self.send("HEAD", address).headers["Upload-Offset"] == str(len(content))
        return address

    def hand_in(self, uploads: dict[str, str], **fields: Any) -> TestResponse:
        """Name finished uploads by their paths."""
        named = [{"path": path, "upload": address.rpartition("/")[2]} for path, address in uploads.items()]
        data = {**ADA, **fields, "csrf_token": self.token, "uploads": json.dumps(named)}
        return self.visitor.client.post(self.page, data=data, headers={"Accept": "application/json"})


def test_files_that_came_in_parts_are_handed_in_and_replaced(app: Flask, drop: str, secret: ProjectAccess) -> None:
    sender = Sender(app, drop)
    answer = sender.hand_in({"essay.txt": sender.upload(b"Engines"), "data/a.csv": sender.upload(b"1,2,3")})
    assert answer.status_code == 201, answer.text
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/essay.txt", "essays/Ada Lovelace/data"}
    again = Sender(app, json.loads(answer.text)["location"])
    assert again.hand_in({"essay.txt": again.upload(b"Second")}).status_code == 201
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/essay.txt"}


def test_an_upload_is_its_browsers_alone(app: Flask, alice: Account, drop: str, secret: ProjectAccess) -> None:
    address = Sender(app, drop).upload(b"Engines")
    other = Sender(app, drop)
    assert other.send("HEAD", address).status_code == 404
    assert other.send("DELETE", address).status_code == 404
    assert other.hand_in({"essay.txt": address}).status_code == 404
    with pytest.raises(UploadNotFound):
        find_upload(alice, address.rpartition("/")[2])
    assert not paths(secret)


def test_the_link_limits_what_is_under_way(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    page = path_of(make_drop(alice, secret, max_total_bytes=1000, max_file_bytes=900))
    assert Sender(app, page).create(901).status_code == 413
    assert Sender(app, page).create(600).status_code == 201
    refused = Sender(app, page).create(600)
    assert (refused.status_code, "There is no room for this file here" in refused.text) == (413, True)
    assert "settings/usage" not in refused.text


def test_what_was_given_up_counts_until_it_is_swept_away(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    sender = Sender(app, path_of(make_drop(alice, secret, max_total_bytes=1000)))
    assert sender.send("DELETE", sender.upload(bytes(600))).status_code == 204
    assert sender.create(600).status_code == 413
    sweep()
    assert sender.create(600).status_code == 201


def test_a_network_begins_only_so_many_uploads(app: Flask, drop: str, monkeypatch: pytest.MonkeyPatch) -> None:
    few = budgets.Limit(2, timedelta(hours=1), "files from your network")
    monkeypatch.setitem(budgets.LIMITS, "drop-uploads", few)
    assert [Sender(app, drop).create(1).status_code for _ in range(3)] == [201, 201, 429]


def test_the_deadline_counts_for_the_last_file_that_was_begun(app: Flask, drop: str, secret: ProjectAccess) -> None:
    sender = Sender(app, drop)
    address = sender.upload(b"Engines")
    with transaction() as session:
        session.execute(update(DropOff).values(deadline=now() - timedelta(hours=1)))
    late = sender.create(5)
    assert (late.status_code, "The deadline was" in late.text) == (403, True)
    assert sender.hand_in({"essay.txt": address}).status_code == 403
    assert not paths(secret)


def test_what_was_begun_in_time_has_the_grace_and_brings_nothing_else_in(
    app: Flask, drop: str, secret: ProjectAccess
) -> None:
    sender = Sender(app, drop)
    early, other = sender.upload(b"Engines"), sender.upload(b"tiny")
    late = [(io.BytesIO(b"late"), "late.txt")]
    with transaction() as session:
        session.execute(update(DropOff).values(deadline=now()))
    assert sender.hand_in({"tiny.txt": other}, files=late).status_code == 403
    assert not paths(secret)
    assert sender.hand_in({"essay.txt": early}).status_code == 201
    assert paths(secret, "essays/Ada Lovelace") == {"essays/Ada Lovelace/essay.txt"}


def test_the_page_tells_what_would_be_refused(app: Flask, alice: Account, secret: ProjectAccess) -> None:
    page = path_of(make_drop(alice, secret, types="pdf", max_total_bytes=1000))
    sender = Sender(app, page)
    asked = [{"path": "a.pdf", "size": 1}, {"path": "a.exe", "size": 1}, {"path": ".git/a.pdf", "size": 1}]
    answer = sender.visitor.client.post(
        f"{page}/preflight", json={"files": asked}, headers={"X-CSRFToken": sender.token}
    )
    assert [one["state"] for one in json.loads(answer.text)["files"]] == ["new", "refused", "refused"]
    assert json.loads(answer.text)["room_bytes"] == 1000
    assert sender.hand_in({"a.exe": sender.upload(b"12345")}).status_code == 400


def test_only_a_page_of_ours_begins_an_upload(app: Flask, drop: str) -> None:
    sender = Sender(app, drop)
    sender.token = "of somebody else"
    assert sender.create(5).status_code == 400
