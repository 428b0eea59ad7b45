"""Files that an upload left out are told until they are dismissed."""

import json
from html import unescape

import pytest

from framework.projects.core.access import ProjectAccess
from framework.uploads.skipped import LISTED
from tests.cast import Visitor
from tests.uploads.form import MIB, nothing_stored, upload


def send(visitor: Visitor, skipped: object) -> int:
    """Upload one file, and tell what was left out."""
    text = skipped if isinstance(skipped, str) else json.dumps(skipped)
    return upload(visitor, {"a.txt": b"1"}, skipped=text).status_code


def told(path: str, size: int, why: str = "") -> dict[str, object]:
    return {"path": path, "size": size, "why": why}


def test_a_file_over_the_limit_is_told_until_it_is_dismissed(uploader: Visitor, secret: ProjectAccess) -> None:
    assert send(uploader, {"files": [told("video.mp4", 101 * MIB)], "count": 1}) == 303
    for _look in range(2):
        page = uploader.get("/alice/secret").text
        assert "1 uploaded, 1 skipped: video.mp4, 101 MiB, over the limit of 100 MiB" in page
        assert "message-warning" in page
    assert "skipped" not in uploader.get("/").text
    answer = uploader.submit("/alice/secret", to="/alice/secret/skipped/dismiss", next="/alice/secret/activity")
    assert answer.location == "/alice/secret/activity"
    assert "skipped" not in uploader.get("/alice/secret").text


def test_many_files_are_told_in_a_few_words(uploader: Visitor, secret: ProjectAccess) -> None:
    names = [told(f"{number}/" + "x" * 5000, 3, "“a” is a file." + "y" * 5000) for number in range(LISTED)]
    assert send(uploader, {"files": names, "count": 20_000, "ignored": 12}) == 303
    page = unescape(uploader.get("/alice/secret").text)
    assert "1 file uploaded. 12 left out: by a .gitignore, or as what programs leave behind." in page
    assert f"; and {20_000 - LISTED:,} more" in page
    assert "xxx, 3 bytes, “a” is a file.yyy" in page


def test_a_name_is_shown_as_text(uploader: Visitor, secret: ProjectAccess) -> None:
    send(uploader, {"files": [told("<script>alert(1)</script>", 3, "<b>")], "count": 1})
    assert "<script>alert" not in uploader.get("/alice/secret").text


@pytest.mark.parametrize(
    "bad",
    ["[", "[1]", '{"files": 1}', '{"files": [{}]}', '{"count": "x"}', '{"files": [{"path": 1, "size": 1, "why": 1}]}'],
)
def test_what_cannot_be_understood_stores_nothing(uploader: Visitor, secret: ProjectAccess, bad: str) -> None:
    assert send(uploader, bad) == 400
    assert nothing_stored(secret)
