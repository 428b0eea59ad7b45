"""What an upload would do is told before a byte of it is sent; and a finished tus upload becomes a file by the form."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from werkzeug.test import TestResponse

from framework.accounts.account import Account
from framework.accounts.tokens import create_token
from framework.config import Config
from framework.projects.access import ProjectAccess
from framework.repositories.copy import opened
from framework.repositories.packwriter import blob_hash
from framework.repositories.reading import find, read_log, resolve
from framework.uploads import ignoring, tasks
from framework.uploads.resumable import find_upload
from tests.cast import SignIn, Visitor, csrf_token, on_one_deployment
from tests.uploads.conftest import TusClient, store_files, stored_parts

PAGE = "/alice/secret/upload/main"
LARGE = os.urandom(1_100_000)


@pytest.fixture
def writer(signed_in: SignIn, alice: Account, secret: ProjectAccess) -> Visitor:
    """Alice, whose project has some files."""
    ignores = b"*.tmp\nbuild/\n!keep.tmp\n"
    files = {"a.txt": b"1", "docs/x.md": b"x", "large": LARGE, ".gitignore": ignores, "docs/.gitignore": b"*.log\n"}
    store_files(secret, alice, files)
    return signed_in(alice)


def ask(visitor: Visitor, files: dict[str, int], ignores: dict[str, str] | None = None) -> Any:
    """The answer about each file, by its path."""
    body = {"files": [{"path": path, "size": size} for path, size in files.items()], "ignores": ignores or {}}
    answer = post(visitor, body)
    assert answer.status_code == 200, answer.text
    return {one["path"]: one for one in json.loads(answer.text)["files"]}


def post(visitor: Visitor, body: object, page: str = "/alice/secret/preflight/main") -> TestResponse:
    headers = {"X-CSRFToken": csrf_token(visitor.get("/new").text), "Accept": "application/json"}
    return visitor.client.post(page, json=body, headers=headers)


def blob_of(content: bytes) -> str:
    check = blob_hash(len(content))
    check.update(content)
    return check.hexdigest()


def test_it_tells_what_is_new_and_what_is_replaced(writer: Visitor) -> None:
    told = ask(writer, {"a.txt": 1, "large": 5, "b.txt": 1, "docs/deep/new.md": 1})
    assert (told["a.txt"]["state"], told["a.txt"]["sha"], told["a.txt"]["size_bytes"]) == ("replaces", blob_of(b"1"), 1)
    assert (told["large"]["sha"], told["large"]["size_bytes"]) == (blob_of(LARGE), len(LARGE))
    assert [told[path]["state"] for path in ("b.txt", "docs/deep/new.md")] == ["new", "new"]


@on_one_deployment
def test_it_tells_what_cannot_be(writer: Visitor) -> None:
    names = ["docs", "a.txt/inside", ".git/config", "../x", "clash", "clash/inside"]
    told = ask(writer, {**dict.fromkeys(names, 1), "film": 100 * (1 << 20) + 1})
    refused = [path for path, one in told.items() if one["state"] == "refused"]
    assert refused == ["docs", "a.txt/inside", ".git/config", "../x", "clash/inside", "film"]
    assert told["film"]["note"] == "“film” has 100.1 MiB; a file may have 100 MiB at most."
    assert "is a folder already" in told["docs"]["note"]
    assert "“a.txt” is a file" in told["a.txt/inside"]["note"]


@on_one_deployment
def test_it_warns_of_names_that_differ_in_case_only(writer: Visitor) -> None:
    told = ask(writer, {"A.txt": 1, "twin": 1, "Twin": 1, "single": 1})
    assert "“a.txt”" in told["A.txt"]["note"]
    assert ("“Twin”" in told["twin"]["note"], "“twin”" in told["Twin"]["note"]) == (True, True)
    assert told["single"]["note"] == ""


@on_one_deployment
def test_it_tells_what_a_gitignore_leaves_out(writer: Visitor) -> None:
    names = [
        "x.tmp",
        "keep.tmp",
        "build/out",
        "src/build/out",
        "docs/a.log",
        "a.log",
        "docs/keep.tmp",
        "my/x",
        "my/y",
    ]
    told = ask(writer, dict.fromkeys(names, 1), {"my/.gitignore": "x\n"})
    ignored = [path for path, one in told.items() if one["state"] == "ignored"]
    assert ignored == ["x.tmp", "build/out", "src/build/out", "docs/a.log", "my/x"]


@on_one_deployment
def test_a_file_in_an_ignored_folder_cannot_be_brought_back(writer: Visitor) -> None:
    rules = {".gitignore": "out/\n!out/kept\n/top\n", "sub/.gitignore": "!*.o\n*.o\n"}
    told = ask(writer, dict.fromkeys(["out/kept", "top", "sub/top", "sub/a.o", ":(top)a.o"], 1), rules)
    assert [path for path, one in told.items() if one["state"] == "ignored"] == ["out/kept", "top", "sub/a.o"]


@on_one_deployment
def test_patterns_that_a_regular_expression_would_never_finish_with_take_no_time(writer: Visitor) -> None:
    ignores = {".gitignore": "*a" * 30 + "b\n**/a/**/b/**/c/**/d/**/z\n"}
    told = ask(writer, {"a" * 200: 1, "/".join("abcde" * 40): 1}, ignores)
    assert [one["state"] for one in told.values()] == ["new", "new"]


@on_one_deployment
def test_patterns_that_take_git_too_long_are_told(writer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignoring, "DEADLINE_SECONDS", 0.2)
    body = {"files": [{"path": "/".join("a" * 200), "size": 1}], "ignores": {".gitignore": "**/a/" * 12 + "z"}}
    answer = post(writer, body)
    assert (answer.status_code, "take too long to compare" in answer.text) == (400, True)


@on_one_deployment
def test_ignores_that_no_disk_could_hold_are_left_aside(writer: Visitor) -> None:
    deep = "/".join(["d" * 250] * 10)
    ignores = {".gitignore": "x\n", ".gitignore/.gitignore": "*\n", f"{deep}/.gitignore": "*\n"}
    told = ask(writer, {".gitignore/y": 1, f"{deep}/y": 1}, ignores)
    assert "“.gitignore” is a file" in told.pop(".gitignore/y")["note"]
    assert [one["state"] for one in told.values()] == ["new"]


@on_one_deployment
def test_it_tells_how_much_room_the_owner_has(writer: Visitor, with_settings: Callable[..., Config]) -> None:
    with_settings(quota_bytes=2_000_000)
    room = json.loads(post(writer, {"files": []}).text)["room_bytes"]
    assert 0 < room < 2_000_000 - len(LARGE)


@on_one_deployment
@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"files": 1},
        {"files": [1]},
        {"files": [{"path": "a"}]},
        {"ignores": {}},
        {"files": [{"path": "a", "size": float("inf")}]},
        {"files": [], "ignores": {".gitignore": "\ud800"}},
    ],
)
def test_what_is_no_question_is_refused(writer: Visitor, body: object) -> None:
    assert post(writer, body).status_code == 400


@on_one_deployment
def test_only_writers_are_told(writer: Visitor, charlie: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    stranger = signed_in(charlie)
    assert post(stranger, {"files": []}).status_code == 404
    assert post(stranger, {"files": []}, "/alice/website/preflight/main").status_code == 403
    assert writer.client.post("/alice/secret/preflight/main", json={"files": []}).status_code == 400, "no token"


def send(visitor: Visitor, uploads: object, **fields: str) -> TestResponse:
    token = csrf_token(visitor.get(PAGE).text)
    text = uploads if isinstance(uploads, str) else json.dumps(uploads)
    data = {"csrf_token": token, "branch": "main", "uploads": text, **fields}
    return visitor.client.post(
        PAGE, data=data, headers={"Accept": "application/json"}, content_type="multipart/form-data"
    )


def content(project: ProjectAccess, path: str, branch: str = "main") -> bytes:
    with opened(project.repository_id) as copy:
        return b"".join(copy.blob(find(copy, resolve(copy, branch), path).sha).chunks)


def test_finished_uploads_become_one_version(writer: Visitor, tus: TusClient, secret: ProjectAccess) -> None:
    film = os.urandom(9 << 20)
    uploads = [{"upload": tus.upload(film), "path": "film"}, {"upload": tus.upload(b"n"), "path": "notes/n.txt"}]
    answer = send(writer, uploads, path="new", message="Two files")
    assert (answer.status_code, json.loads(answer.text)["location"]) == (201, "/alice/secret/tree/main/new")
    assert (content(secret, "new/film"), content(secret, "new/notes/n.txt")) == (film, b"n")
    with opened(secret.repository_id) as copy:
        assert [commit.title for commit in read_log(copy, resolve(copy, "main"))] == ["Two files", "Add 5 files"]


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


@on_one_deployment
@pytest.mark.parametrize(
    ("uploads", "status"),
    [("[", 400), ('{"a": 1}', 400), ("[1]", 400), ("[]", 400), ('[{"upload": "' + "0" * 32 + '", "path": "x"}]', 404)],
)
def test_uploads_that_are_not_there_are_told(writer: Visitor, uploads: str, status: int) -> None:
    answer = send(writer, uploads)
    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")


@on_one_deployment
def test_unfinished_uploads_are_not_stored(writer: Visitor, tus: TusClient) -> None:
    address = tus.create(5)
    answer = send(writer, [{"upload": address.rpartition("/")[2], "path": "x"}])
    assert (answer.status_code, "0 of 5 bytes" in answer.text) == (409, True)


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
    with opened(secret.repository_id) as copy:
        assert len(read_log(copy, resolve(copy, "main"))) == 3
