"""Names and links that nobody would think of: every page comes, and nothing goes round in circles."""

import os
from urllib.parse import quote

import pytest

from tests.browse.conftest import Onlooker


@pytest.fixture
def deployment() -> str:
    """What cannot depend on the database or the store is tried on one deployment."""
    return "embedded"


READABLE = [
    name.encode() for name in ("café.txt", "日本語 #1?.md", "<b>&amp;.txt", "%2e%2e", "\u202egnp.exe", "a+b;c=d")
]
UNREADABLE = [b"caf\xe9.txt", b"\xff\xfe"]
PAGES = ("", "/tree/main/odd", "/find/main?q=x", "/search/main?q=content", "/commits/main/odd")


def test_names_in_any_encoding_have_pages(onlooker: Onlooker) -> None:
    (onlooker.gallery.folder / "odd").mkdir()
    for name in READABLE + UNREADABLE:
        (onlooker.gallery.folder / "odd" / os.fsdecode(name)).write_bytes(b"content\n")
    sha = onlooker.gallery.commit({}, "Odd names")
    onlooker.show()
    for page in (*PAGES, f"/commit/{sha}", f"/commit/{sha}?view=split"):
        assert "<b>&amp;.txt" not in onlooker.get(page)
    for name in READABLE:
        for kind in ("blob", "raw", "blame", "commits"):
            assert "content" in onlooker.get(f"/{kind}/main/odd/{quote(name)}") or kind == "commits"
    for name in UNREADABLE:
        absent = onlooker.visitor.get(f"{onlooker.project.path}/blob/main/odd/{quote(name)}")
        assert (absent.status_code, "Open the folder “odd”" in absent.text) == (404, True)


def test_a_submodule_that_leads_back_to_its_own_project_is_no_circle(onlooker: Onlooker) -> None:
    own = onlooker.gallery.git("rev-parse", "HEAD")
    onlooker.gallery.git("update-index", "--add", "--cacheinfo", f"160000,{own},odd/itself")
    onlooker.gallery.git("commit", "-q", "-m", "Itself")
    onlooker.show()
    for page in (*PAGES, "/commit/" + onlooker.gallery.git("rev-parse", "HEAD")):
        assert "odd" in onlooker.get(page) or "q=" in page
    for deeper in ("odd/itself", "odd/itself/odd/itself", "odd/itself/tales/new.txt"):
        for kind in ("tree", "blob", "raw"):
            answer = onlooker.visitor.get(f"{onlooker.project.path}/{kind}/main/{deeper}")
            assert (answer.status_code, "Open the" in answer.text or kind == "raw") == (404, True)
