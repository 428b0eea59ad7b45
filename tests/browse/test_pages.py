"""Pages of files and history, and what can be downloaded from them."""

import io
import re
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from framework.accounts.core.account import Account
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.eviction import copy_path
from framework.storage.counting import requests
from tests.browse.conftest import PHOTO
from tests.cast import Visitor

BASE = "/alice/website"


def test_the_project_page_lists_files_with_their_last_change(reader: Visitor) -> None:
    page = reader.get(BASE).text
    rows = dict(re.findall(r'blob/main/([^"]+)">.*?</a>.*?<a class="plain muted"[^>]*>([^<]+)</a>', page, re.DOTALL))
    assert rows["notes.txt"] == "Second version"
    assert rows["photo.png"] == "First version"
    assert rows["odd%20name%20%26%20100%25.txt"] == "First version"
    assert "History" in page


@pytest.mark.parametrize("address", [BASE, f"{BASE}/tree/main/docs", f"{BASE}/branches", "/alice", "/explore"])
def test_a_slash_at_the_end_of_an_address_leads_to_the_same_page(reader: Visitor, address: str) -> None:
    assert reader.get(f"{address}/").status_code == 200


def test_a_folder_in_a_folder_has_its_own_last_changes(reader: Visitor) -> None:
    page = reader.get(f"{BASE}/tree/main/docs").text
    assert "guide" in page
    assert "new.txt" in page
    assert "Second version" in page
    assert reader.get(f"{BASE}/tree/main/docs/guide").status_code == 200


def test_a_file_page_shows_its_text_by_line(reader: Visitor) -> None:
    page = reader.get(f"{BASE}/blob/main/notes.txt").text
    assert 'id="L1"' in page
    assert "second" in page
    assert "first" not in page


def test_an_old_version_is_reached_from_the_history_with_the_same_bytes(reader: Visitor) -> None:
    history = reader.get(f"{BASE}/commits/main/notes.txt").text
    shas = re.findall(rf"{BASE}/raw/([0-9a-f]{{40}})/notes.txt", history)
    assert len(shas) == 2
    assert reader.get(f"{BASE}/raw/{shas[1]}/notes.txt").data == b"first\n"
    assert reader.get(f"{BASE}/raw/{shas[0]}/notes.txt").data == b"second\n"
    old_page = reader.get(f"{BASE}/blob/{shas[1]}/notes.txt").text
    assert "older version" in old_page
    assert "first" in old_page


def test_a_commit_tells_who_and_which_files(reader: Visitor) -> None:
    sha = re.findall(rf"{BASE}/commit/([0-9a-f]{{40}})", reader.get(f"{BASE}/commits/main").text)[0]
    page = reader.get(f"{BASE}/commit/{sha}").text
    assert "Alice Liddell" in page
    assert re.findall(r'<details.*?change-(\w)">', page.partition("changed-file")[2], re.DOTALL) != []
    assert "docs/new.txt" in page


def test_raw_bytes_are_the_file(reader: Visitor) -> None:
    answer = reader.get(f"{BASE}/raw/main/photo.png")
    assert answer.data == PHOTO
    assert (answer.content_type, answer.content_length) == ("image/png", len(PHOTO))
    again = reader.get(f"{BASE}/raw/main/photo.png", **{"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


@pytest.mark.parametrize(("name", "media"), [("page.html", "text/plain"), ("picture.svg", "image/svg+xml")])
def test_active_content_is_handed_out_and_never_run(reader: Visitor, name: str, media: str) -> None:
    answer = reader.get(f"{BASE}/raw/main/{name}")
    assert answer.mimetype == media
    assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    if media != "text/plain":
        assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_download_keeps_the_files_name(reader: Visitor) -> None:
    answer = reader.get(f"{BASE}/raw/main/odd name %26 100%25.txt?download=1")
    assert answer.headers["Content-Disposition"] == (
        "attachment; filename=\"odd name & 100%.txt\"; filename*=UTF-8''odd%20name%20%26%20100%25.txt"
    )


def test_the_zip_holds_every_file(reader: Visitor) -> None:
    answer = reader.get(f"{BASE}/archive/main.zip")
    archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.testzip() is None
    assert archive.read("website-main/photo.png") == PHOTO
    assert archive.read("website-main/docs/guide/intro.md") == b"# Intro\n"
    assert "website-main/empty" in archive.namelist()


def test_the_tar_holds_every_file(reader: Visitor) -> None:
    with tarfile.open(fileobj=io.BytesIO(reader.get(f"{BASE}/archive/main.tar.gz").data)) as archive:
        assert "website-main/notes.txt" in archive.getnames()


@pytest.mark.parametrize(
    "path",
    ["/tree/nobranch", "/tree/main/nowhere", "/blob/main/nope", "/blob/main/notes.txt/x",
     "/raw/main/docs", "/raw/main/nope", "/commits/nobranch", "/commits/main/nope", f"/commit/{'0' * 40}",
     "/commit/xyz",     "/archive/nobranch.zip", "/tree/--exec=x", "/blob/main/..%2f..%2fetc", "/raw/main/%00",
     "/commit/--all"],
)  # fmt: skip
def test_what_is_not_there_is_told(reader: Visitor, path: str) -> None:
    assert reader.get(BASE + path).status_code == 404


def test_a_folder_and_a_file_lead_to_their_own_pages(reader: Visitor) -> None:
    assert reader.get(f"{BASE}/blob/main/docs").location == f"{BASE}/tree/main/docs"
    assert reader.get(f"{BASE}/tree/main/notes.txt").location == f"{BASE}/blob/main/notes.txt"


@pytest.mark.parametrize("page", ["x", "-1", "0", "999", "9" * 30])
def test_a_page_of_the_history_that_is_not_one_is_no_error(reader: Visitor, page: str) -> None:
    assert reader.get(f"{BASE}/commits/main?page={page}").status_code == 200


def test_a_warm_page_asks_the_store_nothing(reader: Visitor) -> None:
    reader.get(BASE)
    with requests() as asked:
        for page in ["", "/tree/main/docs", "/blob/main/notes.txt", "/commits/main", "/raw/main/notes.txt"]:
            assert reader.get(BASE + page).status_code == 200
    assert asked.total == 0


def test_an_empty_project_says_what_to_do(
    signed_in: Callable[[Account], Visitor], alice: Account, secret: object
) -> None:
    page = signed_in(alice).get("/alice/secret").text
    assert "/alice/secret/upload/main" in page
    assert "Upload files" in page


PLACES = ["", "/tree/main", "/blob/main/notes.txt", "/raw/main/notes.txt", "/commits/main", f"/commit/{'0' * 40}",
          "/archive/main.zip", "/activity", "/upload/main", "/settings", "/settings/people"]  # fmt: skip


@pytest.mark.parametrize("place", PLACES)
def test_a_private_project_is_what_a_missing_one_is(
    visitor: Visitor, charlie: Account, secret: ProjectAccess, signed_in: Callable[[Account], Visitor], place: str
) -> None:
    stranger = signed_in(charlie)
    private, missing = (stranger.get(f"/alice/{name}{place}") for name in ("secret", "nosuch"))
    assert (private.status_code, private.data) == (404, missing.data)
    kept = {"Date", "Set-Cookie", "X-Request-ID"}
    assert {k: v for k, v in private.headers if k not in kept} == {k: v for k, v in missing.headers if k not in kept}
    anonymous = {name: visitor.get(f"/alice/{name}{place}") for name in ("secret", "nosuch")}
    assert (
        len({(answer.status_code, answer.data.replace(name.encode(), b"")) for name, answer in anonymous.items()}) == 1
    )


def test_a_visitor_sees_a_public_project_without_buttons_to_change_it(reader: Visitor, visitor: Visitor) -> None:
    page = visitor.get(BASE)
    assert page.status_code == 200
    assert "/upload/" not in page.text


def test_a_range_is_sent_of_a_file_that_is_right_to_its_end(reader: Visitor, website: ProjectAccess) -> None:
    packs = (copy_path(website.repository_id) / "objects" / "pack").glob("*.pack")
    largest = max(packs, key=lambda file: file.stat().st_size)
    data = bytearray(largest.read_bytes())
    data[-1000] ^= 1
    largest.write_bytes(data)
    address = f"{BASE}/raw/main/photo.png"
    first = reader.get(address, Range="bytes=0-9")
    assert (first.status_code, "damaged" in first.text) == (503, True)
    healed = reader.get(address, Range="bytes=70000-1000000")
    assert (healed.status_code, healed.data) == (206, PHOTO[70_000:1_000_001])
