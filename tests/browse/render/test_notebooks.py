"""Notebooks of each format and of many tools are shown as Jupyter shows them, and nothing of them runs."""

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from framework.browse.render.documents import Links
from framework.browse.render.notebooks import outputs
from framework.browse.render.notebooks.dressing import dress
from framework.browse.render.notebooks.reading import Notebook, read_notebook
from framework.browse.render.notebooks.terminal import render_terminal, strip_signs
from framework.browse.view_options import ViewOptions
from tests.browse.render.made_files import Show

PNG = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="


def book_of(*cells: dict[str, Any], **metadata: Any) -> Notebook:
    """The dressed notebook of these cells."""
    text = json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4})
    return dress(read_notebook("", text, ViewOptions()), Links("/p", "main", ""))


def markdown(source: str, **more: Any) -> dict[str, Any]:
    return {"cell_type": "markdown", "source": source, **more}


def code(*outputs: dict[str, Any], source: str = "") -> dict[str, Any]:
    return {"cell_type": "code", "source": source, "execution_count": 3, "outputs": list(outputs)}


def displayed(**data: Any) -> dict[str, Any]:
    """An output with these forms, their media types written with `_` for `/`."""
    return {"output_type": "display_data", "data": {media.replace("_", "/", 1): form for media, form in data.items()}}


@pytest.mark.parametrize(
    ("source", "name"),
    [
        ("![image.png](attachment:image.png)", "image.png"),
        ("![b](attachment:my%20plot.png)", "my plot.png"),
        ('<img src="attachment:a.png" width="200">', "a.png"),
    ],
)
def test_a_pasted_picture_is_in_the_page(source: str, name: str) -> None:
    book = book_of(markdown(source, attachments={name: {"image/png": PNG}}))
    assert str(book.cells[0].html).count(f'src="data:image/png;base64,{PNG}"') == 1


@pytest.mark.parametrize("forms", [{}, {"text/html": "PGI+"}, {"image/png": '"><script>'}, {"image/x": PNG}, 7])
def test_what_is_no_picture_is_not_pasted(forms: object) -> None:
    book = book_of(markdown("![gone](attachment:a.png) [x](attachment:a.png)", attachments={"a.png": forms}))
    assert ("src=" in str(book.cells[0].html), "attachment" in str(book.cells[0].html)) == (False, False)


def test_format_3_has_headings_of_levels_and_all_worksheets() -> None:
    def heading(level: object, text: str) -> dict[str, Any]:
        return {"cell_type": "heading", "level": level, "source": [text]}

    sheets = [
        {"cells": [heading(1, "One"), heading(4, "Four"), heading("x", "Odd")]},
        {"cells": [markdown("second")]},
        {"cells": 7},
    ]
    book = read_notebook("", json.dumps({"worksheets": sheets}), ViewOptions())
    assert [cell.source for cell in book.cells] == ["# One", "#### Four", "# Odd", "second"]


@pytest.mark.parametrize(
    "target", ["#1.-Section-(new)", "#1-section-new", "#My-Heading", "#sec_a", "#sec_b", "#same-1"]
)
def test_each_way_to_link_to_a_heading_finds_it(target: str) -> None:
    book = book_of(
        markdown(f"[x]({target})"),
        markdown("# 1. Section (new)\n## Same"),
        markdown("## My Heading\n## Same"),
        markdown('<a name="sec_a"></a>\n### A\n\n<a class="anchor" id="sec_b"></a>\n### B'),
    )
    html = "".join(str(cell.html) for cell in book.cells)
    link = re.search('href="#([^"]*)"', html)
    assert link
    assert f'id="{link[1].replace("%28", "(").replace("%29", ")")}"' in html
    assert [(one.level, one.words) for one in book.outline][:2] == [(1, "1. Section (new)"), (2, "Same")]


@pytest.mark.parametrize(
    ("metadata", "source", "language"),
    [
        ({"language_info": {"name": "R"}}, "", "r"),
        ({"kernelspec": {"name": "ir"}}, "", "r"),
        ({"kernelspec": {"name": "julia-1.9"}}, "", "julia"),
        ({"kernelspec": {"language": "R"}, "language_info": {"name": "python"}}, "", "r"),
        ({}, "x", "python"),
        ({}, "%%bash\nls", "bash"),
        ({}, "%%time\nx", "python"),
    ],
)
def test_code_is_in_the_colours_of_its_language(metadata: dict[str, Any], source: str, language: str) -> None:
    assert book_of(code(source=source), **metadata).cells[0].language == language


def test_results_have_a_number_and_errors_of_the_standard_output_are_apart() -> None:
    result = {"output_type": "execute_result", "execution_count": 3, "data": {"text/plain": "7"}}
    book = book_of(code(result, {"output_type": "stream", "name": "stderr", "text": "mind"}, displayed(text_plain="8")))
    assert [(one.number, one.is_stderr) for one in book.cells[0].outputs] == [("3", False), ("", True), ("", False)]


@pytest.mark.parametrize(
    ("output", "kinds", "words"),
    [
        (
            displayed(**{"application_vnd.plotly.v1+json": {}, "text_plain": "Figure"}),
            ["text", "note"],
            "Plotly figure",
        ),
        (displayed(**{"application_vnd.vegalite.v5+json": {}, "image_png": PNG}), ["image"], "data:image/png"),
        (displayed(text_html="<div></div><script>draw()</script>"), ["note"], "interactive part"),
        (displayed(**{"application_vnd.jupyter.widget-view+json": {}}), ["note"], "widget"),
        (displayed(application_x="\ud800"), ["note"], "application/x"),
        (displayed(text_html="<b>7</b>"), ["html"], "7"),
    ],
)
def test_an_interactive_output_is_its_picture_or_a_note(output: dict[str, Any], kinds: list[str], words: str) -> None:
    outputs = book_of(code(output)).cells[0].outputs
    assert [one.kind for one in outputs] == kinds
    assert words in outputs[-1].content


@pytest.mark.parametrize("form", ["text_html", "text_latex", "text_markdown", "text_plain", "image_svg+xml"])
def test_half_of_a_surrogate_pair_is_replaced(form: str) -> None:
    book = book_of(markdown("# \ud83d"), code(displayed(**{form: "cut \ud83d"}), source="\udfff"))
    repr(book).encode()


PLAIN = {
    "10 %\r50 %\r100 %\n": "100 %\n",
    "abcdef\rxy\n": "xycdef\n",
    "dos\r\n": "dos\n",
    "ab\b\bx": "xb",
    "long\r\x1b[Kx": "x",
    "one\ntwo\x1b[Aup": "oneup\ntwo",
    "\x1b[999Aup": "up",
    "<b>\x1b[0m": "&lt;b&gt;",
    "a\x1b]0;title\x07b\x1b[?25lc\x1b(Bd": "abcd",
}


@pytest.mark.parametrize("text", PLAIN)
def test_a_terminals_signs_are_obeyed(text: str) -> None:
    assert render_terminal(text) == PLAIN[text]


@pytest.mark.parametrize(
    ("parameters", "classes"),
    [
        ("31", "ink-2"),
        ("91", "ink-2"),
        ("38;5;1", "ink-2"),
        ("38;2;205;0;0", "ink-2"),
        ("38:5:196", "ink-2"),
        ("38;5;244", "ink-grey"),
        ("1;4;44", "ground-18 term-bold term-underlined"),
        ("7", "ground-grey"),
        ("31;7", "ground-2"),
        ("41;7", "ink-2 ground-grey"),
    ],
)
def test_colours_are_classes_of_their_hues(parameters: str, classes: str) -> None:
    assert render_terminal(f"\x1b[{parameters}mx\x1b[0my") == f'<span class="{classes}">x</span>y'


@pytest.mark.parametrize("parameters", ["30", "97", "38;5;999", "38;2", "38", "22", "31;39", "1;22", "999999", ""])
def test_black_white_and_what_is_no_colour_are_the_themes(parameters: str) -> None:
    assert render_terminal(f"\x1b[{parameters}mx") == "x"


def test_a_link_of_a_terminal_is_one_when_it_is_harmless() -> None:
    good, bad = "\x1b]8;;https://example.org/?a&b\x1b\\", "\x1b]8;id=1;javascript:alert(1)\x07"
    made = render_terminal(f"{good}<x>\x1b]8;;\x1b\\ {bad}y\x1b]8;;\x07")
    assert made == '<a href="https://example.org/?a&amp;b" rel="nofollow noopener">&lt;x&gt;</a> y'


@given(st.text(st.sampled_from("ab<\x1b[]0123m;KA\r\n\b\\8\x07"), max_size=60))
def test_any_signs_leave_text_and_whole_elements_only(text: str) -> None:
    left = re.sub(r'<span class="[a-z0-9 -]+">|</span>', "", render_terminal(text))
    assert not re.search("[<>\x1b\r\b]", left)
    assert "\x1b" not in strip_signs(text)


CELLS = [
    {"cell_type": "markdown", "source": "# Title\n\ntext"},
    {"cell_type": "code", "source": ["%matplotlib inline\n", "x = 1\n", "!ls\n"]},
    {"cell_type": "code", "source": "%%bash\nls"},
    {"cell_type": "raw", "source": "raw"},
]
SCRIPT = (
    "# %% [markdown]\n# # Title\n#\n# text\n\n# %%\n# %matplotlib inline\nx = 1\n# !ls\n\n"
    "# %%\n# %%bash\n# ls\n\n# %% [raw]\n# raw\n"
)


def test_a_notebook_is_downloaded_as_a_script_of_its_language(shown: Show) -> None:
    files = {
        "a/book.ipynb": json.dumps({"cells": CELLS}).encode(),
        "r.IPYNB": json.dumps({"cells": [], "metadata": {"language_info": {"name": "R"}}}).encode(),
        "bad.ipynb": b"{",
        "notes.txt": b"x",
    }
    onlooker = shown(files)
    script = onlooker.visitor.get(f"{onlooker.project.path}/script/main/a/book.ipynb")
    assert script.text == SCRIPT
    assert 'attachment; filename="book.py"' in script.headers["Content-Disposition"]
    assert 'href="/alice/website/script/main/r.IPYNB"' in onlooker.get("/blob/main/r.IPYNB")
    other = onlooker.visitor.get(f"{onlooker.project.path}/script/main/r.IPYNB")
    assert "r.R" in other.headers["Content-Disposition"]
    for name, status in (("bad.ipynb", 400), ("notes.txt", 400), ("a", 400), ("no.ipynb", 404)):
        assert onlooker.visitor.get(f"{onlooker.project.path}/script/main/{name}").status_code == status


@pytest.mark.parametrize("form", ["png", "jpeg", "gif", "webp"])
def test_pictures_in_html_and_markdown_are_shown(form: str) -> None:
    address = f"data:image/{form};base64,{PNG}"
    markup, written = f'<p>a</p><img src="{address}">', f"![b]({address})"
    book = book_of(markdown(written), code(displayed(text_html=markup), displayed(text_markdown=written)))
    shown = [str(book.cells[0].html), *(str(output.html) for output in book.cells[1].outputs)]
    assert [html.count(f'src="{address}"') for html in shown] == [1, 1, 1]


@pytest.mark.parametrize("address", ["data:image/svg+xml;base64,PHN2Zz4=", "data:text/html;base64,PGI+", "data:,x"])
def test_other_addresses_with_content_are_left_out(address: str) -> None:
    written = f'![b]({address}) <img src="{address}"> [x]({address}) <a href="{address}">y</a>'
    book = book_of(markdown(written), code(displayed(text_html=written)))
    assert "data:" not in str(book.cells[0].html).replace(escape(f"]({address})"), "")
    assert 'src="data:' not in str(book.cells[1].outputs[0].html)
    assert 'href="data:' not in str(book.cells[1].outputs[0].html)


def test_a_large_picture_in_html_does_not_count_as_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outputs, "LONGEST_TEXT", 100)
    monkeypatch.setattr(outputs, "LONGEST_IMAGES_BYTES", len(PNG) + 10)
    markup = f'<img src="data:image/png;base64,{PNG}">'
    book = book_of(code(displayed(text_html=markup + "<b>end</b>"), displayed(text_html=markup + "<b>end</b>")))
    first, second = (str(output.html) for output in book.cells[0].outputs)
    assert ("src=" in first, "end" in first) == (True, True)
    assert ("src=" in second, "end" in second) == (False, True)


def test_html_that_shows_nothing_gives_way_to_another_form() -> None:
    empty = "<style>p {}</style><div><img></div>"
    book = book_of(
        code(displayed(text_html=empty, text_plain="<Figure>"), displayed(text_html="<b>7</b>", text_plain="7"))
    )
    kinds = [(output.kind, output.content) for output in book.cells[0].outputs]
    note = "The HTML of this output shows nothing here, so another form of it is shown."
    assert kinds == [("text", "<Figure>"), ("note", note), ("html", "<b>7</b>")]


def test_latex_of_several_parts_is_words_and_formulas() -> None:
    book = book_of(
        code(displayed(text_latex="$$x^2$$ where $y$ is a length"), displayed(text_latex="$\\displaystyle x$"))
    )
    several, one = (str(output.html) for output in book.cells[0].outputs)
    assert (several.count("<math"), "where" in several, "$" in several) == (2, True, False)
    assert one.count("<math") == 1
