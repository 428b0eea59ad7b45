"""Commits by the API: all operations or none, on top of others' work, and within the limits."""

import base64
import json
import os
import tracemalloc
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest

from framework.accounts.core.account import Account
from framework.accounts.models import PlanLimits
from framework.config import Config
from framework.database.session import transaction
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.scratch import scratch
from framework.storage.counting import requests
from tests.api.program import Program, before_the_next_commit
from tests.cast import posted_texts

MIB = 1 << 20
SECRET = "/projects/alice/secret"
Operation = dict[str, object]


def put(path: str, content: str = "content") -> Operation:
    return {"op": "put", "path": path, "content": content}


def tree(program: Program, folder: str = "") -> set[str]:
    answer = program.get(f"{SECRET}/tree/main/{folder}")
    return {entry["path"] for entry in answer.json} if answer.status_code == 200 else set()


def text(program: Program, path: str) -> str:
    return program.get(f"{SECRET}/raw/main/{path}").text


def test_operations_become_one_commit(program: Program, alice: Account) -> None:
    program.put("alice/secret", a="a", b="b", c="c")
    answer = program.commit(
        "alice/secret",
        put("new/é.txt", "text"),
        {"op": "put", "path": "bytes", "content_base64": base64.b64encode(b"\0\xff").decode()},
        {"op": "delete", "path": "a"},
        {"op": "move", "path": "b", "to": "moved/b"},
        message="Tidy up\n\nand why",
    )
    assert answer.status_code == 201
    sha = answer.json["sha"]
    assert answer.json == {"sha": sha, "branch": "main", "changed": True}
    assert answer.headers["Location"] == f"/api/v1/projects/alice/secret/commits/{sha}"
    assert tree(program) == {"new", "bytes", "moved", "c"}
    commit = program.get(f"{SECRET}/commits/{sha}").json
    assert (commit["message"], commit["author"]["email"]) == ("Tidy up\n\nand why", "alice@example.org")
    assert program.get(f"{SECRET}/raw/main/bytes").data == b"\0\xff"
    assert (text(program, "new/é.txt"), text(program, "moved/b")) == ("text", "b")


def test_a_commit_costs_two_requests(program: Program) -> None:
    program.put("alice/secret", first="1")
    with requests() as asked:
        program.put("alice/secret", second="2", third="3")
    assert asked.total == 2


def test_members_hear_of_a_commit(program: Program, shared: ProjectAccess) -> None:
    program.put("alice/secret", a="a")
    assert any("bob@example.org" in posted and "alice/secret" in posted for posted in posted_texts())


def test_nothing_new_is_no_commit(program: Program) -> None:
    sha = program.put("alice/secret", a="a")
    answer = program.commit("alice/secret", put("a", "a"))
    assert (answer.status_code, answer.json) == (201, {"sha": sha, "branch": "main", "changed": False})


@pytest.mark.parametrize(
    ("operations", "status"),
    [
        ([{"op": "delete", "path": "missing"}], 404),
        ([{"op": "move", "path": "missing", "to": "x"}], 404),
        ([put("a/inside")], 409),
        ([{"op": "move", "path": "a", "to": "a/b"}], 409),
        ([put("../escape")], 400),
        ([put(".git/config")], 400),
        ([{"op": "move", "path": "a", "to": "/etc/passwd"}], 400),
        ([{"op": "move", "path": "a", "to": "x" * 300}], 400),
        ([{"op": "put", "path": "x", "content_base64": "not base64"}], 400),
        ([{"op": "put", "path": "x", "content": "\ud83d"}], 400),
        ([{"op": "put", "path": "x"}], 400),
        ([{"op": "put", "path": "x", "content": "a", "content_base64": "YQ=="}], 400),
        ([{"op": "put", "path": "x", "content": 1}], 400),
        ([{"op": "put", "content": "x"}], 400),
        ([{"op": "chmod", "path": "a"}], 400),
        ([{"op": "delete", "path": "a", "to": "b"}], 400),
        (["put"], 400),
        ([], 400),
    ],
)
def test_one_bad_operation_refuses_all(program: Program, operations: list[Operation], status: int) -> None:
    program.put("alice/secret", a="a")
    answer = program.commit("alice/secret", *([put("good")] if operations else []), *operations)
    assert answer.status_code == status
    assert tree(program) == {"a"}
    assert program.get(f"{SECRET}/storage").json["version"] == 1


@pytest.mark.parametrize(
    "members",
    [
        {"branch": "no..good"},
        {"branch": ""},
        {"message": 1},
        {"parent": "main"},
        {"parent": "0" * 40, "start": "0" * 40, "branch": "new"},
        {"author": "somebody else"},
        {"operations": None},
        {"operations": {}},
    ],
)
def test_a_bad_commit_is_refused(program: Program, members: dict[str, Any]) -> None:
    sent = {"operations": [put("a")], "branch": "main", "message": "x"} | members
    assert program.post(f"{SECRET}/commits", sent).status_code == 400


def test_it_says_what_is_wrong_with_which_operation(program: Program) -> None:
    answer = program.commit("alice/secret", put("a"), {"op": "put", "path": 1, "content": [], "put": 1})
    assert {(error["pointer"], error["detail"]) for error in answer.json["errors"]} == {
        ("/operations/1/path", "Input should be a valid string"),
        ("/operations/1/content", "give a string"),
        ("/operations/1/put", "Extra inputs are not permitted"),
    }


@pytest.mark.parametrize(
    ("body", "media", "status", "told"),
    [
        ("{,}", "application/json", 400, "line 1, column 2"),
        ("", "application/json", 400, "line 1, column 1"),
        ("{}", "text/plain", 415, "Content-Type: application/json"),
        ("{}", "application/x-www-form-urlencoded", 415, "Content-Type: application/json"),
        ("{}", "", 415, "Content-Type: application/json"),
    ],
)
def test_only_json_is_understood(program: Program, body: str, media: str, status: int, told: str) -> None:
    for path in (f"{SECRET}/commits", "/projects"):
        answer = program.call("POST", path, data=body, content_type=media)
        assert answer.status_code == status
        assert told in answer.json["detail"]


def test_a_compressed_body_is_not_understood(program: Program) -> None:
    headers = {"Content-Encoding": "gzip"}
    assert program.post(f"{SECRET}/commits", {}, headers=headers).status_code == 415


def test_without_a_parent_others_work_stays(program: Program, bobs: Program, shared: ProjectAccess) -> None:
    start = program.put("alice/secret", a="a")
    program.put("alice/secret", b="b")
    moved = bobs.commit("alice/secret", put("c"), parent=start)
    assert moved.status_code == 409
    assert "has moved" in moved.json["detail"]
    assert bobs.commit("alice/secret", put("c")).status_code == 201
    tip = program.get(f"{SECRET}/commits/main").json["sha"]
    assert bobs.commit("alice/secret", put("d"), parent=tip).status_code == 201
    assert tree(program) == {"a", "b", "c", "d"}


def test_a_conflict_names_the_paths(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody changes two of the paths between the moment a commit is built and the one it lands."""
    program.put("alice/secret", a="a", b="b", c="c")
    raced = before_the_next_commit(monkeypatch, lambda: program.put("alice/secret", a="theirs", b="theirs"))
    answer = program.commit("alice/secret", put("a", "mine"), put("b", "mine"), put("c", "mine"))
    assert raced
    assert answer.status_code == 409
    assert answer.json["paths"] == ["a", "b"]
    assert (text(program, "a"), text(program, "c")) == ("theirs", "c")


def test_a_change_beside_others_lands_on_top_of_theirs(program: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    program.put("alice/secret", a="a")
    before_the_next_commit(monkeypatch, lambda: program.put("alice/secret", b="theirs"))
    answer = program.commit("alice/secret", put("c", "mine"))
    assert answer.status_code == 201
    assert tree(program) == {"a", "b", "c"}
    assert len(program.get(f"{SECRET}/commits").json) == 3


def test_a_clash_of_file_and_folder_names_the_path(program: Program) -> None:
    program.put("alice/secret", a="a")
    answer = program.commit("alice/secret", put("a/b"))
    assert (answer.status_code, answer.json["paths"]) == (409, ["a/b"])


def test_a_branch_begins_where_it_is_told_to(program: Program) -> None:
    first = program.put("alice/secret", a="a")
    program.put("alice/secret", b="b")
    begun = program.commit("alice/secret", put("c"), branch="topic/one", start=first)
    assert begun.status_code == 201
    commit = program.get(f"{SECRET}/commits/topic/one").json
    assert commit["parents"] == [first]
    assert program.commit("alice/secret", put("d"), branch="topic/one", start=first).status_code == 409
    assert program.commit("alice/secret", put("d"), branch="topic/two").status_code == 404
    assert program.commit("alice/secret", put("d"), branch="topic/two", start="0" * 40).status_code == 404


@pytest.fixture
def small(program: Program, with_settings: Callable[..., Config]) -> Program:
    """A file may have 1 MiB, a request 3 MiB."""
    with_settings(max_file_bytes=MIB, max_request_bytes=3 * MIB)
    return program


def test_a_file_may_have_the_limit_and_no_byte_more(small: Program) -> None:
    exact = base64.b64encode(os.urandom(MIB)).decode()
    assert small.commit("alice/secret", {"op": "put", "path": "exact", "content_base64": exact}).status_code == 201
    answer = small.commit("alice/secret", put("more", "x" * (MIB + 1)), put("fine"))
    assert answer.status_code == 413
    assert "“more” is 1.1 MiB, over the 1 MiB limit." in answer.json["detail"]
    assert tree(small) == {"exact"}


@pytest.mark.parametrize("told", [True, False])
def test_a_request_over_the_limit_is_refused_however_it_comes(small: Program, told: bool) -> None:
    body = json.dumps({"branch": "main", "message": "x", "operations": [put(f"{n}", "x" * MIB) for n in range(3)]})
    stream = BytesIO(body.encode())
    chunked = {"environ_overrides": {"wsgi.input_terminated": True}}
    given: dict[str, Any] = {"content_length": len(body)} if told else chunked
    answer = small.call("POST", f"{SECRET}/commits", input_stream=stream, content_type="application/json", **given)
    assert answer.status_code == 413
    assert "may hold 3 MiB in all" in answer.json["detail"]
    assert tree(small) == set()


@pytest.mark.parametrize("announced", [True, False])
def test_the_owners_room_is_asked_before_the_body_is_read(small: Program, announced: bool) -> None:
    limit_plan(2 * MIB if announced else 0)
    stream = BytesIO(b"x" * 3 * MIB)
    given: dict[str, Any] = {"environ_overrides": {"wsgi.input_terminated": True}}
    given = {"content_length": 3 * MIB} if announced else given
    answer = small.call("POST", f"{SECRET}/commits", input_stream=stream, content_type="application/json", **given)
    assert (answer.status_code, "Nothing was stored" in answer.json["detail"]) == (413, True)
    assert stream.tell() == 0


def test_a_full_owner_gets_the_first_answer_again(program: Program) -> None:
    key = {"Idempotency-Key": "once"}
    first = program.commit("alice/secret", put("a"), headers=key)
    limit_plan(0)
    assert program.commit("alice/secret", put("a"), headers=key).data == first.data
    assert program.commit("alice/secret", put("b"), headers={"Idempotency-Key": "two"}).status_code == 413


def limit_plan(stored_bytes: int) -> None:
    """Have everybody's plan allow so much."""
    with transaction() as session:
        session.add(PlanLimits(name="free", stored_bytes=stored_bytes))


def test_a_body_that_broke_off_stores_nothing(program: Program) -> None:
    body = json.dumps({"branch": "main", "message": "x", "operations": [put("a")]}).encode()
    answer = program.call(
        "POST",
        f"{SECRET}/commits",
        input_stream=BytesIO(body),
        environ_overrides={"CONTENT_LENGTH": str(len(body) + 1)},
        content_type="application/json",
    )
    assert answer.status_code == 400
    assert tree(program) == set()


def test_large_contents_never_lie_in_memory(program: Program) -> None:
    with scratch("test") as folder:
        with (folder / "body").open("wb") as body:
            body.write(b'{"branch": "main", "message": "x", "operations": [')
            body.write(b'{"op": "put", "path": "large", "content_base64": "')
            for _ in range(64):
                body.write(base64.b64encode(os.urandom(3 << 18)))
            body.write(b'"}]}')
        with (folder / "body").open("rb") as stream:
            tracemalloc.start()
            answer = program.call(
                "POST",
                f"{SECRET}/commits",
                input_stream=stream,
                content_length=(folder / "body").stat().st_size,
                content_type="application/json",
            )
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
    assert answer.status_code == 201, answer.text
    assert peak < 16 * MIB
    (entry,) = program.get(f"{SECRET}/tree/main").json
    assert entry["size"] == 48 * MIB
