"""Files and folders of the sizes that people really upload: each has a page, which says what it left out."""

import re
from collections.abc import Callable

import pytest

from framework.browse.view_options import PAGE_LINES
from tests.browse.conftest import Onlooker

LARGE_TEXT, LARGE_JSON = b"a line\n" * ((100 << 20) // 7), b'{"a": "' + b"x" * (50 << 20) + b'"}'
MANY = 100_000


@pytest.mark.long
def test_a_text_of_100_mib_and_a_line_of_50_mib_have_pages(shown: Callable[[dict[str, bytes]], Onlooker]) -> None:
    onlooker = shown({"large.txt": LARGE_TEXT, "large.json": LARGE_JSON})
    text = onlooker.get("/blob/main/large.txt")
    assert "Only the first 8 MiB of 100 MiB are shown." in text
    assert text.count('class="line"') == PAGE_LINES
    line = onlooker.get("/blob/main/large.json")
    for words in ("larger than 512 KiB and shown as text", "first 8 MiB of 50 MiB", "cut after 10,000 characters"):
        assert words in line
    commit = onlooker.get(f"/commit/{onlooker.gallery.git('rev-parse', 'HEAD')}")
    assert commit.count("Too large for a comparison by lines") == 2
    end = onlooker.visitor.get(f"{onlooker.project.path}/raw/main/large.txt", Range="bytes=-8")
    assert (end.status_code, end.data) == (206, LARGE_TEXT[-8:])


@pytest.mark.long
def test_a_folder_of_100_000_files_has_pages(onlooker: Onlooker) -> None:
    blob = onlooker.gallery.git("hash-object", "-w", "--stdin", given=b"x")
    lines = "".join(f"100644 blob {blob}\t{number:06}.txt\n" for number in range(MANY))
    tree = onlooker.gallery.git("mktree", given=lines.encode())
    root = onlooker.gallery.git("mktree", given=f"040000 tree {tree}\tmany\n".encode())
    sha = onlooker.gallery.git("commit-tree", "-m", "Very many", root)
    onlooker.gallery.git("update-ref", "refs/heads/many", sha)
    onlooker.show()
    page = onlooker.get("/tree/many/many?page=100")
    assert "100,000 entries, page 100" in page
    assert re.findall(r"/blob/many/many/(\d+)\.txt", page)[-1] == "099999"
    assert "Only the first 50,000 files are looked at" in onlooker.get("/find/many?q=99999")
    assert "99,700 more files are not listed" in onlooker.get(f"/commit/{sha}")
    absent = onlooker.visitor.get(f"{onlooker.project.path}/blob/many/many/nosuch/file.txt")
    assert (absent.status_code, f'href="{onlooker.project.path}/tree/many/many"' in absent.text) == (404, True)
