"""Differences of tables, notebooks, pictures and pointers, as people think of them."""

import json
import re
from html import unescape

import pytest

from framework.browse.diff.differences import SHOWN_FILES
from framework.browse.diff.patches import CONTEXT, PatchLine, find_changed_words
from tests.browse.conftest import Onlooker

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize {}\n"


def notebook(*sources: str, output: str = "1") -> bytes:
    cells = [
        {"cell_type": "code", "source": one, "outputs": [{"output_type": "stream", "text": output}]} for one in sources
    ]
    return json.dumps({"cells": cells, "nbformat": 4}).encode()


def changed(onlooker: Onlooker, before: dict[str, bytes], after: dict[str, bytes]) -> str:
    onlooker.gallery.commit(before, "Before")
    sha = onlooker.gallery.commit(after, "After")
    onlooker.show()
    return onlooker.get(f"/commit/{sha}")


def test_a_table_changes_by_row_and_cell(onlooker: Onlooker) -> None:
    before = b"id,name,size\n1,one,10\n2,two,20\n3,three,30\n"
    page = changed(onlooker, {"t.csv": before}, {"t.csv": b"id,name,size\n1,one,10\n2,two,21\n4,<b>,40\n"})
    assert "<td>two</td><td><del>20</del> <ins>21</ins></td>" in page
    assert re.search(r"diff-row-removed.*<del>three</del>", page)
    assert re.search(r"diff-row-added.*<ins>&lt;b&gt;</ins>", page)
    assert "Show lines instead" in page


def test_a_notebook_changes_by_cell(onlooker: Onlooker) -> None:
    page = changed(
        onlooker, {"n.ipynb": notebook("a = 1", "b = 2", "c")}, {"n.ipynb": notebook("a = 1", "b = 3", "c", "d")}
    )
    assert '<mark><span class="code-number">2</span></mark>' in page
    assert "New code cell" in page
    assert "2 cells unchanged" in page
    outputs = changed(onlooker, {"n.ipynb": notebook("a")}, {"n.ipynb": notebook("a", output="2")})
    assert "only its outputs differ" in outputs


def test_a_broken_notebook_or_table_changes_by_line(onlooker: Onlooker) -> None:
    page = changed(onlooker, {"n.ipynb": b"{\n", "t.csv": b'a,b\n1,"x\n'}, {"n.ipynb": b"[\n", "t.csv": b'a,b\n2,"x\n'})
    assert page.count('class="diff-removed"') == 2
    assert "Show lines instead" not in page


def test_a_picture_is_shown_before_and_now(onlooker: Onlooker) -> None:
    page = changed(onlooker, {"a b.png": b"\x89PNG\0one"}, {"a b.png": b"\x89PNG\0two"})
    addresses = re.findall(r'<img src="([^"]+/raw/[^"]+)"', page)
    assert [onlooker.visitor.get(address).data for address in addresses] == [b"\x89PNG\0one", b"\x89PNG\0two"]


def test_a_large_file_stored_elsewhere_changes_by_size_and_hash(onlooker: Onlooker) -> None:
    old, new = (POINTER.format(sign * 64, size).encode() for sign, size in (("a", 1024), ("b", 2048)))
    page = changed(onlooker, {"film.mp4": old}, {"film.mp4": new})
    assert "1 KiB, stored with Git LFS as" in page
    assert "2 KiB, stored with Git LFS as" in page
    taken = changed(onlooker, {"film.mp4": new}, {"film.mp4": b"the film\n"})
    assert "not stored with Git LFS" in taken


def test_the_changes_of_many_files_come_when_they_are_asked_for(onlooker: Onlooker) -> None:
    """Of 185 files the page shows 20, in a list that is a tree; it counts the lines of all, and no file is lost."""
    folders = ("a/deep/path", "a/deep/other", "b", "")
    files = {f"{folders[number % 4]}/{number:03}.txt".lstrip("/"): b"line\n" * 30 for number in range(180)}
    files |= {f"pictures/{number}.png": b"\x89PNG\0" for number in range(5)}
    page = changed(onlooker, {"one": b"1"}, files)
    assert page.count('class="code diff"') == SHOWN_FILES
    assert len(page) < 400_000
    links = re.findall(r'data-on-demand href="([^"]+)"', page)
    listed = re.findall(r'href="#file-(\d+)"', page)
    assert sorted(map(int, listed)) == list(range(1, 186))
    assert len(links) == 185 - SHOWN_FILES
    assert ">a/deep</span>" in page  # one folder in another is one step of the tree
    assert page.count("<details open><summary>") == 5
    counted = re.search(r'count-added">\+([\d,]+)', page)
    assert counted
    assert int(counted[1].replace(",", "")) == 100 * 30
    alone = onlooker.visitor.get(unescape(links[0])).text
    assert alone.count('class="code diff"') == 1
    assert 'card changed-file" id="file-1" open' in alone


def test_a_page_of_very_many_changes_is_bounded(onlooker: Onlooker) -> None:
    files = {f"f/{number:03}.txt": b"line\n" * 100 for number in range(350)} | {"long.txt": b"x\n" * 5_000}
    page = changed(onlooker, {"one": b"1"}, files)
    assert "351 changed files" in page
    assert "more files are not listed" in page
    assert "Show the changes of this file" in page
    assert page.count('class="diff-added"') <= 6_000
    sha = onlooker.gallery.git("rev-parse", "HEAD")
    alone = onlooker.get(f"/commit/{sha}?path=long.txt")
    assert alone.count('class="diff-added"') == 5_000
    assert "All files of this change" in alone


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("a b c", "a x c", ("a <mark>b</mark> c", "a <mark>x</mark> c")),
        ("<b>", "<i>", ("&lt;<mark>b</mark>&gt;", "&lt;<mark>i</mark>&gt;")),
        ("nothing alike", "1234", ("nothing alike", "1234")),
        ("x" * 500, "x" * 501, ("x" * 500, "x" * 501)),
    ],
)
def test_words_are_marked_where_lines_have_enough_in_common(old: str, new: str, wanted: tuple[str, str]) -> None:
    marks = find_changed_words(old, new)
    shown = tuple(PatchLine(CONTEXT, 1, 1, text, places).text for text, places in zip((old, new), marks, strict=True))
    assert shown == wanted
