"""Colours never change the text, whatever it is."""

import html
import re

import pytest
from markupsafe import Markup
from pygments.lexers import find_lexer_class_by_name

from framework.browse.render.code import highlighting
from framework.browse.render.code.highlighting import highlight_lines, snippet, split_lines
from framework.browse.render.code.table import LANGUAGES, SHARED


def text_of(lines: list[Markup]) -> list[str]:
    return [html.unescape(re.sub(r"<[^>]+>", "", line)) for line in lines]


TEXTS = {
    "a.py": '"""Doc\n\nstring"""\nif a < b and c > "</span>":\n\tpass',
    "a.html": "<script>if (a && b) {}</script>\n<!-- x -->\n<p class='y'>&amp;</p>\n",
    "a.md": "# A\n\n```py\nx = 1\n```\n",
    "a.json": '{"a": [1, 2.5e3, null]}\n',
    "a.diff": "--- a\n+++ b\n-x\n+y\n",
    "a.php": "<?php echo 'x'; ?>\n<b>\n",
    "a.txt": "<script>\n",
    "unknown": "x\ty\n",
    "empty.py": "",
    "blank.py": "\n\n\n",
    "dos.py": "a = 1\r\nb = 2\r\n",
    "broken.c": 'char *x = "never closed\n/* nor this',
    "page.py": "a = 1\x0c\nb = 2\u2028c\n",
    "mark.py": "\ufeffa = 1\n",
    "long.js": "a+" * 10_000,
}


@pytest.mark.parametrize("name", TEXTS)
def test_the_text_stays_what_it_is(name: str) -> None:
    assert text_of(highlight_lines(f"folder/{name}", TEXTS[name])) == split_lines(TEXTS[name])


def test_words_have_the_class_of_their_kind() -> None:
    line = highlight_lines("a.py", "def f(): return 'x'  # why")[0]
    assert re.findall(r'class="([\w-]+)"', line) == [
        "code-keyword", "code-function", "code-keyword", "code-string", "code-string", "code-string", "code-comment",
    ]  # fmt: skip


def test_a_line_that_is_too_long_for_colours_is_plain_among_coloured_ones() -> None:
    long = "'a'+" * highlighting.LONGEST_LINE
    made = highlight_lines("a.js", f"var a = 1;\n{long}\nvar b = 2;")
    assert ["<span" in line for line in made] == [True, False, True]
    assert made[1].striptags() == long


@pytest.mark.parametrize("empty", ["\n", " \n"])
def test_a_text_with_very_many_empty_lines_is_plain(empty: str) -> None:
    assert "<span" in highlight_lines("a.py", f"import a\n{empty * highlighting.MOST_EMPTY_LINES}import b\n")[0]
    assert (
        "<span" not in highlight_lines("a.py", f"import a\n{empty * (highlighting.MOST_EMPTY_LINES + 1)}import b\n")[0]
    )


@pytest.mark.parametrize("language", ["antlr-java", "cfc", "html+lasso", "nosuch"])
def test_a_language_that_is_slow_to_tell_or_not_known_is_plain(language: str) -> None:
    assert snippet(language, "/* <a> */\nx") == "/* &lt;a&gt; */\nx"


def test_what_takes_too_long_is_plain_from_there_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(highlighting, "LONGEST_SECONDS", -1.0)
    text = "import os\nimport sys\n# taking too long\n"
    assert text_of(highlight_lines("a.py", text)) == split_lines(text)
    assert "<span" not in highlight_lines("a.py", text)[1]


@pytest.mark.parametrize(
    ("text", "lines"), [("", []), ("\n", [""]), ("a", ["a"]), ("a\n", ["a"]), ("a\r\nb\rc\n\n", ["a", "b", "c", ""])]
)
def test_lines_end_where_editors_end_them(text: str, lines: list[str]) -> None:
    assert split_lines(text) == lines


COMMENTS = {
    "fun.m": ("% adds one\nfunction y = fun(x)\n  y = x' + 1;\nend\n", "% adds one"),
    "note.m": ("(* adds one *)\nf[x_] := x + 1\n", "(* adds one *)"),
    "view.m": ("#import <Cocoa/Cocoa.h>\n// draws\n@implementation View\n@end\n", "// draws"),
    "old.F": ("C     adds one\n      PROGRAM X\n      END\n", "C     adds one"),
    "fixed.for": ("C     adds one\n      END\n", "C     adds one"),
    "new.F95": ("! adds one\nprogram main\nend program\n", "! adds one"),
    "fit.R": ("# adds one\nf <- function(x) x + 1\n", "# adds one"),
    "curve.pro": ("; adds one\nPRO curve\nEND\n", "; adds one"),
    "facts.pl": ("% adds one\nadd(X, Y) :- Y is X + 1.\n", "% adds one"),
    "run.pl": ("#!/usr/bin/perl\n# adds one\nmy $x = 1;\n", "# adds one"),
    "paper.cls": ("% adds one\n\\NeedsTeXFormat{LaTeX2e}\n", "% adds one"),
    "Trigger.cls": ("// adds one\npublic class Trigger { }\n", "// adds one"),
    "own.sty": ("% adds one\n\\def\\a{b}\n", "% adds one"),
    "Snakefile": ("# adds one\nrule all:\n    input: 'a'\n", "# adds one"),
    "map.smk": ("# adds one\nrule a:\n    input: 'a'\n", "# adds one"),
    "flow.nf": ("// adds one\nprocess a { }\n", "// adds one"),
    "tool.cwl": ("# adds one\ncwlVersion: v1.2\n", "# adds one"),
    "task.wdl": ("# adds one\nworkflow a { }\n", "# adds one"),
    "plot.gp": ("# adds one\nplot sin(x)\n", "# adds one"),
    "survey.sps": ("* adds one.\nFREQUENCIES VARIABLES=a.\n", "* adds one."),
    "shapes.h": ("// adds one\nclass Shape { public: int n; };\n", "// adds one"),
    "de.ts": ("<?xml version='1.0'?>\n<!-- adds one -->\n<TS/>\n", "<!-- adds one -->"),
    "start": ("#!/usr/bin/env python3\n# adds one\n", "# adds one"),
}


@pytest.mark.parametrize("name", COMMENTS)
def test_comments_are_those_of_the_language(name: str) -> None:
    text, comment = COMMENTS[name]
    marked = re.findall(r'<span class="code-comment">(.*?)</span>', "\n".join(highlight_lines(name, text)))
    assert comment.replace(" ", "") in html.unescape("".join(marked)).replace(" ", "")


@pytest.mark.parametrize(
    ("told", "comment"),
    [("Fortran-Free-Form", "! x"), ("c++", "// x"), ("SPSS", "* x."), ("Nextflow", "// x"), ("Emacs Lisp", "; x")],
)
def test_the_language_that_somebody_named_decides(told: str, comment: str) -> None:
    assert 'class="code-comment"' in highlight_lines("a.py", f"{comment}\ny\n", told)[0]


def test_each_language_of_the_table_has_its_lexer() -> None:
    decided = {lexer for others, otherwise in SHARED.values() for lexer in (*dict(others).values(), otherwise)}
    for lexer in decided | {language.lexer for language in LANGUAGES} - {"spss"}:
        assert find_lexer_class_by_name(lexer), lexer
    endings = [ending for language in LANGUAGES for ending in language.endings]
    assert len(endings) == len(set(endings))
    assert SHARED.keys().isdisjoint(endings)
