"""What an upload would do is told before a byte of it is sent."""

import json
import os
import sys
import unicodedata
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest
from werkzeug.test import TestResponse

from framework.accounts.core.account import Account
from framework.config import Config
from framework.gitcore.pack_writer import blob_hash
from framework.projects.core.access import ProjectAccess
from framework.uploads import ignoring
from tests.cast import SignIn, Visitor, csrf_token
from tests.uploads.conftest import store_files

PAGE = "/alice/secret/preflight/main"
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


def post(visitor: Visitor, body: object, page: str = PAGE) -> TestResponse:
    return post_text(visitor, json.dumps(body), page)


def post_text(visitor: Visitor, text: str, page: str = PAGE) -> TestResponse:
    headers = {"X-CSRFToken": csrf_token(visitor.get("/new").text), "Accept": "application/json"}
    return visitor.client.post(page, data=text, content_type="application/json", headers=headers)


def blob_of(content: bytes) -> str:
    check = blob_hash(len(content))
    check.update(content)
    return check.hexdigest()


def test_it_tells_what_is_new_and_what_is_replaced(writer: Visitor) -> None:
    told = ask(writer, {"a.txt": 1, "large": 5, "b.txt": 1, "docs/deep/new.md": 1})
    assert (told["a.txt"]["state"], told["a.txt"]["sha"], told["a.txt"]["size_bytes"]) == ("replaces", blob_of(b"1"), 1)
    assert (told["large"]["sha"], told["large"]["size_bytes"]) == (blob_of(LARGE), len(LARGE))
    assert [told[path]["state"] for path in ("b.txt", "docs/deep/new.md")] == ["new", "new"]


def test_it_tells_what_cannot_be(writer: Visitor) -> None:
    names = ["docs", "a.txt/inside", ".git/config", "../x", "clash", "clash/inside"]
    told = ask(writer, {**dict.fromkeys(names, 1), "film": 100 * (1 << 20) + 1})
    refused = [path for path, one in told.items() if one["state"] == "refused"]
    assert refused == ["docs", "a.txt/inside", ".git/config", "../x", "clash/inside", "film"]
    assert told["film"]["note"] == "“film” is 100.1 MiB, over the 100 MiB limit."
    assert "is a folder already" in told["docs"]["note"]
    assert "“a.txt” is a file" in told["a.txt/inside"]["note"]


def test_it_warns_of_names_that_differ_in_case_only(writer: Visitor) -> None:
    told = ask(writer, {"A.txt": 1, "twin": 1, "Twin": 1, "single": 1})
    assert "“a.txt”" in told["A.txt"]["note"]
    assert ("“Twin”" in told["twin"]["note"], "“twin”" in told["Twin"]["note"]) == (True, True)
    assert told["single"]["note"] == ""
    folder = ask(writer, {"Docs/new/y.md": 1, "docs/new/y.md": 1, "Docs2/y.md": 1})
    assert folder["Docs/new/y.md"]["note"].startswith("The folder “Docs” differs from “docs” in large and small")
    assert folder["Docs2/y.md"]["note"] == ""


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


def test_what_programs_leave_behind_is_told_unless_it_is_there(writer: Visitor) -> None:
    told = ask(writer, dict.fromkeys(["b/.DS_Store", "a.txt~", "x/__pycache__/m.pyc", "_x.Rhistory", "notes.tex"], 1))
    junk = [path for path, one in told.items() if one["state"] == "junk"]
    assert junk == ["b/.DS_Store", "a.txt~", "x/__pycache__/m.pyc"]
    assert told["b/.DS_Store"]["note"] == "macOS keeps this for itself."


def test_a_name_whose_letters_are_composed_otherwise_is_a_twin(writer: Visitor) -> None:
    nfc, nfd = (unicodedata.normalize(form, "Größe é.txt") for form in ("NFC", "NFD"))
    told = ask(writer, {nfc: 1, nfd: 1})
    assert [told[name]["note"][:14] for name in (nfc, nfd)] == ["It looks like ", "It looks like "]


def test_a_file_in_an_ignored_folder_cannot_be_brought_back(writer: Visitor) -> None:
    rules = {".gitignore": "out/\n!out/kept\n/top\n", "sub/.gitignore": "!*.o\n*.o\n"}
    told = ask(writer, dict.fromkeys(["out/kept", "top", "sub/top", "sub/a.o", ":(top)a.o"], 1), rules)
    assert [path for path, one in told.items() if one["state"] == "ignored"] == ["out/kept", "top", "sub/a.o"]


def test_patterns_that_a_regular_expression_would_never_finish_with_take_no_time(writer: Visitor) -> None:
    ignores = {".gitignore": "*a" * 30 + "b\n**/a/**/b/**/c/**/d/**/z\n"}
    told = ask(writer, {"a" * 200: 1, "/".join("abcde" * 40): 1}, ignores)
    assert [one["state"] for one in told.values()] == ["new", "new"]


def test_patterns_that_take_git_too_long_are_told(writer: Visitor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ignoring, "DEADLINE_SECONDS", 0.2)
    body = {"files": [{"path": "/".join("a" * 200), "size": 1}], "ignores": {".gitignore": "**/a/" * 12 + "z"}}
    answer = post(writer, body)
    assert (answer.status_code, "take too long to compare" in answer.text) == (400, True)


def test_ignores_that_no_disk_could_hold_are_left_aside(writer: Visitor) -> None:
    deep = "/".join(["d" * 250] * 10)
    ignores = {".gitignore": "x\n", ".gitignore/.gitignore": "*\n", f"{deep}/.gitignore": "*\n"}
    told = ask(writer, {".gitignore/y": 1, f"{deep}/y": 1}, ignores)
    assert "“.gitignore” is a file" in told.pop(".gitignore/y")["note"]
    assert [one["state"] for one in told.values()] == ["new"]


def test_it_tells_how_much_room_the_owner_has(writer: Visitor, with_settings: Callable[..., Config]) -> None:
    with_settings(quota_bytes=2_000_000)
    room = json.loads(post(writer, {"files": []}).text)["room_bytes"]
    assert 0 < room < 2_000_000 - len(LARGE)


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


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000])
def test_what_is_no_json_is_refused(writer: Visitor, text: str) -> None:
    assert post_text(writer, text).status_code == 400


def test_only_writers_are_told(writer: Visitor, charlie: Account, website: ProjectAccess, signed_in: SignIn) -> None:
    stranger = signed_in(charlie)
    assert post(stranger, {"files": []}).status_code == 404
    assert post(stranger, {"files": []}, "/alice/website/preflight/main").status_code == 403
    assert writer.client.post(PAGE, json={"files": []}).status_code == 400, "no token"


def test_it_compares_names_a_few_times_each(
    settings: Config, secret: ProjectAccess, alice: Account, signed_in: SignIn
) -> None:
    store_files(secret, alice, {f"old-{number}": b"1" for number in range(100)})
    compared: list[str] = []

    def note(_frame: FrameType, event: str, called: Any) -> None:
        if event == "c_call" and called.__name__ == "casefold":
            compared.append(event)

    writer = signed_in(alice)
    sys.setprofile(note)
    told = ask(writer, {f"new-{number}": 1 for number in range(100)} | {"OLD-7": 1})
    sys.setprofile(None)
    assert "“old-7”" in told["OLD-7"]["note"]
    assert len(compared) < 10 * len(told)


def test_a_path_that_is_sent_twice_is_refused(writer: Visitor) -> None:
    answer = post(writer, {"files": [{"path": path, "size": 1} for path in ("b", "c", "b")]})
    states = [(one["path"], one["state"]) for one in json.loads(answer.text)["files"]]
    assert states == [("b", "refused"), ("c", "new"), ("b", "refused")]
