# ruff: noqa: RUF001 - letters of other scripts look like Latin ones
"""Hidden signs in texts: those that turn the order around are warned of, and all of them are shown."""

import json

import pytest
from markupsafe import Markup, escape

from framework.browse.render.signs import (
    Warnings,
    hides_signs,
    mark_signs,
    mixes_scripts,
    show_signs,
    turns_order,
    warn_of_source,
)
from tests.browse.render.made_files import Show

TURNED = "if access != 'user\u202e \u2066# check\u2069 \u2066':\n    print('in')\n"
FOUND_LATER = ["\u200e", "\u200f", "\u061c", "\xad", "\u034f", "\u200d", "\ufe01", "\U000e0101", "\x1b", "\b"]
WARNING = "change the direction in which parts of it are shown"


@pytest.mark.parametrize(
    "text",
    [
        "plain",
        "مرحبا بالعالم",
        "שלום עולם \u200f",
        "می\u200cخواهم",
        "👩\u200d🔬",
        "a\xa0b",
        "❤\ufe0f 1\ufe0f\u20e3",
        "葛\U000e0100城",
    ],
)
def test_what_scripts_need_is_left_alone(text: str) -> None:
    assert not turns_order([text])
    assert not hides_signs([text])
    assert show_signs(escape(text)) == text


@pytest.mark.parametrize(
    "sign", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200b", "\u2060", "\ufeff", "\u3164", "\U000e0041", *FOUND_LATER]
)
def test_a_hidden_sign_is_shown_and_keeps_its_place(sign: str) -> None:
    shown = show_signs(escape(f"a{sign}<b"))
    assert f'data-sign="U+{ord(sign):04X}"' in shown
    assert hides_signs([f"a{sign}b"])
    assert Markup(shown).striptags() == f"a{sign}<b".strip()


def test_files_and_differences_warn(shown: Show) -> None:
    visitor = shown({"evil.py": TURNED.encode(), "arabic.txt": "مرحبا\n".encode()})
    assert WARNING in visitor.get("/blob/main/evil.py")
    assert 'data-sign="U+202E"' in visitor.get("/blame/main/evil.py")
    assert WARNING not in visitor.get("/blob/main/arabic.txt")
    commit = visitor.get("/commit/main")
    assert commit.count(WARNING) == 1
    assert 'data-sign="U+2066"' in commit


@pytest.mark.parametrize(
    "text", ["привет мир, как дела", "Ελληνικά", "Δx = αs", "a о b", "τί\u037e", "dɒɡ", "naïve Größe", "日本ABC"]
)
def test_texts_of_one_script_or_of_several_are_left_alone(text: str) -> None:
    assert not mixes_scripts([text])
    assert show_signs(escape(text)) == text


@pytest.mark.parametrize("letter", ["\u0430", "\u03bf", "\uff41", "\u0585", "\u0261", "\u01c3", "\u037e", "𝐚"])
def test_a_letter_that_looks_like_another_is_marked_where_it_stands_among_them(letter: str) -> None:
    line = f"p{letter}ypal = 1 & <b>"
    assert mixes_scripts([line])
    marked = show_signs(escape(line))
    assert f'title="U+{ord(letter):04X} ' in marked
    assert Markup(marked).striptags() == Markup(escape(line)).striptags()


def test_files_and_differences_warn_of_words_of_two_scripts(shown: Show) -> None:
    visitor = shown({"evil.py": "p\u0430ypal = 1\n".encode(), "russian.txt": "привет\n".encode()})
    assert "look the same" in visitor.get("/blob/main/evil.py")
    assert "look the same" not in visitor.get("/blob/main/russian.txt")
    assert visitor.get("/commit/main").count("look the same") == 1


def test_a_payload_behind_an_emoji_is_hidden_and_the_selector_of_its_colours_is_not() -> None:
    shown = show_signs(Markup("😀\ufe0f\U000e0141\U000e0142"))
    assert (shown.count("hidden-sign"), 'data-sign="U+FE0F"' in shown) == (2, False)
    assert not hides_signs(["<span>😀</span>\ufe0f"])


@pytest.mark.parametrize(
    ("text", "hides"),
    [
        ("\x1b[31mERROR\x1b[0m \x1b[38;5;8mgrey\x1b[m", False),
        ("Donau\xaddampf\xadschiff", False),
        ("\x1b[8mconcealed\x1b[0m", True),
        ("\x1b[1;08mconcealed", True),
        ("\x1b[2Kerased", True),
        ("pass\xad_word", True),
    ],
)
def test_colours_of_a_terminal_and_soft_hyphens_in_words_are_marked_quietly(text: str, *, hides: bool) -> None:
    assert hides_signs([text]) is hides
    shown = show_signs(escape(text))
    assert ("data-sign" in shown, 'class="hidden-sign"' in shown) == (True, hides)


def test_signs_are_marked_outside_of_tags_only() -> None:
    html = Markup('<img alt="p\u0430y > \u200b" title="x">p\u0430y')
    marked = mark_signs(html)
    assert marked.startswith('<img alt="p\u0430y > \u200b" title="x">')
    assert marked.count("look-alike") == 1
    assert mark_signs("<b>\u200b") == Markup("&lt;b&gt;") + show_signs(Markup("\u200b"))


def test_signs_that_a_source_writes_by_numbers_are_told_of() -> None:
    assert warn_of_source(r'{"a": "\\u202e", "b": "\\u001b[31m"}') == Warnings(turns_order=True, hides_signs=True)
    assert warn_of_source('\ufeff{"a": "\\\\u001b[31m"}') == Warnings()


def test_every_form_of_a_text_marks_and_tells(shown: Show) -> None:
    cell = {"cell_type": "code", "source": "a\u200bb = 1", "outputs": []}
    files = {
        "a.py": "a\u200bb = 1\n",
        "b.ipynb": json.dumps({"cells": [cell], "nbformat": 4}),
        "c.csv": "x,y\n1,a\u200bb\n",
        "d.json": '{"a\u200bb": 1}',
        "e.bib": "@book{k, title = {a\u200bb}}",
        "f.md": "\ufeffa\u200bb",
    }
    visitor = shown({name: text.encode() for name, text in files.items()})
    for name in files:
        page = visitor.get(f"/blob/main/{name}")
        assert "signs that nobody sees" in page, name
        assert page.count('data-sign="U+200B"') == (1 if name == "f.md" else 2), name
    assert 'data-sign="U+200B"' in visitor.get("/blob/main/c.csv").partition("<tbody>")[2]
    assert 'data-sign="U+200B"' in visitor.get("/search/main?q=a%E2%80%8Bb")
    assert "signs that nobody sees" in visitor.get("/blame/main/a.py")
    sha = visitor.gallery.commit({"c.csv": b"x,y\n1,ab\n", "g.txt": "\ufeffplain\n".encode()}, "Clean")
    visitor.show()
    commit = visitor.get(f"/commit/{sha}")
    assert (commit.count("signs that nobody sees"), '<del>a<bdi class="hidden-sign"' in commit) == (1, True)
