# ruff: noqa: RUF001 - letters of other scripts look like Latin ones
"""Hidden signs in texts: those that turn the order around are warned of, and all of them are shown."""

import pytest
from markupsafe import Markup, escape

from framework.browse.render.signs import mixes_scripts, show_signs, turns_order
from tests.browse.render.made_files import Show

TURNED = "if access != 'user\u202e \u2066# check\u2069 \u2066':\n    print('in')\n"
WARNING = "change the direction in which parts of it are shown"


@pytest.mark.parametrize(
    "text", ["plain", "مرحبا بالعالم", "שלום עולם \u200f", "می\u200cخواهم", "👩\u200d🔬", "a\xa0b"]
)
def test_what_scripts_need_is_left_alone(text: str) -> None:
    assert not turns_order([text])
    assert show_signs(escape(text)) == text


@pytest.mark.parametrize(
    "sign", ["\u202a", "\u202e", "\u2066", "\u2069", "\u200b", "\u2060", "\ufeff", "\u3164", "\U000e0041"]
)
def test_a_hidden_sign_is_shown_and_keeps_its_place(sign: str) -> None:
    shown = show_signs(escape(f"a{sign}<b"))
    assert f'data-sign="U+{ord(sign):04X}"' in shown
    assert Markup(shown).striptags() == f"a{sign}<b".strip()


def test_files_and_differences_warn(shown: Show) -> None:
    visitor = shown({"evil.py": TURNED.encode(), "arabic.txt": "مرحبا\n".encode()})
    assert WARNING in visitor.get("/blob/main/evil.py")
    assert 'data-sign="U+202E"' in visitor.get("/blame/main/evil.py")
    assert WARNING not in visitor.get("/blob/main/arabic.txt")
    commit = visitor.get("/commit/main")
    assert commit.count(WARNING) == 1
    assert 'data-sign="U+2066"' in commit


@pytest.mark.parametrize("text", ["привет мир, как дела", "Ελληνικά", "Δx = αs", "a о b", "naïve Größe", "日本ABC"])
def test_texts_of_one_script_or_of_several_are_left_alone(text: str) -> None:
    assert not mixes_scripts([text])
    assert show_signs(escape(text)) == text


@pytest.mark.parametrize("letter", ["\u0430", "\u03bf", "\uff41", "\u0585"])
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
