"""Files are found by letters of their paths, lines by what they hold, within bounds."""

import re
import unicodedata
from collections.abc import Callable
from urllib.parse import quote

import pytest

from framework.accounts.core.account import Account
from framework.browse.history import lines, search
from framework.browse.history.search import score_path
from framework.projects.core.access import ProjectAccess
from framework.repositories.cache.commit_graph import is_wanted, write_graph
from framework.repositories.cache.copy import open_copy
from framework.repositories.cache.eviction import copy_path, evict
from framework.repositories.cache.marker import FULL
from framework.storage.counting import requests
from tests.browse.conftest import Onlooker
from tests.cast import Visitor
from tests.uploads.conftest import store_files


def files(page: str) -> list[str]:
    return re.findall(r'class="plain break" href="[^"]+/blob/main/([^"]+)"', page)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("new", ["tales/new.txt"]),
        ("tnt", ["tales/new.txt"]),
        ("DOCSAB", ["docs/a%20b%25.txt"]),
        ("zzz", []),
        ("a b", ["docs/a%20b%25.txt", ".gitattributes"]),
    ],
)
def test_a_file_is_found_by_letters_of_its_path(onlooker: Onlooker, query: str, found: list[str]) -> None:
    assert files(onlooker.get(f"/find/main?q={query}")) == found


def test_the_name_counts_more_than_the_folders() -> None:
    paths = ["read/deep/x.py", "src/read.py", "r/e/a/d/y", "other"]
    fit = {path: score for path in paths if (score := score_path(path, "read")) is not None}
    assert sorted(fit, key=lambda path: fit[path]) == ["src/read.py", "read/deep/x.py", "r/e/a/d/y"]


def test_lines_are_found_at_a_ref(onlooker: Onlooker) -> None:
    page = onlooker.get("/search/main?q=LINE three")
    assert "No line of a text file" in page
    page = onlooker.get("/search/main?q=line THREE".replace("THREE", "three"))
    assert "<mark>line three</mark>" in page
    assert "/blob/main/tales/new.txt?plain=1#L3" in page
    assert "/blob/v1.0/old.txt" in onlooker.get("/search/v1.0?q=line three")


def test_a_text_is_found_however_its_letters_are_composed(shown: Callable[[dict[str, bytes]], Onlooker]) -> None:
    nfc, nfd = (unicodedata.normalize(form, "Übung") for form in ("NFC", "NFD"))
    onlooker = shown(
        {"nfc.txt": f"{nfc}\n".encode(), "nfd.txt": f"{nfd}\n".encode(), "i.txt": "İİ found here\n".encode()}
    )
    for query in (nfc, nfd):
        page = onlooker.get(f"/search/main?q={quote(query)}")
        assert (f"<mark>{nfc}</mark>" in page, f"<mark>{nfd}</mark>" in page) == (True, True)
    assert "İİ <mark>found</mark> here" in onlooker.get("/search/main?q=found")


def test_a_file_is_found_however_the_letters_of_its_name_are_composed(
    shown: Callable[[dict[str, bytes]], Onlooker],
) -> None:
    names = [unicodedata.normalize("NFC", "Übung/é.txt"), unicodedata.normalize("NFD", "Größe.txt")]
    onlooker = shown(dict.fromkeys(names, b"x"))
    for form in ("NFC", "NFD"):
        for name, letters in zip(names, ("übung/É", "größe"), strict=True):
            asked = quote(unicodedata.normalize(form, letters))
            assert files(onlooker.get(f"/find/main?q={asked}")) == [quote(name)]


def test_texts_of_every_encoding_are_searched(
    shown: Callable[[dict[str, bytes]], Onlooker], monkeypatch: pytest.MonkeyPatch
) -> None:
    onlooker = shown(
        {
            "latin.txt": "Die Größe der Fläche\nzweite\n".encode("cp1252"),
            "large.txt": "DIE GRÖSSE\n".encode("cp1252"),
            "utf8.txt": "größer\n".encode(),
            "wide.txt": "erste\r\nMeine Größe\r\n".encode("utf-16"),
            "back.txt": b"\xfe\xff" + "Größe\n".encode("utf-16-be"),
            "unmarked.txt": "die Größe\n".encode("utf-16-le"),
            "russian.txt": "Цдя длина, ширина и высота предметов\n".encode("cp1251"),  # its bytes hold those of "ö"
            "photo.jpg": b"\xff\xd8\n\xff\xfe" + bytes(9),
        }
    )
    page = onlooker.get(f"/search/main?q={quote('größe')}")
    marked = re.findall(r"<mark>([^<]*)</mark>", page)
    assert sorted(marked) == ["GRÖSSE", "Größe", "Größe", "Größe", "Größe", "größe"]
    assert "/blob/main/wide.txt?plain=1#L2" in page
    assert "russian.txt" not in onlooker.get(f"/search/main?q={quote('ö')}")
    assert "Die Größe der <mark>Fl" in onlooker.get("/search/main?q=Fl")
    assert "were left out" not in page
    monkeypatch.setattr(lines, "LONGEST_WIDE_BYTES", 30)
    page = onlooker.get("/search/main?q=nowhere")
    assert ("1 large text in UTF-16 was left out" in page, 'href="/alice/website/blob/main/wide.txt"' in page) == (
        True,
        True,
    )


@pytest.mark.parametrize("query", ["", "%20", "-e", "--open-files-in-pager=sh", "[", "(" * 300, "%F0%9F%A6%8A"])
def test_whatever_is_searched_for_is_text(onlooker: Onlooker, query: str) -> None:
    onlooker.get(f"/search/main?q={query}")
    onlooker.get(f"/find/main?q={query}")


def test_a_search_is_bounded(
    onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch, sleepy_git: Callable[[str], None]
) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 2)
    assert "Only the first 2 lines" in onlooker.get("/search/main?q=line")
    sleepy_git("grep")
    monkeypatch.setattr(lines, "DEADLINE_SECONDS", 0.2)
    assert "took too long" in onlooker.get("/search/main?q=nowhere")


def test_texts_in_utf_16_are_looked_for_once_where_that_takes_too_long(
    onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch, sleepy_git: Callable[[str], None]
) -> None:
    sleepy_git("-G")
    monkeypatch.setattr(lines, "WIDE_DEADLINE_SECONDS", 0.2)
    assert "UTF-16 are left out" in onlooker.get("/search/main?q=line")
    monkeypatch.setattr(lines, "WIDE_DEADLINE_SECONDS", 600.0)  # a second look would end, and find nothing
    page = onlooker.get("/search/main?q=three")
    assert ("UTF-16 are left out" in page, "<mark>three</mark>" in page) == (True, True)


@pytest.mark.parametrize(("bound", "value"), [("MOST_PRINTED_BYTES", 200_000), ("MOST_MARKED_FILES", 1)])
def test_a_search_that_has_enough_ends_git_without_a_failure(
    shown: Callable[[dict[str, bytes]], Onlooker], monkeypatch: pytest.MonkeyPatch, bound: str, value: int
) -> None:
    folder = "/".join(["long" * 50] * 4)
    wide = {f"{folder}/{number}.txt": "wide\n".encode("utf-16") for number in range(400)}  # git prints 320 kB of names
    onlooker = shown(wide | {"lines.txt": (b"x" * 100_000 + b"word\n") * 10})
    monkeypatch.setattr(lines, bound, value)
    assert "<mark>word</mark>" in onlooker.get("/search/main?q=word")


def test_the_list_of_found_files_is_bounded(onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "MOST_PATHS", 3)
    assert "Only the first 50,000" in onlooker.get("/find/v1.0?q=a")


def test_a_projects_page_tells_who_made_it_and_what_it_takes(onlooker: Onlooker) -> None:
    page = onlooker.get()
    assert "4 versions" in page
    assert "2 branches" in page
    assert "KiB stored" in page or "bytes stored" in page
    assert 'Contributors <span class="count">1</span>' in page


def test_a_commit_graph_changes_no_answer(onlooker: Onlooker) -> None:
    before = onlooker.get("/commits/main/tales/new.txt")
    repository_id = onlooker.project.repository_id
    assert is_wanted(copy_path(repository_id))
    assert write_graph(repository_id)
    assert not is_wanted(copy_path(repository_id))
    assert (copy_path(repository_id) / "objects" / "info" / "commit-graph").exists()
    onlooker.gallery.commit({"later.txt": b"x"}, "Later")
    onlooker.show()
    assert re.findall(r"/commit/\w+", onlooker.get("/commits/main/tales/new.txt")) == re.findall(r"/commit/\w+", before)


def test_a_cold_project_is_searched_without_its_large_files(reader: Visitor, website: ProjectAccess) -> None:
    evict(website.repository_id)
    for query in ("second", "nowhere at all"):
        answer = reader.get(f"/alice/website/search/main?q={query}")
        assert (answer.status_code, "Large files are not looked into." in answer.text) == (200, True)
    assert "<mark>second</mark>" in reader.get("/alice/website/search/main?q=second").text
    with open_copy(website.repository_id) as copy:
        assert not copy.is_whole


def test_texts_in_utf_16_are_looked_at_where_they_are_on_the_disk(website: ProjectAccess, alice: Account) -> None:
    wide = {f"{number}.txt": f"{number}\nGröße\n".encode("utf-16") for number in range(3)}
    store_files(website, alice, {**wide, "large.txt": ("Größe\n" * 100_000).encode("utf-16")})
    evict(website.repository_id)
    with open_copy(website.repository_id) as copy, requests() as made:
        found = lines.find_lines(copy, "main", "größe")
    assert ([file.path for file in found.files], found.unread, made.total) == (sorted(wide), [], 0)
    with open_copy(website.repository_id, FULL) as copy:
        assert lines.find_lines(copy, "main", "größe").unread == ["large.txt"]
