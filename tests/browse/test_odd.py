"""Names and links that nobody would think of: every page comes, and nothing goes round in circles."""

import io
import os
import zipfile
from collections.abc import Callable
from urllib.parse import quote

import pytest

from tests.browse.conftest import Onlooker

READABLE = [
    name.encode()
    for name in (
        "café.txt",
        "日本語 #1?.md",
        "<b>&amp;.txt",
        "%2e%2e",
        "\u202egnp.exe",
        "a+b;c=d",
        "a\nb.txt",
        "tab\t.txt",
        "Icon\r",
    )
]
UNREADABLE = [b"caf\xe9.txt", b"\xff\xfe"]
PAGES = ("", "/tree/main/odd", "/find/main?q=x", "/search/main?q=content", "/commits/main/odd")


def test_names_in_any_encoding_have_pages(onlooker: Onlooker) -> None:
    (onlooker.gallery.folder / "odd").mkdir()
    for name in READABLE + UNREADABLE:
        (onlooker.gallery.folder / "odd" / os.fsdecode(name)).write_bytes(b"content\n")
    sha = onlooker.gallery.commit({}, "Odd names")
    onlooker.show()
    before = onlooker.gallery.git("rev-parse", "HEAD~1")
    onlooker.get(f"/compare/{before}..{sha}.patch")
    for page in (*PAGES, f"/commit/{sha}", f"/commit/{sha}?view=split", f"/compare/{before}...{sha}"):
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


def raw_commit(onlooker: Onlooker, *lines: bytes, branch: str = "main") -> str:
    """A commit of the newest files whose lines are as given, on this branch and under a tag of its name."""
    tree = onlooker.gallery.git("rev-parse", "main^{tree}").encode()
    sha = onlooker.gallery.git(
        *("hash-object", "-t", "commit", "-w", "--stdin", "--literally"), given=b"\n".join([b"tree " + tree, *lines])
    )
    onlooker.gallery.git("update-ref", f"refs/heads/{branch}", sha)
    onlooker.gallery.git("update-ref", f"refs/tags/at-{branch}", sha)
    return sha


@pytest.mark.parametrize(
    "moment",
    [
        *(b"1700000000000 +0000", b"253402300799 +0100", b"253402300799 -0100", b"9223372036854775807 +0000"),
        *(b"18446744073709551616 +0000", b"-1000 +0000", b"1700000000 +9999"),
    ],
)
def test_a_date_that_no_calendar_knows_takes_no_page_away(onlooker: Onlooker, moment: bytes) -> None:
    who = b"Ann <ann@example.org> " + moment
    sha = raw_commit(onlooker, b"author " + who, b"committer " + who, b"", b"Late\n")
    onlooker.show()
    pages = ("", "/branches", "/tags", "/commits/main", f"/commit/{sha}", "/blame/main/tales/new.txt", "/cite/main")
    for page in pages:
        onlooker.get(page)
    answer = onlooker.visitor.get(f"{onlooker.project.path}/raw/main/tales/new.txt")
    assert (answer.status_code, b"line 40" in answer.data) == (200, True)


@pytest.mark.parametrize(
    "who",
    [
        *(b"A <a@b.org>1700000000 +0000", b"A <a@b.org> 1700000000 +zzzz", b"A <a@b.org> 1700000000 UTC"),
        *(b"A <a@b.org> 1700000000 +", b"A <a@b.org> 1700000000 ", b"A <a@b.org> 1700000000 + 100"),
    ],
)
def test_a_moment_that_only_git_can_read_takes_no_page_away(onlooker: Onlooker, who: bytes) -> None:
    sha = raw_commit(onlooker, b"author " + who, b"committer " + who, b"", b"Odd")
    for name, end in (("said", b"\n\nSaid\n"), ("silent", b"\n")):
        lines = [b"object " + sha.encode(), b"type commit", b"tag " + name.encode(), b"tagger " + who]
        options = ("hash-object", "-t", "tag", "-w", "--stdin", "--literally")
        tag = onlooker.gallery.git(*options, given=b"\n".join(lines) + end)
        onlooker.gallery.git("update-ref", f"refs/tags/{name}", tag)
    onlooker.show()
    pages = ("", "/branches", "/tags", "/commits/main", f"/commit/{sha}", "/blame/main/tales/new.txt", "/cite/main")
    for page in (*pages, "/tree/said", "/tree/silent"):
        onlooker.get(page)
    assert onlooker.visitor.get(f"{onlooker.project.path}/raw/silent/tales/new.txt").status_code == 200


@pytest.mark.parametrize("encoding", ["GB2312", "cp936", "windows-1251", "EUC-JP", "ISO-8859-1", "Shift_JIS"])
def test_every_page_decodes_a_commit_as_it_says_of_itself(onlooker: Onlooker, encoding: str) -> None:
    text = "Déjà vu" if encoding == "ISO-8859-1" else "Привет" if "1251" in encoding else "日本"
    who = text.encode(encoding) + b" <ann@example.org> 1700000000 +0000"
    lines = [b"author " + who, b"committer " + who, b"encoding " + encoding.encode(), b"", text.encode(encoding)]
    sha = raw_commit(onlooker, *lines)
    onlooker.show()
    for page in ("/branches", "/tags", "/commits/main", f"/commit/{sha}"):
        assert onlooker.get(page).count(text) >= 2, page


def test_a_message_of_control_characters_is_shown(onlooker: Onlooker) -> None:
    who = b"Ann <ann@example.org> 1700000000 +0000"
    parent = onlooker.gallery.git("rev-parse", "main").encode()
    message = b"One \x1e two \x1f three \x1b[31m\n\n\x1e\x1f\x85\n"
    raw_commit(onlooker, b"parent " + parent, b"author " + who, b"committer " + who, b"", message)
    onlooker.show()
    for page in ("", "/branches", "/commits/main", "/commits/main/tales/new.txt", "/deleted/main"):
        onlooker.get(page)
    assert "three" in onlooker.get("/commits/main")


def test_a_tag_has_an_address_that_no_branch_can_have(onlooker: Onlooker) -> None:
    old = onlooker.gallery.git("rev-parse", "v1.0")
    onlooker.gallery.git("update-ref", "refs/heads/v1.0", "main")
    onlooker.gallery.git("update-ref", "refs/heads/refs/tags/v1.0/old.txt", "main")
    onlooker.gallery.git("update-ref", "refs/tags/v1.0", old)
    onlooker.show()
    assert "/tree/refs/tags/v1.0" in onlooker.get("/tags")
    assert "/blob/refs/tags/v1.0/old.txt" in onlooker.get("/tree/refs/tags/v1.0")
    assert "/blob/v1.0/tales" in onlooker.get("/tree/v1.0/tales")
    assert "/blob/v1.0/tales" in onlooker.get("/tree/refs/heads/v1.0/tales")
    assert "line three" in onlooker.get("/raw/refs/tags/v1.0/old.txt")
    assert "website-v1.0/old.txt" in archived(onlooker, "/archive/refs/tags/v1.0.zip")
    assert f"{onlooker.project.path}/tree/refs/tags/v1.0" in onlooker.get("/cite/refs/tags/v1.0")


@pytest.mark.parametrize("content", [None, b"* export-ignore\n"])
def test_an_archive_of_nothing_is_an_empty_one(onlooker: Onlooker, content: bytes | None) -> None:
    onlooker.gallery.git("checkout", "-q", "--orphan", "empty")
    onlooker.gallery.git("rm", "-rqf", ".")
    onlooker.gallery.commit({".gitattributes": content} if content else {}, "Nothing")
    onlooker.show()
    assert [name for name in archived(onlooker, "/archive/empty.zip") if not name.endswith("/")] == []
    assert onlooker.visitor.get(f"{onlooker.project.path}/archive/empty.tar.gz").status_code == 200


def archived(onlooker: Onlooker, place: str) -> list[str]:
    answer = onlooker.visitor.get(onlooker.project.path + place)
    return zipfile.ZipFile(io.BytesIO(answer.data)).namelist()


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be", "utf-32"])
def test_the_change_of_a_wide_text_is_shown_as_text(onlooker: Onlooker, encoding: str) -> None:
    mark = b"\xfe\xff" if encoding == "utf-16-be" else b""
    onlooker.gallery.commit({"wide.txt": mark + "one zebra\r\ntwo\r\n".encode(encoding)}, "Zebra")
    created = onlooker.gallery.git("rev-parse", "HEAD")
    changed = onlooker.gallery.commit({"wide.txt": mark + "one zebra\r\ngiraffe\r\n".encode(encoding)}, "Giraffe")
    onlooker.show()
    assert "zebra" in onlooker.get(f"/commit/{created}")
    for page in (f"/commit/{changed}", f"/commit/{changed}?path=wide.txt", f"/compare/{created}...{changed}"):
        assert "giraffe" in onlooker.get(page)


def test_an_archive_is_not_begun_when_there_is_too_much_in_it(
    onlooker: Onlooker, with_settings: Callable[..., object]
) -> None:
    onlooker.gallery.commit({"big/large.bin": bytes(3 << 20), "big/again.bin": bytes(3 << 20)}, "Large")
    onlooker.show()
    with_settings(max_archive_bytes=5 << 20)
    for place in ("/archive/main.zip", "/archive/main.tar.gz?path=big"):
        answer = onlooker.visitor.get(onlooker.project.path + place)
        assert (answer.status_code, "more than 5 MiB together" in answer.text) == (413, True)
    assert archived(onlooker, "/archive/main.zip?path=docs")
