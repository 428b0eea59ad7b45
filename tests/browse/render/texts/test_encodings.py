"""Text from bytes of any encoding."""

import json
import re
import struct

import pytest

from framework.browse.render import rendering
from framework.browse.render.content import is_text, media_type
from framework.browse.render.encodings import decode
from framework.sandbox.sandbox import Busy
from tests.browse.render.made_files import Show


@pytest.mark.parametrize(
    ("data", "text", "encoding"),
    [
        (b"plain", "plain", "utf-8"),
        ("\ufeffx".encode(), "x", "utf-8"),
        ("x".encode("utf-16-be"), "\0x", "utf-8"),
        (b"\xff\xfex\0", "x", "utf-16"),
        ("t,x\n1,Größe\n".encode("utf-16-le"), "t,x\n1,Größe\n", "utf-16le"),
        ("t,x\n1,ąę\n".encode("utf-16-be"), "t,x\n1,ąę\n", "utf-16be"),
        ("déjà vu à Genève".encode("cp1252"), "déjà vu à Genève", "windows-1252"),
        ("Привет, как дела?".encode("koi8_r"), "Привет, как дела?", "koi8-r"),
    ],
)
def test_bytes_become_text(data: bytes, text: str, encoding: str) -> None:
    found = decode(data)
    assert (found.text.replace("\ufffd", ""), found.encoding) == (text, encoding)


@pytest.mark.parametrize(
    "data",
    [
        struct.pack("<8H", *range(1, 9)),
        struct.pack("<8H", 60, 70, 80, 90, 0, 100, 110, 120),
        struct.pack("<40h", *range(-60, 60, 3)),
        b"RIFF\0\0\0\0WAVE",
    ],
)
def test_numbers_of_two_bytes_are_no_text(data: bytes) -> None:
    assert not is_text(data)


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
    head = mark + b"x\0" * bool(charset == "utf-16")
    assert media_type("notes.txt", head, goes_on=True) == f"text/plain; charset={charset}"


def test_raw_text_is_sent_in_the_encoding_that_its_page_names(shown: Show) -> None:
    late = b"plain\n" * 60_000 + "Größe\n".encode("cp1252")
    visitor = shown({"half.txt": b"caf\xc3", "late.txt": late, "whole.txt": "Größe".encode()})
    for name, encoding in {"half.txt": "windows-1252", "late.txt": "windows-1252", "whole.txt": "utf-8"}.items():
        page = visitor.get(f"/blob/main/{name}")
        assert f">{encoding}</summary>" in page, name
        answer = visitor.visitor.get(f"/alice/website/raw/main/{name}")
        assert answer.headers["Content-Type"] == f"text/plain; charset={encoding}"
        assert len(answer.data) == {"half.txt": 4, "late.txt": len(late), "whole.txt": 7}[name]


def test_a_reader_chooses_the_encoding_of_a_difference(shown: Show) -> None:
    before, now = ({"a.txt": f"{word}\n", "b.csv": f"{word},1\nl,2\n"} for word in ("люд", "шлюд"))
    visitor = shown({name: text.encode("cp1251") for name, text in before.items()})
    sha = visitor.gallery.commit({name: text.encode("cp1251") for name, text in now.items()}, "Words")
    visitor.show()
    page = visitor.get(f"/commit/{sha}?path=a.txt&encoding=koi8-r")
    assert 'encoding=koi8-r" aria-current="true"' in page
    assert "шлюд".encode("cp1251").decode("koi8-r") in re.sub("</?mark>", "", page)
    assert "<ins>шлюд</ins>" in visitor.get(f"/commit/{sha}?path=b.csv&encoding=windows-1251")
    assert "<ins>шлюд</ins>" not in visitor.get(f"/commit/{sha}?path=b.csv&encoding=koi8-r")


def test_a_difference_reads_each_side_in_the_encoding_of_its_file(shown: Show) -> None:
    text, late = "größe = 1\n", "ascii\n" * 20_000 + "Źródło: Główny Urząd, województwo łódzkie\n" * 20
    visitor = shown({"a.py": text.encode("cp1252"), "late.txt": late.encode("cp1250"), "gone.txt": b"caf\xe9\n"})
    (visitor.gallery.folder / "gone.txt").unlink()
    sha = visitor.gallery.commit({"a.py": text.encode(), "late.txt": (late + "dąb\n").encode("cp1250")}, "To UTF-8")
    visitor.show()
    page = visitor.get(f"/commit/{sha}")
    signs = re.findall(r'diff-sign">([+-])</span>(.*)</td>', page)
    lines = [(sign, re.sub("<[^>]*>", "", line)) for sign, line in signs]
    assert lines == [("-", "größe = 1"), ("+", "größe = 1"), ("-", "café"), ("+", "dąb")]
    assert "Read as windows-1252 before and" in page


def test_a_text_in_utf_16_without_a_mark_is_a_text(shown: Show) -> None:
    data, russian = "Größe = 1\n".encode("utf-16-le"), "Ключ\n".encode("utf-16-le")
    visitor = shown({"a.py": data, "b.txt": russian})
    sha = visitor.gallery.commit({"a.py": "Größe = 2\n".encode("utf-16-le")}, "Two")
    visitor.show()
    assert ">utf-16le</summary>" in visitor.get("/blob/main/a.py")
    assert "Größe" in visitor.get("/blame/main/a.py")
    assert "Größe" in visitor.get(f"/commit/{sha}")
    assert "Ключ" not in visitor.get("/blob/main/b.txt")
    assert "Ключ" in visitor.get("/blob/main/b.txt?encoding=utf-16le")
    assert "Ключ" in visitor.get("/blame/main/b.txt?encoding=utf-16le")
    answer = visitor.visitor.get("/alice/website/raw/main/a.py")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-16le"


def test_lines_are_read_in_their_encoding_where_nothing_can_be_rendered(
    shown: Show, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = shown({"a.py": "größe = 1\n".encode("cp1252")})
    monkeypatch.setattr(rendering.sandbox, "call", refuse)
    page = visitor.get("/blob/main/a.py")
    assert ("größe" in page, ">windows-1252</summary>" in page, rendering.BUSY in page) == (True, True, True)
    assert "grцЯe" in visitor.get("/blob/main/a.py?encoding=windows-1251")
    assert "größe" in visitor.get("/blame/main/a.py")


def refuse(*_call: object, **_options: object) -> None:
    """What the sandbox does when others are being served."""
    raise Busy
