"""Text from bytes of any encoding."""

import json

import pytest

from framework.browse.render.content import media_type
from framework.browse.render.encodings import decode
from tests.browse.render.made_files import Show


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"plain", "plain", "utf-8"),
        ("\ufeffx".encode(), "x", "utf-8"),
        ("x".encode("utf-16-be"), "\0x", "utf-8"),
        (b"\xff\xfex\0", "x", "utf-16"),
        ("déjà vu à Genève".encode("cp1252"), "déjà vu à Genève", "windows-1252"),
        ("Привет, как дела?".encode("koi8_r"), "Привет, как дела?", "koi8-r"),
    ],
)
def test_bytes_become_text(data: bytes, text: str, encoding: str) -> None:
    found = decode(data)
    assert (found.text.replace("\ufffd", ""), found.encoding) == (text, encoding)


def test_halves_of_surrogate_pairs_are_shown_as_replacement_characters(shown: Show) -> None:
    half = "cut \ud83d emoji"
    kinds = ("text/html", "text/latex", "text/markdown", "text/plain", "image/svg+xml", half)
    outputs = [{"output_type": "display_data", "data": {kind: half}} for kind in kinds]
    cells = [{"cell_type": kind, "source": half, "outputs": outputs} for kind in ("code", "markdown", "raw")]
    book, tree = json.dumps({"cells": cells}).encode(), json.dumps({half: half}).encode()
    visitor = shown({"a.ipynb": book, "b.json": tree, "c.geojson": tree})
    for name in ("a.ipynb", "b.json", "c.geojson"):
        assert "cut � emoji" in visitor.get(f"/blob/main/{name}")


@pytest.mark.parametrize(("mark", "charset"), [(b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16"), (b"", "utf-8")])
def test_a_browser_is_told_an_encoding_that_it_knows(mark: bytes, charset: str) -> None:
    assert media_type("notes.txt", mark + b"x\0" * bool(charset == "utf-16")) == f"text/plain; charset={charset}"
