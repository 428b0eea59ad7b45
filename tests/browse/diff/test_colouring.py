"""Lines of a difference: in the colours of their language, with the changed words marked, beside what they replaced."""

import re

import pytest
from markupsafe import Markup

from framework.browse.diff import sandboxed
from framework.browse.diff.patches import ADDED, CONTEXT, REMOVED, PatchLine, insert_marks, mark_words, pair_lines
from framework.browse.render.code.highlighting import highlight_lines
from tests.browse.conftest import Onlooker

TALE = '"""A tale.\n' + "".join(f"import line {number}\n" for number in range(20)) + '"""\nx = 1\n'


def changed(onlooker: Onlooker, name: str, before: bytes, after: bytes, query: str = "") -> str:
    onlooker.gallery.commit({name: before}, "Before")
    sha = onlooker.gallery.commit({name: after}, "After")
    onlooker.show()
    return onlooker.get(f"/commit/{sha}{query}")


@pytest.mark.parametrize("query", ["", "?view=split"])
def test_a_line_has_the_colours_that_it_has_in_its_file(onlooker: Onlooker, query: str) -> None:
    after = TALE.replace("import line 10\n", "import tail 10\n").replace("x = 1", "x = 2")
    page = changed(onlooker, "a.py", TALE.encode(), after.encode(), query)
    assert '<span class="code-string">import line 8</span>' in page
    assert '<span class="code-string">import </span><mark><span class="code-string">tail</span></mark>' in page
    assert re.search(r'diff-removed.*x = <mark><span class="code-number">1</span></mark>', page)
    assert re.search(r'diff-added.*x = <mark><span class="code-number">2</span></mark>', page)


def test_lines_in_any_encoding_and_with_any_ends_can_be_read(onlooker: Onlooker) -> None:
    before, after = ("# déjà vu\r\nname = 'Genève'\r\n", "# déjà lu\r\nname = 'Orléans'\r\n")
    page = changed(onlooker, "a.py", before.encode("cp1252"), after.encode("cp1252"))
    assert re.search(r'<span class="code-comment"># déjà </span><mark>', page)
    assert "Orléans" in page


def test_of_large_files_the_lines_are_plain(onlooker: Onlooker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandboxed, "LONGEST_COLOURED_PAGE_BYTES", 3)
    page = changed(onlooker, "a.py", b"x = 1\n", b"x = 2\n")
    assert "x = <mark>2</mark>" in page


@pytest.mark.parametrize("text", ["def f(a): return '<b>' & a  # why", "", "plain", "\t<&>"])
def test_marks_change_no_text(text: str) -> None:
    coloured = highlight_lines("a.py", text)[0] if text else Markup()
    for start in range(len(text)):
        for end in range(start + 1, len(text) + 1):
            made = str(insert_marks(coloured, [(start, end)]))
            inside = re.sub(r"<[^>]*>", "", made.partition("<mark>")[2].partition("</mark>")[0])
            assert Markup(inside).unescape() == text[start:end]
            assert Markup(re.sub(r"<[^>]*>", "", made)).unescape() == text
            assert not re.search(r"<span[^>]*>[^<]*</?mark>", made)


LINES = [
    PatchLine(REMOVED, 1, None, "total = sum(values)"),
    PatchLine(ADDED, None, 1, "values = list(values)"),
    PatchLine(ADDED, None, 2, "total = sum(values) / len(values)"),
    PatchLine(ADDED, None, 3, ""),
]


def test_a_line_stands_beside_the_one_that_it_is_most_like() -> None:
    beside = [(old and old.old, new and new.new) for old, new in pair_lines(LINES)]
    assert beside == [(None, 1), (1, 2), (None, 3)]
    turned = [PatchLine(ADDED if line.kind == REMOVED else REMOVED, line.new, line.old, line.plain) for line in LINES]
    assert [(old and old.old, new and new.new) for old, new in pair_lines(turned)] == [(1, None), (2, 1), (3, None)]
    assert [bool(line.marks) for line in mark_words(LINES)] == [False, False, True, False]


def test_lines_that_did_not_change_are_not_marked() -> None:
    same = [PatchLine(CONTEXT, 1, 1, "a b c"), *LINES[:1], PatchLine(CONTEXT, 2, 2, "d")]
    assert mark_words(same) == same
