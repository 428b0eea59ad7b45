"""What an upload by tus may not exceed: the size of a file, quotas, and the whole store."""

import json
from base64 import b64encode
from collections.abc import Callable

import pytest
from flask import Flask

from framework.accounts.core.account import Account
from framework.accounts.models import PlanLimits, User
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from framework.projects.lifecycle.operations import create_project
from framework.projects.members.limits import StoreFull
from framework.projects.members.people import add_person, people_of
from framework.projects.members.quota import check_room
from framework.projects.members.roles import change_role
from framework.repositories.models import Repository
from framework.uploads.tus import resumable
from tests.uploads.conftest import UPLOADS, TusClient

MIB = 1 << 20


def test_a_file_over_the_limit_is_refused_before_a_byte_is_sent(tus: TusClient) -> None:
    name = "filename " + b64encode("Größe.mp4".encode()).decode()
    answer = tus.send("POST", UPLOADS, Upload_Length=str(100 * MIB + 1), Upload_Metadata=name)
    assert answer.status_code == 413
    assert json.loads(answer.text)["detail"] == "“Größe.mp4” is 100.1 MiB, over the 100 MiB limit."
    tus.create(100 * MIB)


def test_unfinished_uploads_count_against_the_quota(tus: TusClient, with_settings: Callable[..., Config]) -> None:
    with_settings(quota_bytes=10)
    address = tus.create(6)
    assert tus.send("POST", UPLOADS, Upload_Length="5").status_code == 413
    assert tus.send("DELETE", address).status_code == 204
    tus.create(10)


def test_they_count_beside_what_is_stored(
    tus: TusClient, alice: Account, bob: Account, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(quota_bytes=10)
    _store(secret, 7)
    tus.create(3)
    answer = tus.send("POST", UPLOADS, Upload_Length="1")
    assert answer.status_code == 413
    assert "Your unfinished uploads take 3 bytes of the 3 bytes that is free" in json.loads(answer.text)["detail"]


def test_an_account_has_so_many_uploads_under_way(tus: TusClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resumable, "MOST_UPLOADS", 1)
    tus.create(3)
    answer = tus.send("POST", UPLOADS, Upload_Length="1")
    assert answer.status_code == 413
    assert "You have 1 unfinished uploads." in json.loads(answer.text)["detail"]


def test_what_tokens_for_one_project_have_begun_counts_for_the_account(
    tus: TusClient, app: Flask, alice: Account, secret: ProjectAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resumable, "MOST_UPLOADS", 2)
    confined = TusClient(app, create_token(alice.id, "tus", ["write"], repository_id=secret.repository_id))
    for client in (confined, tus):
        client.create(1)
    for client in (confined, tus):
        assert client.send("POST", UPLOADS, Upload_Length="1").status_code == 413


def test_whoever_may_write_elsewhere_has_the_room_there(
    tus: TusClient, alice: Account, bob: Account, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(quota_bytes=10)
    _store(secret, 10)
    theirs = create_project(bob, name="theirs", description="", visibility="private")
    add_person(bob, theirs, person="alice", role="reader")
    assert tus.send("POST", UPLOADS, Upload_Length="1").status_code == 413
    [alice_there] = [person for person in people_of(theirs) if person.name == "alice"]
    change_role(bob, theirs, person_id=alice_there.id, role="writer")
    tus.create(10)


def test_the_whole_store_may_have_a_limit(
    tus: TusClient, alice: Account, bob: Account, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(store_max_bytes=10)
    _store(create_project(bob, name="theirs", description="", visibility="private"), 6)
    tus.create(4)
    answer = tus.send("POST", UPLOADS, Upload_Length="1")
    assert answer.status_code == 413
    assert "This server has no room for more files." in json.loads(answer.text)["detail"]
    with pytest.raises(StoreFull):
        check_room(secret, 5)
    check_room(secret, 4)


def _store(project: ProjectAccess, size_bytes: int) -> None:
    """Have the project hold so much."""
    with transaction() as session:
        session.get_one(Repository, project.repository_id).stored_bytes = size_bytes


@pytest.mark.parametrize("limits", [{"stored_bytes": 10}, {"file_bytes": 10}])
def test_a_token_for_one_project_asks_its_owners_plan(
    app: Flask, alice: Account, bob: Account, secret: ProjectAccess, limits: dict[str, int]
) -> None:
    """Bob could store as much as he likes in projects of his own."""
    add_person(alice, secret, person="bob", role="writer")
    with transaction() as session:
        session.add(PlanLimits(name="free", **limits))
        session.get_one(User, bob.id).plan = "unlimited"
    confined = TusClient(app, create_token(bob.id, "one", ["write"], repository_id=secret.repository_id))
    confined.create(10)
    assert confined.send("POST", UPLOADS, Upload_Length="11").status_code == 413
    TusClient(app, create_token(bob.id, "all", ["write"])).create(11)
    change_role(alice, secret, person_id=bob.id, role="reader")
    assert confined.send("POST", UPLOADS, Upload_Length="1").status_code == 403
