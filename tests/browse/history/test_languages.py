"""The languages of a project, by the bytes of its source files, and by what `.gitattributes` say of them."""

import re
from collections.abc import Callable

import pytest

from framework.browse.history import languages
from tests.browse.conftest import Onlooker

FILES = {
    "a.py": b"x" * 600,
    "b.R": b"x" * 300,
    "odd.xyz": b"x" * 100,
    "node_modules/lib.js": b"x" * 9000,
    "made/tables.c": b"x" * 9000,
    "data.csv": b"x" * 9000,
    ".gitattributes": b"*.xyz linguist-language=Stan\nmade/** linguist-generated\n",
}


def told(page: str) -> dict[str, str]:
    return dict(re.findall(r'language-dot[^>]*></span><b>([^<]*)</b> <span class="muted">([^<]*)', page))


def test_a_project_tells_its_languages(shown: Callable[[dict[str, bytes]], Onlooker]) -> None:
    assert told(shown(FILES).get()) == {"Python": "60.0 %", "R": "30.0 %", "Stan": "10.0 %"}


SHARED = {
    "fit.m": b"% fits\nfunction y = fit(x)\n",
    "view.m": b"#import <Cocoa/Cocoa.h>\n@implementation View\n@end\n",
    "curve.pro": b"; draws\nPRO curve\nEND\n",
    "run.pl": b"use strict;\nmy $x = 1;\n",
    "facts.pl": b"add(X, Y) :- Y is X + 1.\n",
    "paper.cls": b"% a class\n\\NeedsTeXFormat{LaTeX2e}\n",
    "shape.h": b"class Shape { public: int n; };\n",
    "start": b"#!/usr/bin/env Rscript\nx <- 1\n",
    "notes.inc": b"int x;\n",
}


def test_files_whose_endings_are_shared_count_for_what_their_first_lines_say(
    shown: Callable[[dict[str, bytes]], Onlooker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "MOST_LANGUAGES", 20)
    onlooker = shown(SHARED)
    assert set(told(onlooker.get())) == {"MATLAB", "Objective-C", "IDL", "Perl", "Prolog", "TeX", "C++", "R", "C"}
    onlooker.gallery.commit({"view.m": b"% now MATLAB\n"}, "Another language")
    onlooker.show()
    assert set(told(onlooker.get())) == {"MATLAB", "IDL", "Perl", "Prolog", "TeX", "C++", "R", "C"}


def test_the_attributes_of_a_file_decide_on_pages_in_blame_and_in_differences(
    shown: Callable[[dict[str, bytes]], Onlooker],
) -> None:
    said = b"*.run linguist-language=R\n*.odd linguist-language=No-such\nmade.py linguist-generated=true\n"
    onlooker = shown(
        {".gitattributes": said, "in/fit.run": b"f <- function(x) x\n", "a.odd": b"f <- 1\n", "made.py": b"x = 1\n"}
    )
    sha = onlooker.gallery.git("rev-parse", "main")
    keyword = '<span class="code-keyword">function</span>'
    assert keyword in onlooker.get("/blob/main/in/fit.run")
    assert keyword in onlooker.get("/blame/main/in/fit.run")
    difference = onlooker.get(f"/commit/{sha}")
    assert keyword in difference
    folded = re.findall(r'<details class="card changed-file" id="file-\d+">.*?<b>([^<]*)</b>', difference, re.DOTALL)
    assert folded == ["made.py"]
    assert told(onlooker.get()) == {"R": "73.1 %", "No such": "26.9 %"}
    assert "code-" not in onlooker.get("/blob/main/a.odd").partition("<tbody>")[2]


def test_a_version_of_too_many_files_tells_none(
    shown: Callable[[dict[str, bytes]], Onlooker], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(languages, "MOST_ENTRIES", 3)
    assert told(shown(FILES).get()) == {}
