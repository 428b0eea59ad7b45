"""What strangers are told when their hand-in has no room, and what takes it."""

import io
import random
from pathlib import Path

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.models import PlanLimits
from framework.database.session import transaction
from framework.database.types import now
from framework.links.drop.drop_offs import NoRoomThere, open_drop_off
from framework.links.drop.handing_in import Delivery, hand_in
from framework.projects.core.access import ProjectAccess
from framework.uploads.assembling import OpenedUpload
from tests.cast import Visitor
from tests.links.conftest import ADA, make_drop, path_of, send
from tests.links.test_drop_uploads import Sender
from tests.uploads.form import paths

NO_ROOM = "There is no room for these files where they are collected"


@pytest.mark.parametrize("announced", [True, False])
def test_the_owners_room_is_asked_before_a_form_is_read(
    visitor: Visitor, secret: ProjectAccess, drop: str, monkeypatch: pytest.MonkeyPatch, announced: bool
) -> None:
    """A form without a length is refused where there is no room at all."""
    limit_plan(stored_bytes=10 if announced else 0)
    arriving = io.BytesIO(b"x" * 1000)
    length = {"content_length": 1000} if announced else {}
    chunked = {} if announced else {"wsgi.input_terminated": True}
    answer = visitor.client.post(
        drop, input_stream=arriving, content_type="multipart/form-data; boundary=b", environ_overrides=chunked, **length
    )
    assert (answer.status_code, NO_ROOM in answer.text) == (413, True)
    assert "free" not in answer.text
    assert "settings/usage" not in answer.text
    assert arriving.tell() == 0
    assert not paths(secret)


def test_the_owners_room_is_asked_before_a_file_is_sent(app: Flask, drop: str) -> None:
    limit_plan(stored_bytes=10)
    sender = Sender(app, drop)
    asked = {"files": [{"path": "a.txt", "size": 6}, {"path": "b.txt", "size": 6}]}
    told = sender.visitor.client.post(f"{drop}/preflight", json=asked, headers={"X-CSRFToken": sender.token})
    assert (told.status_code, NO_ROOM in told.text) == (413, True)
    assert sender.create(10).status_code == 201
    refused = sender.create(1)
    assert (refused.status_code, "There is no room for this file here" in refused.text) == (413, True)


def test_the_owners_plan_limits_a_file_as_the_link_does(app: Flask, visitor: Visitor, drop: str) -> None:
    limit_plan(file_bytes=10)
    refused = Sender(app, drop).create(11)
    assert (refused.status_code, "over the 10 bytes limit" in refused.text) == (413, True)
    refused = send(visitor, drop, {"essay.txt": bytes(11)}, **ADA)
    assert (refused.status_code, "over the 10 bytes limit" in refused.text) == (413, True)
    assert "plan" not in refused.text


def test_a_plan_that_shrinks_meanwhile_is_not_told(secret: ProjectAccess, drop: str, tmp_path: Path) -> None:
    opened = open_drop_off(drop.rpartition("/")[2])
    (tmp_path / "essay").write_bytes(random.Random(1).randbytes(1000))
    limit_plan(stored_bytes=10)
    essay = ("essay.txt", OpenedUpload("0" * 32, tmp_path / "essay", 1000))
    with pytest.raises(NoRoomThere):
        hand_in(opened, Delivery("Ada", "ada@example.com", [essay], now()))
    assert not paths(secret)


def limit_plan(**limits: int) -> None:
    """Have everybody's plan allow this."""
    with transaction() as session:
        session.add(PlanLimits(name="free", **limits))


def test_names_count_as_contents_do(visitor: Visitor, alice: Account, secret: ProjectAccess) -> None:
    page = path_of(make_drop(alice, secret, max_total_bytes=1000))
    assert send(visitor, page, {"a" * 200: b"", "b" * 200: b""}, **ADA).status_code == 303
    refused = send(visitor, page, {"c": b""}, **ADA)
    assert (refused.status_code, "This drop-off is full" in refused.text) == (409, True)
    assert paths(secret, "essays") == {"essays/Ada Lovelace"}


def test_a_path_may_have_500_bytes(visitor: Visitor, drop: str, secret: ProjectAccess) -> None:
    long = "/".join(["é" * 50] * 5)
    refused = send(visitor, drop, {long: b"1"}, **ADA)
    assert (refused.status_code, "is too long" in refused.text) == (400, True)
    assert not paths(secret)
