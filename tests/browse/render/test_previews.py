"""Files as what they are, and bad input: a page within bounds that says what it left out, and nothing that runs."""

import base64
import gzip
import json
import re
from shutil import rmtree

import pytest
from markupsafe import escape

from framework import config
from framework.browse.render import json_trees, rendering
from framework.browse.render.content import SHOWN_TEXT_BYTES
from framework.browse.render.documents import Links
from framework.browse.render.json_trees import read_tree
from framework.browse.render.notebooks import outputs
from framework.browse.render.notebooks.dressing import dress
from framework.browse.render.notebooks.reading import read_notebook
from framework.browse.render.tables import reading as tables
from framework.browse.render.tables.grid import TABLE_PAGE
from framework.browse.render.tables.reading import read_table
from framework.browse.view_options import ViewOptions
from tests.browse.conftest import Onlooker
from tests.browse.render.made_files import Show, png_of, tarred, zipped

NOTEBOOK = {
    "nbformat": 4,
    "metadata": {},
    "cells": [
        {"cell_type": "markdown", "source": ["# Title\n", "$x^2$ [x](javascript:alert(1))"]},
        {
            "cell_type": "code",
            "execution_count": 3,
            "source": "print(1)",
            "outputs": [
                {"output_type": "stream", "text": ["\x1b[31mred\x1b[0m\n"]},
                {
                    "output_type": "display_data",
                    "data": {
                        "text/html": "<table><tr><td>7</td></tr></table><script>alert(1)</script>"
                        "<img src=x onerror=alert(1)>"
                    },
                },
                {"output_type": "display_data", "data": {"image/png": base64.b64encode(b"PNG").decode()}},
                {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload='alert(1)'/>"}},
                {"output_type": "display_data", "data": {"text/latex": "$$\\frac{1}{2}$$"}},
                {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
                {"output_type": "error", "ename": "E", "evalue": "v", "traceback": []},
            ],
        },
    ],
}  # fmt: skip

FILES = {
    "table.csv": b"name;size\n" + b"".join(f"n{n};{n}\n".encode() for n in range(TABLE_PAGE + 50)),
    "ragged.csv": b'a,b\n1\n1,2,3\n"open',
    "note.ipynb": json.dumps(NOTEBOOK).encode(),
    "broken.ipynb": b'{"cells": 7}',
    "cut.ipynb": b'{"cells": [',
    "odd.ipynb": b'{"cells": [7, {"cell_type": "code", "source": {}, "outputs": [1, {"data": 5}]}, {}]}',
    "old.ipynb": b'{"worksheets": [{"cells": [{"cell_type": "code", "input": "old = 1",'
    b' "outputs": [{"output_type": "pyout", "text": "7"}]}]}]}',
    "tree.json": b'{"a": [1, "x<y", null]}',
    "bad.json": b"{",
    "deep.json": b"[" * 100_000,
    "line.json": b'{"a": "' + b"x" * (2 << 20) + b'"}',
    "text.txt": b"0123456789\n" * (SHOWN_TEXT_BYTES // 11 + 10),
    "long.txt": b"y" * 200_000,
    "latin.txt": "Œuvres: déjà vu à Genève, où l'été est là\n".encode("cp1252") * 20,
    "wide.txt": "Ωmega\n".encode("utf-16"),
    "doc.rst": b"Title\n=====\n\n.. include:: /etc/passwd\n\n"
    b".. raw:: html\n\n   <script>alert(1)</script>\n\n"
    b":math:`\\frac{1}{2}` `x <javascript:alert(1)>`__ *kept*\n\n"
    b".. csv-table::\n   :file: /etc/passwd\n",
    "doc.md": b"[x](javascript:alert(1)) $\\href{javascript:alert(1)}{x}"
    b"\\text{<script>alert(1)</script>}$\n\n- [x] done\n"
    b"\n<a title='&#xe000;'>y</a> $$\\frac{$$ [^1]\n\n[^1]: The note.\n",
    "files.zip": zipped(["a/b.txt", "../evil", "<script>"]),
    "cut.zip": zipped(["a"])[:-5],
    "files.tar.gz": tarred(["a/b.txt", "c"]),
    "cut.tgz": tarred(["a/b.txt"])[:30],
    "bomb.tar.gz": gzip.compress(tarred(["a"], "w:")[:1024] + b"\0" * 512 + b"x" * (1 << 20)),
    "bomb.png": png_of(60_000, 60_000),
    "small.png": png_of(30, 20),
    "bytes.bin": bytes(range(256)) * 100,
    "page.svg": b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>",
    "fake.pdf": b"<script>alert(1)</script>",
    "true.pdf": b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "late.pdf": b" " * 1019 + b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "too-late.pdf": b" " * 1020 + b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n",
    "evil.html": b"<script>alert(1)</script>",
    "song.flac": b"fLaC\0",
}  # fmt: skip


@pytest.fixture
def onlooker(shown: Show) -> Onlooker:
    return shown(FILES)


@pytest.mark.long
def test_every_file_has_a_page_that_runs_nothing_of_it(onlooker: Onlooker) -> None:
    for name in FILES:
        for query in ("", "?plain=1", "?page=2&sort=1&order=down", "?page=999999999&sort=x"):
            page = onlooker.get(f"/blob/main/{name}{query}")
            body = page.partition("<main")[2]
            assert "<script" not in body, name
            assert not re.search(r"<[^>]+\s(onerror|onload)=", body), name
            assert not re.search(r"(href|src)=\"\s*javascript:", body), name
    for name in ("text.txt", "page.svg", "evil.html", "fake.pdf"):
        raw = onlooker.visitor.get(f"{onlooker.project.path}/raw/main/{name}")
        assert (raw.headers["Content-Security-Policy"], raw.headers["X-Content-Type-Options"]) == (
            "sandbox; default-src 'none'",
            "nosniff",
        )


SHOWN = {
    "table.csv": ["<th scope=\"col\"", "250 rows", "Next rows"],
    "ragged.csv": ["of them longer or shorter"],
    "note.ipynb": ["<h1 id=\"doc-title\">", "<td>7</td>", "data:image/png;base64,UE5H",
                   "data:image/svg+xml;base64,", "<mfrac>", "E: v", ">red</span>\n", "[3]",
                   "The interactive script is left out"],
    "broken.ipynb": ["it has no cells", "shown as text"],
    "cut.ipynb": ["cannot be read as what its name says"],
    "old.ipynb": ["old = ", "7"],
    "tree.json": ["<details", "x&lt;y", "null"],
    "deep.json": ["nested too deeply"],
    "line.json": ["larger than 512 KiB", "Lines are cut"],
    "text.txt": ["Only the first 8 MiB of"],
    "long.txt": ["Lines are cut after 10,000 characters"],
    "latin.txt": ["déjà vu à Genève"],
    "wide.txt": ["Ωmega", "utf-16"],
    "doc.rst": ["id=\"doc-title\"", "<mfrac>", "<em>kept</em>", ".. include:: /etc/passwd", ":file: /etc/passwd",
                "&lt;script&gt;alert(1)", "is shown as it is written"],
    "doc.md": ["☑ done", "The note.", "<math"],
    "files.zip": ["a/b.txt", "../evil", "&lt;script&gt;", "3 entries, 30 bytes unpacked"],
    "cut.zip": ["not a whole ZIP file"],
    "files.tar.gz": ["a/b.txt", "2 entries"],
    "cut.tgz": ["it is damaged"],
    "bomb.png": ["60,000 by 60,000 pixels, too many to show", "89 50 4e 47"],
    "small.png": ["30 \u00d7 20", "/raw/main/small.png"],
    "bytes.bin": ["00 01 02 03", "00000010", "Show bytes", "(the first 4 KiB of 25 KiB)"],
    "true.pdf": ["<iframe"],
    "late.pdf": ["<iframe"],
    "too-late.pdf": ["%PDF-1.4"],
    "song.flac": ["<audio"],
}  # fmt: skip


def test_a_file_is_shown_as_what_it_is(onlooker: Onlooker) -> None:
    pages = {name: onlooker.get(f"/blob/main/{name}") for name in SHOWN}
    assert {name: words for name, wanted in SHOWN.items() for words in wanted if words not in pages[name]} == {}
    assert not any("root:" in page for page in pages.values())


def test_a_table_is_sorted_by_numbers_and_turned_round(onlooker: Onlooker) -> None:
    page = onlooker.get("/blob/main/table.csv?sort=1&order=down")
    assert re.findall(r"<td>n(\d+)</td>", page)[:3] == ["249", "248", "247"]
    second = onlooker.get("/blob/main/table.csv?sort=1&page=2")
    assert re.findall(r"<td>n(\d+)</td>", second)[0] == str(TABLE_PAGE)


def test_a_pdf_may_be_framed_by_our_pages_and_a_false_one_may_not(onlooker: Onlooker) -> None:
    true, false = (
        onlooker.visitor.get(f"{onlooker.project.path}/raw/main/{name}") for name in ("true.pdf", "fake.pdf")
    )
    assert (true.mimetype, true.headers["X-Frame-Options"]) == ("application/pdf", "SAMEORIGIN")
    assert "default-src 'none'" in true.headers["Content-Security-Policy"]
    assert (false.mimetype, false.headers["X-Frame-Options"]) == ("text/plain", "DENY")


def test_a_part_of_a_file_is_sent_when_a_part_is_asked_for(onlooker: Onlooker) -> None:
    address = f"{onlooker.project.path}/raw/main/text.txt"
    part = onlooker.visitor.get(address, Range="bytes=1000-1010")
    assert (part.status_code, part.data) == (206, FILES["text.txt"][1000:1011])
    assert part.headers["Content-Range"] == f"bytes 1000-1010/{len(FILES['text.txt'])}"
    assert onlooker.visitor.get(address, Range="bytes=-5").data == FILES["text.txt"][-5:]
    assert onlooker.visitor.get(address, Range=f"bytes={1 << 30}-").status_code == 416
    changed = onlooker.visitor.get(address, **{"Range": "bytes=0-4", "If-Range": '"other"'})
    assert (changed.status_code, len(changed.data)) == (200, len(FILES["text.txt"]))
    whole = onlooker.visitor.get(address)
    assert whole.headers["Accept-Ranges"] == "bytes"
    again = onlooker.visitor.get(address, **{"If-Modified-Since": whole.headers["Last-Modified"]})
    assert again.status_code == 304


def test_a_folder_of_very_many_files_has_pages(shown: Show) -> None:
    onlooker = shown({f"many/{number:05}": b"x" for number in range(2_500)})
    first, last = onlooker.get("/tree/main/many"), onlooker.get("/tree/main/many?page=3")
    assert (first.count('class="file-name"'), last.count('class="file-name"')) == (1_001, 501)
    assert "2,500 entries, page 3" in last


def test_a_readme_lies_where_people_put_it(shown: Show) -> None:
    onlooker = shown({"docs/README.rst": b"Deep\n====\n", "sub/readme.TXT": b"plain"})
    assert 'id="doc-deep"' in onlooker.get()
    assert "plain" in onlooker.get("/tree/main/sub")
    onlooker.gallery.commit({"README.md": b"# Root"}, "Root")
    onlooker.show()
    assert '<h1 id="doc-root">' in onlooker.get()
    onlooker.gallery.commit({".github/README.md": b"# Hidden\n[x](a.md)"}, "Hidden")
    onlooker.show()
    page = onlooker.get()
    assert '<h1 id="doc-hidden">' in page
    assert "/blob/main/.github/a.md" in page


@pytest.mark.parametrize("rows", ["", "\n\n"])
def test_a_table_without_rows_is_none(rows: str) -> None:
    with pytest.raises(ValueError, match="no rows"):
        read_table("a.csv", rows, ViewOptions())


def test_work_on_one_file_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 10)
    assert read_table("a.csv", "a\n" * 12, ViewOptions()).left_out == 1
    monkeypatch.setattr(json_trees, "MOST_NODES", 3)
    with pytest.raises(ValueError, match="more than 3 values"):
        read_tree("", "[1, 2, 3]", ViewOptions())


def test_a_long_notebook_is_dressed_as_far_as_a_page_can_take(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "LONGEST_DRESSED", 30)
    monkeypatch.setattr(outputs, "LONGEST_SHOWN", 90)
    formula = {"output_type": "display_data", "data": {"text/latex": "$\\alpha$"}}
    cells = [
        {"cell_type": "markdown", "source": "# A title"},
        {"cell_type": "code", "source": "def f(): pass", "outputs": []},
        {"cell_type": "code", "source": "def g(): pass", "outputs": [formula]},
        {"cell_type": "markdown", "source": "# As written " + "x" * 60},
        {"cell_type": "markdown", "source": "# Left out"},
    ]
    book = dress(read_notebook("", json.dumps({"cells": cells}), ViewOptions()), Links("/p", "main", ""))
    first, second, *others = book.cells
    assert '<h1 id="doc-a-title">' in (first.html or "")
    assert '<span class="code-function">f</span>' in (second.html or "")
    assert [cell.html for cell in others] == [None, None]
    assert others[0].outputs[0].html is None
    assert (book.has_plain, book.left_out) == (True, 1)


def test_an_image_that_claims_to_be_one_is_left_out_of_a_notebook() -> None:
    output = {"output_type": "display_data", "data": {"image/png": '"><script>', "text/plain": "instead"}}
    cell = {"cell_type": "code", "source": "", "outputs": [output]}
    made = read_notebook("", json.dumps({"cells": [cell]}), ViewOptions())
    assert [output.content for cell in made.cells for output in cell.outputs] == ["instead"]


COSTLY = {
    "README.md": b"![" * 65_000,
    "README.rst": "".join(f".. |a{n}| replace:: |a{n + 1}| |a{n + 1}|\n" for n in range(30)).encode() + b"\n|a0|\n",
}


@pytest.mark.parametrize("name", COSTLY)
def test_a_document_that_costs_too_much_or_fails_is_shown_as_it_is_written(shown: Show, name: str) -> None:
    visitor = shown({name: COSTLY[name]})
    for address in ("", f"/blob/main/{name}"):
        page = visitor.get(address)
        assert (rendering.TOO_COSTLY in page) == (name == "README.md")
        assert escape(COSTLY[name][:40].decode()) in page


def test_a_render_is_remembered_and_made_once(shown: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {"README.md": b"# Title", "a.py": b"x = 1", "a.ipynb": b'{"cells": []}', "a.zip": zipped(["b"])}
    visitor = shown(files)
    addresses = ("", *(f"/blob/main/{name}" for name in files))
    visitor.get("")  # which is told that it woke the project
    first = [visitor.get(address) for address in addresses]
    rmtree(config.current().data / "pages")
    monkeypatch.setattr(rendering.sandbox, "_child", lambda: pytest.fail("it was made again"))
    for address, page in zip(addresses, first, strict=True):
        assert csrf_free(visitor.get(address)) == csrf_free(page)


def csrf_free(page: str) -> str:
    """The page without what differs each time it is asked for."""
    return re.sub(r'name="csrf_token"[^>]*>', "", page)
