"""Large files that git does not compare by lines are compared by what they hold, also where only the store has them."""

import base64
import io
import json
import os
import re
import zipfile
from html import unescape

import pytest

from framework.repositories.cache.eviction import evict
from framework.storage.contract import StoreUnavailable
from framework.storage.counting import requests
from framework.storage.current import store
from tests.browse.conftest import Onlooker
from tests.browse.render import made_papers as made
from tests.browse.render.workbooks import number, text, xlsx_of

LARGE = (1 << 20) + 100_000


def padded(package: bytes) -> bytes:
    """The same document, with a large picture that no reader looks at."""
    file = io.BytesIO(package)
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("media/large.bin", os.urandom(LARGE))
    return file.getvalue()


def notebook(source: str) -> bytes:
    picture = base64.b64encode(os.urandom(LARGE)).decode()
    output = {"output_type": "display_data", "data": {"image/png": picture}}
    return json.dumps({"cells": [{"cell_type": "code", "source": source, "outputs": [output]}], "nbformat": 4}).encode()


def files_of(depth: str) -> dict[str, bytes]:
    return {
        "a.docx": padded(made.word(made.paragraph(made.run(f"The lake is {depth} m deep")))),
        "b.xlsx": padded(xlsx_of({"Lakes": [[text("name"), text("depth")], [text("Baikal"), number(int(depth))]]})),
        "c.ipynb": notebook(f"depth = {depth}"),
        "d.docx": padded(made.word(made.paragraph(made.run(f"Depth: {depth}")))),
        "e.bin": os.urandom(LARGE),
    }


@pytest.fixture
def cold(onlooker: Onlooker) -> str:
    """The page of a commit that changes large files, of a project of which only the history is on the disk."""
    onlooker.gallery.commit(files_of("80"), "Before")
    sha = onlooker.gallery.commit(files_of("81"), "After")
    onlooker.show()
    evict(onlooker.project.repository_id)
    onlooker.get(f"/commits/{sha}")
    return f"/commit/{sha}"


def test_a_page_reads_three_large_files_and_links_to_the_others(onlooker: Onlooker, cold: str) -> None:
    with requests() as asked:
        page = onlooker.get(cold)
    assert asked.operations == ["range"] * 6
    assert "The lake is <mark>81</mark> m deep" in page
    assert "<del>80</del> <ins>81</ins>" in page
    assert "Changed code cell" in page
    assert page.count("Too large for a comparison by lines") == 1
    (link,) = re.findall(r'data-on-demand href="([^"]+)"', page)
    assert unescape(link).endswith("?path=d.docx")
    with requests() as asked:
        alone = onlooker.visitor.get(unescape(link)).text
    assert asked.operations == ["range"] * 2
    assert "Depth: <mark>81</mark>" in alone


def test_without_the_store_a_page_has_their_sizes(
    onlooker: Onlooker, cold: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_arguments: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(store(), "stream", fail)
    page = onlooker.get(cold)
    assert page.count("Too large for a comparison by lines") == 4
