"""Refs, folders, files and history by the API."""

import base64

import pytest

from framework.accounts.core.account import Account
from tests.api.program import Program
from tests.browse.conftest import PHOTO
from tests.cast import SignIn

PROJECT = "/projects/alice/website"


@pytest.fixture
def filled(program: Program) -> Program:
    """Alice's program, whose website has two commits, a branch with a slash, and a folder of the branch's name."""
    first = program.put("alice/website", README__md="# Hello\n", notes__txt="first\n")
    program.put("alice/website", notes__txt="second\n")
    docs = [{"op": "put", "path": "docs/deep/a b.txt", "content": "odd"}]
    program.commit("alice/website", *docs, branch="release/1.0", start=first, message="Docs\n\nbecause")
    return program


def test_refs_are_listed(filled: Program) -> None:
    refs = {ref["name"]: ref for ref in filled.get(f"{PROJECT}/refs").json}
    assert list(refs) == ["main", "release/1.0"]
    assert (refs["release/1.0"]["ref"], refs["release/1.0"]["type"]) == ("refs/heads/release/1.0", "branch")
    assert [refs["main"]["default"], refs["release/1.0"]["default"]] == [True, False]
    assert filled.get("/projects/alice/secret/refs").json == []


def test_refs_are_listed_in_pages_where_one_is_asked_for(filled: Program) -> None:
    first = filled.get(f"{PROJECT}/refs?per_page=1")
    assert [ref["name"] for ref in first.json] == ["main"]
    assert first.headers["Link"] == f'<http://localhost/api/v1{PROJECT}/refs?per_page=1&page=2>; rel="next"'
    assert [ref["name"] for ref in filled.get(f"{PROJECT}/refs?per_page=1&page=2").json] == ["release/1.0"]


@pytest.mark.parametrize("place", [f"{PROJECT}/refs", f"{PROJECT}/commits", "/projects"])
def test_a_page_has_as_many_as_are_asked_for(filled: Program, place: str) -> None:
    together = filled.get(f"{place}?per_page=100").json
    assert len(together) > 1
    assert filled.get(f"{place}?per_page=1").json == together[:1]
    assert filled.get(f"{place}?per_page=1&page=2").json == together[1:2]
    for bad in ("0", "101", "-1", "x", "", "1e2", "9" * 30, "٣"):
        answer = filled.get(f"{place}?per_page={bad}")
        assert answer.status_code == 400
        assert "from 1 to 100" in answer.json["detail"]


def test_a_folder_is_listed_with_paths_types_sizes_and_names(filled: Program) -> None:
    entries = filled.get(f"{PROJECT}/tree/release/1.0").json
    assert [(entry["path"], entry["type"], entry["size"]) for entry in entries] == [
        ("docs", "tree", None),
        ("notes.txt", "blob", 6),
        ("README.md", "blob", 8),
    ]
    (deep,) = filled.get(f"{PROJECT}/tree/release/1.0/docs").json
    assert (deep["path"], deep["name"], deep["mode"]) == ("docs/deep", "deep", "040000")


def test_a_files_place_lists_the_file(filled: Program) -> None:
    (entry,) = filled.get(f"{PROJECT}/tree/release/1.0/docs/deep/a b.txt").json
    assert (entry["path"], entry["size"], entry["mode"]) == ("docs/deep/a b.txt", 3, "100644")


@pytest.mark.parametrize("place", ["nowhere", "main/nowhere", "main/notes.txt/x", "release", "release/1.0/x", "0" * 40])
def test_what_is_not_there_is_a_404(filled: Program, place: str) -> None:
    assert filled.get(f"{PROJECT}/tree/{place}").status_code == 404
    assert filled.get(f"{PROJECT}/raw/{place}").status_code == 404
    assert filled.get(f"{PROJECT}/commits/{place}").status_code == 404


def test_raw_bytes_come_with_the_headers_of_the_page(filled: Program, signed_in: SignIn, alice: Account) -> None:
    filled.commit("alice/website", {"op": "put", "path": "page.html", "content": "<script>alert(1)</script>"})
    visitor = signed_in(alice)
    for place in ("main/notes.txt", "main/page.html", "release/1.0/docs/deep/a%20b.txt"):
        program, page = filled.get(f"{PROJECT}/raw/{place}"), visitor.get(f"/alice/website/raw/{place}")
        assert program.data == page.data
        others = {"Date", "Vary", "Set-Cookie", "X-Request-ID"}
        given = {name: value for name, value in page.headers.items() if name not in others}
        assert {name: program.headers[name] for name in given} == given
    assert filled.get(f"{PROJECT}/raw/main").status_code == 404
    tag = page.headers["ETag"]
    assert filled.get(f"{PROJECT}/raw/{place}", headers={"If-None-Match": tag}).status_code == 304


def test_history_is_told_in_pages(filled: Program) -> None:
    commits = filled.get(f"{PROJECT}/commits").json
    assert len(commits) == 2
    assert commits[0]["parents"] == [commits[1]["sha"]]
    assert commits[0]["author"]["name"] == "Alice Liddell"
    (readme,) = filled.get(f"{PROJECT}/commits?path=README.md").json
    assert readme["sha"] == commits[1]["sha"]
    released = filled.get(f"{PROJECT}/commits?ref=release/1.0&path=docs/").json
    assert [commit["message"] for commit in released] == ["Docs\n\nbecause"]
    assert filled.get(f"{PROJECT}/commits?ref=nowhere").status_code == 404
    assert filled.get(f"{PROJECT}/commits?path=nowhere").status_code == 404


def test_a_long_history_has_links(program: Program) -> None:
    for number in range(3):
        program.put("alice/secret", a=str(number))
    first = program.get("/projects/alice/secret/commits?ref=main&per_page=2")
    assert len(first.json) == 2
    page = "http://localhost/api/v1/projects/alice/secret/commits?ref=main&per_page=2&page=2"
    assert first.headers["Link"] == f'<{page}>; rel="next"'
    assert len(program.get("/projects/alice/secret/commits?per_page=2&page=2").json) == 1


def test_a_commit_tells_its_files(filled: Program) -> None:
    sha = filled.get(f"{PROJECT}/refs").json[0]["sha"]
    commit = filled.get(f"{PROJECT}/commits/{sha}").json
    assert commit["files"] == [{"status": "M", "path": "notes.txt", "old_path": None}]
    assert filled.get(f"{PROJECT}/commits/main").json == commit
    assert filled.get(f"{PROJECT}/commits/release/1.0").json["message"] == "Docs\n\nbecause"


def test_public_projects_need_no_token(filled: Program, stranger: Program) -> None:
    for path in ("", "/refs", "/tree/main", "/raw/main/notes.txt", "/commits", "/commits/main", "/storage"):
        assert stranger.get(PROJECT + path).status_code == 200
    assert stranger.commit("alice/website", {"op": "delete", "path": "notes.txt"}).status_code == 401


def test_a_photo_goes_in_and_out_as_it_was(program: Program) -> None:
    put = {"op": "put", "path": "photo.png", "content_base64": base64.b64encode(PHOTO).decode()}
    assert program.commit("alice/secret", put).status_code == 201
    answer = program.get("/projects/alice/secret/raw/main/photo.png")
    assert answer.data == PHOTO
    assert answer.mimetype == "image/png"


def test_what_git_lfs_keeps_is_committed_and_read_as_it_was(program: Program) -> None:
    program.put("alice/secret", __gitattributes="*.film filter=lfs\n")
    film = "frames " * 1000
    program.commit("alice/secret", {"op": "put", "path": "a.film", "content": film})
    raw = "/projects/alice/secret/raw/main/a.film"
    assert program.get(raw).text == film
    part = program.get(raw, headers={"Range": "bytes=7-12"})
    assert (part.status_code, part.text) == (206, "frames")
    assert program.get(raw, headers={"Range": "bytes=9999-"}).status_code == 416
    (entry,) = program.get("/projects/alice/secret/tree/main/a.film").json
    assert entry["type"] == "blob"
