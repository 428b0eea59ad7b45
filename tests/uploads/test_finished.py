"""Finished tus uploads become one version by the upload form."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from werkzeug.test import TestResponse, encode_multipart

from framework.accounts.core.account import Account
from framework.accounts.signin.tokens import create_token
from framework.config import Config
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.copy import open_copy
from framework.repositories.history.folders import find
from framework.repositories.history.log import read_log
from framework.repositories.history.refs import resolve
from framework.storage.counting import requests
from framework.uploads import tasks
from framework.uploads.receiving import MAX_PARTS
from framework.uploads.tus.resumable import find_upload
from tests.cast import SignIn, Visitor, csrf_token, on_each_deployment_in_full, on_one_deployment
from tests.uploads.conftest import TusClient, store_files, stored_parts

pytestmark = on_each_deployment_in_full

PAGE = "/alice/secret/upload/main"


@pytest.fixture
def writer(signed_in: SignIn, alice: Account, secret: ProjectAccess) -> Visitor:
    """Alice, whose project has a file."""
    store_files(secret, alice, {"a.txt": b"1"}, message="Begin")
    return signed_in(alice)


def send(visitor: Visitor, uploads: object, **fields: str) -> TestResponse:
    token = csrf_token(visitor.get(PAGE).text)
    text = uploads if isinstance(uploads, str) else json.dumps(uploads)
    data = {"csrf_token": token, "branch": "main", "uploads": text, **fields}
    boundary, body = encode_multipart(data)
    media = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(PAGE, data=body, content_type=media, headers={"Accept": "application/json"})


def content(project: ProjectAccess, path: str, branch: str = "main") -> bytes:
    with open_copy(project.repository_id) as copy:
        return b"".join(copy.blob(find(copy, resolve(copy, branch), path).sha).chunks)


def test_finished_uploads_become_one_version(writer: Visitor, tus: TusClient, secret: ProjectAccess) -> None:
    film = os.urandom(9 << 20)
    uploads = [{"upload": tus.upload(film), "path": "film"}, {"upload": tus.upload(b"n"), "path": "notes/n.txt"}]
    answer = send(writer, uploads, path="new", message="Two files")
    assert (answer.status_code, json.loads(answer.text)["location"]) == (201, "/alice/secret/tree/main/new")
    assert (content(secret, "new/film"), content(secret, "new/notes/n.txt")) == (film, b"n")
    with open_copy(secret.repository_id) as copy:
        assert [commit.title for commit in read_log(copy, resolve(copy, "main"))] == ["Two files", "Begin"]


@on_one_deployment
def test_a_refused_version_keeps_the_uploads(writer: Visitor, tus: TusClient, secret: ProjectAccess) -> None:
    upload = tus.upload(b"kept")
    refused = send(writer, [{"upload": upload, "path": "a.txt/inside"}])
    assert refused.status_code == 409
    assert stored_parts() == [4]
    assert send(writer, [{"upload": upload, "path": "b.txt"}]).status_code == 201
    assert content(secret, "b.txt") == b"kept"


@on_one_deployment
def test_a_used_upload_is_kept_for_an_hour(writer: Visitor, tus: TusClient, alice: Account) -> None:
    upload = tus.upload(b"once")
    before = find_upload(alice, upload).expires_at
    for _ in range(2):
        assert send(writer, [{"upload": upload, "path": "b.txt"}]).status_code == 201, "repeating is safe"
    assert (find_upload(alice, upload).expires_at < before, tasks.sweep_uploads()) == (True, 0)


@on_one_deployment
def test_a_version_can_begin_a_branch(writer: Visitor, tus: TusClient, secret: ProjectAccess) -> None:
    answer = send(writer, [{"upload": tus.upload(b"2"), "path": "a.txt"}], new_branch="try/it")
    assert json.loads(answer.text)["location"] == "/alice/secret/tree/try/it"
    assert (content(secret, "a.txt"), content(secret, "a.txt", "try/it")) == (b"1", b"2")


@pytest.mark.parametrize(
    ("uploads", "status"),
    [
        ("[", 400),
        ("[" * 100_000, 400),
        ('{"a": 1}', 400),
        ("[1]", 400),
        ("[]", 400),
        ('[{"upload": "' + "0" * 32 + '", "path": "x"}]', 404),
        (r'[{"upload": "\u0000", "path": "x"}]', 404),
    ],
)
def test_uploads_that_are_not_there_are_told(writer: Visitor, uploads: str, status: int) -> None:
    answer = send(writer, uploads)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


@on_one_deployment
def test_unfinished_uploads_are_not_stored(writer: Visitor, tus: TusClient) -> None:
    address = tus.create(5)
    answer = send(writer, [{"upload": address.rpartition("/")[2], "path": "x"}])
    assert (answer.status_code, "0 of 5 bytes" in answer.text) == (409, True)


@on_one_deployment
def test_a_version_may_be_larger_than_a_request(
    writer: Visitor, tus: TusClient, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(max_request_bytes=1500)
    uploads = [{"upload": tus.upload(os.urandom(1000)), "path": str(number)} for number in range(3)]
    assert send(writer, uploads).status_code == 201
    assert len(content(secret, "2")) == 1000


@on_one_deployment
def test_a_version_is_no_larger_than_a_push(
    writer: Visitor, tus: TusClient, with_settings: Callable[..., Config]
) -> None:
    with_settings(max_push_bytes=3 << 19)
    uploads = [{"upload": tus.upload(bytes(1 << 20)), "path": str(number)} for number in range(2)]
    with requests() as made:
        answer = send(writer, uploads)
    assert (answer.status_code, made.of("range")) == (413, 0)
    assert "have 2 MiB together; one version may bring 1.5 MiB" in answer.text
    assert send(writer, uploads[:1]).status_code == 201


@on_one_deployment
def test_an_upload_that_becomes_many_files_is_fetched_once(
    writer: Visitor, tus: TusClient, secret: ProjectAccess, with_settings: Callable[..., Config]
) -> None:
    with_settings(max_push_bytes=8)
    upload = tus.upload(b"content")
    with requests() as made:
        assert send(writer, [{"upload": upload, "path": f"{number}"} for number in range(50)]).status_code == 201
    assert made.of("range") == 1
    assert content(secret, "49") == b"content"


@on_one_deployment
def test_a_form_names_no_more_uploads_than_it_could_have_files(writer: Visitor, tus: TusClient) -> None:
    named = {"upload": tus.upload(b"x"), "path": "x"}
    answer = send(writer, [named] * (MAX_PARTS + 1))
    assert (answer.status_code, "at most 20,000" in answer.text) == (400, True)


def test_two_people_upload_into_one_folder_at_the_same_time(
    writer: Visitor, tus: TusClient, bob: Account, shared: ProjectAccess, secret: ProjectAccess, signed_in: SignIn
) -> None:
    helper = signed_in(bob)
    bobs = TusClient(tus.app, create_token(bob.id, "tus", ["write"]))
    plans = [(writer, tus, "from-alice"), (helper, bobs, "from-bob")]

    def upload(plan: tuple[Visitor, TusClient, str]) -> int:
        visitor, client, name = plan
        named = [{"upload": client.upload(name.encode()), "path": f"{name}-{number}"} for number in range(3)]
        return send(visitor, named, path="docs").status_code

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(upload, plans)) == [201, 201]
    for name in ("from-alice", "from-bob"):
        assert content(secret, f"docs/{name}-2") == name.encode()
    with open_copy(secret.repository_id) as copy:
        assert len(read_log(copy, resolve(copy, "main"))) == 3


@on_one_deployment
@pytest.mark.parametrize("paths", [[".git/config"], ["b.txt", "b.txt"]])
def test_nothing_is_fetched_for_a_path_that_is_refused(
    writer: Visitor, tus: TusClient, secret: ProjectAccess, paths: list[str]
) -> None:
    uploads = [{"upload": tus.upload(b"bytes"), "path": path} for path in paths]
    with requests() as asked:
        assert send(writer, uploads).status_code == 400
    assert asked.total == 0
    assert stored_parts() == [5] * len(paths)
