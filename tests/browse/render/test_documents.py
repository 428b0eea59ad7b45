"""Markdown becomes HTML that can do no harm, and its links stay inside the version that is looked at."""

import re
from collections.abc import Callable

import pytest
from markupsafe import escape

from framework.accounts.core.account import Account
from framework.browse.render.documents import Links, readme_among, render_to_html
from framework.browse.render.markup import restructured
from framework.browse.render.markup.formulas import LONGEST_FORMULA, MOST_CHARACTERS, MOST_FORMULAS
from framework.projects.core.access import ProjectAccess
from tests.cast import Visitor
from tests.uploads.form import upload


def html(text: str, folder: str = "docs") -> str:
    return str(render_to_html(text, Links("/p", "main", folder)))


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg onload=alert(1)>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&colon;alert(1))",
    '<a href="java\nscript:alert(1)">x</a>',
    '<a href=" javascript:alert(1)">x</a>',
    '<a href="data:text/html;base64,PHNjcmlwdD4=">x</a>',
    "[x]: vbscript:alert(1)\n[x]",
    "<iframe src=https://example.org></iframe>",
    "<object data=x></object><embed src=x>",
    "<form action=/logout method=post><button>x</button></form>",
    "<style>body { display: none }</style>",
    '<p style="position: fixed">x</p>',
    '<base href="//example.org">',
    "<meta http-equiv=refresh content=0>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    '<div id="upload" class="card" name="x" contenteditable>x</div>',
    '```"><script>alert(1)</script>\nx\n```',
    "```py onload=alert(1)\n</code></pre><script>alert(1)</script>\n```",
    '![x](x.png "\\"onerror=alert(1)")',
    '<input autofocus onfocus="alert(1)">',
    "---\nx: <script>alert(1)</script>\n---\n",
    "> [!NOTE]<script>alert(1)</script>",
    'https://example.org/"onmouseover=alert(1)',
    '![" onerror=alert(1) x="](https://example.org/"onerror=alert(1)>)',
    '<img src="https://example.org/a?>&quot;<script>" alt="<script>alert(1)</script>">',
]
HARMFUL = re.compile(
    r"<(script|iframe|object|embed|form|button|style|base|meta|svg|math|input)\b"
    r"|<[^>]*\s(on\w+|style|class=\"card|id=\"upload|name|contenteditable)\b[^>\"]*="
    r"|(href|src)=\"\s*(javascript|vbscript|data):",
    re.IGNORECASE,
)


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_hostile_is_left(text: str) -> None:
    assert not HARMFUL.search(html(text))


@pytest.mark.parametrize(
    ("written", "address"),
    [
        ("guide.md", "/p/blob/main/docs/guide.md"),
        ("../data/a%20b.csv", "/p/blob/main/data/a%20b.csv"),
        ("/setup.py#L3", "/p/blob/main/setup.py#L3"),
        ("guide.md#First-Steps", "/p/blob/main/docs/guide.md#doc-first-steps"),
        ("../../../../etc/passwd", "/p/blob/main/etc/passwd"),
        ("..", "/p/tree/main"),
        ("#first-steps", "#doc-first-steps"),
        ("\\\\example.org", "/p/blob/main/docs/%5Cexample.org"),
        ("https://example.org/a?b#c", "https://example.org/a?b#c"),
        ("mailto:a@example.org", "mailto:a@example.org"),
    ],
)
def test_a_link_leads_to_the_same_version(written: str, address: str) -> None:
    assert f'href="{address}"' in html(f"[x]({written})")


@pytest.mark.parametrize("written", ["//example.org/x", "http://[", "ftp://example.org", ""])
def test_a_link_that_leads_nowhere_safe_is_text(written: str) -> None:
    assert "href" not in html(f'<a href="{written}">x</a>')


@pytest.mark.parametrize("written", ["a b.png", "/docs/a%20b.png"])
def test_a_picture_comes_from_the_same_version(written: str) -> None:
    assert 'src="/p/raw/main/docs/a%20b.png"' in html(f"![The river](<{written}>)")


@pytest.mark.parametrize("written", ["https://example.org/x.png", "//example.org/x.png"])
def test_a_picture_from_elsewhere_says_that_it_is_not_loaded(written: str) -> None:
    alone, linked = html(f"![The <b> river]({written})"), html(f"[![The river]({written})](a.md)")
    assert "src=" not in alone + linked
    assert f'href="{written}"' in alone
    assert "The &lt;b&gt; river <small>from example.org, not loaded" in alone
    assert (linked.count("<a "), "from example.org, not loaded" in linked) == (1, True)


def test_a_picture_in_its_address_is_its_description() -> None:
    made = html("![The river](data:image/png;base64,AA) <img src='data:image/png;base64,AA' alt='The sea'>")
    assert ("src=" in made, "The river" in made, "The sea" in made) == (False, True, True)


def test_headings_can_be_linked_to_even_when_they_are_the_same() -> None:
    made = html("# First, steps!\n# First steps\n# 日本語\n")
    assert re.findall(r'<h1 id="([^"]+)">', made) == ["doc-first-steps", "doc-first-steps-1", "doc-日本語"]


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("🚀 Getting Started", "-getting-started"),
        ("Modules 📦", "modules-"),
        ("[Linked](http://example.org) heading", "linked-heading"),
        ("The `code_name` and _emphasis_ part", "the-code_name-and-emphasis-part"),
        ("C++ & R: what's new?", "c--r-whats-new"),
        ("हिन्दी", "हिन्दी"),
        ("A\n# A-1\n# A", "a"),
    ],
)
def test_an_anchor_is_githubs(heading: str, anchor: str) -> None:
    made = re.findall(r'<h1 id="doc-([^"]+)">', html(f"# {heading}"))
    assert made[0] == anchor
    assert len(made) == len(set(made))


@pytest.mark.parametrize("target", ['<a name="Über"></a>', "<a id='Über'>x</a>", "# Über"])
def test_a_link_finds_its_target_in_any_case(target: str) -> None:
    made = html(f"[x](#Über)\n\n{target}\n")
    assert 'href="#doc-%C3%BCber"' in made
    assert 'id="doc-über"' in made


@pytest.mark.parametrize(
    ("written", "address", "words"),
    [
        ("see https://example.org/x_y.", "https://example.org/x_y", "https://example.org/x_y"),
        ("(www.example.org/a_(b))", "https://www.example.org/a_(b)", "www.example.org/a_(b)"),
        ("mail a.b@example.org!", "mailto:a.b@example.org", "a.b@example.org"),
        ("https://example.org/*a* b", "https://example.org/", "https://example.org/"),
    ],
)
def test_a_bare_address_is_a_link(written: str, address: str, words: str) -> None:
    assert f'<a href="{address}" rel="nofollow noopener">{words}</a>' in html(written)


@pytest.mark.parametrize("written", ["setup.py", "`https://example.org`", "a@b", "https://x", "javascript:alert(1)"])
def test_what_is_no_bare_address_is_text(written: str) -> None:
    assert "<a" not in html(written)
    assert html("[the https://example.org/b of](a.md) <a href='c.md'>www.example.org</a>").count("<a") == 2


def test_alerts_are_notices_and_other_quotations_are_not() -> None:
    made = html("> [!WARNING]\n> Mind *this*\n\n> [!note]\n>\n> - a\n\n> [!NOTE] is a word\n\n> [!SPAM]\n> x\n")
    assert '<aside class="alert-warning">\n<p>Warning</p>\n<p>Mind <em>this</em></p>' in made
    assert '<aside class="alert-note">\n<p>Note</p>\n<ul>' in made
    assert (made.count("<aside"), made.count("<blockquote")) == (2, 2)


def test_front_matter_is_a_table() -> None:
    made = html("---\ntitle: A <b>\ndate: 2024-01-01\ntags: [x, y]\nby:\n  - name: Ada\n---\n# Text\n")
    assert made.startswith("<table><tbody><tr><th>title</th><td>A &lt;b&gt;</td></tr><tr><th>date</th><td>2024-01-01")
    assert "<td>x, y</td>" in made
    assert "<th>name</th><td>Ada</td>" in made
    assert made.index("</table>") < made.index('<h1 id="doc-text">')


BOMB = "a0: &a0 [x]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}, [*a{n - 1}]]\n" for n in range(1, 25))


@pytest.mark.parametrize("front", ["title: [", BOMB, "- " * 3_000 + "a\nb: c"])
def test_front_matter_that_is_none_or_too_much_is_shown_as_it_is_written(front: str) -> None:
    made = html(f"---\n{front}\n---\n# Text\n")
    assert "<pre><code>" in made
    assert '<h1 id="doc-text">' in made


def test_formulas_are_read_in_each_form_that_people_write() -> None:
    made = html("$`a_b`$ $x$\n\n```math\ny\n```\n\n\\begin{align}\na &= b \\\\\nc &= d \\label{e}\n\\end{align}\n")
    assert (made.count("<math"), made.count('display="block"'), "label" in made) == (4, 2, False)
    assert "<math" not in html("$`a_b` and \\begin{align}")


@pytest.mark.parametrize("opening", ["{r setup, echo=FALSE}", "{r}", "{.r}", "R"])
def test_a_chunk_of_r_markdown_is_in_the_colours_of_its_language(opening: str) -> None:
    assert '<span class="code-keyword">function</span>' in html(f"```{opening}\nf <- function(x) 1\n```")


def test_a_diagram_waits_for_the_script_as_text() -> None:
    made = html("```mermaid\ngraph TD; A-->B</pre><script>\n```\n")
    assert made == '<pre class="mermaid">graph TD; A--&gt;B&lt;/pre&gt;&lt;script&gt;\n</pre>\n'


def test_tables_are_aligned_without_inline_style() -> None:
    made = html("|a|b|\n|-|-:|\n|1|2|\n")
    assert '<td align="right">2</td>' in made
    assert "style" not in made


def test_code_in_a_document_has_colours_of_its_language() -> None:
    assert '<span class="code-keyword">def</span>' in html("```python\ndef f(): pass\n```")
    assert "<code>def f" in html("```nosuchlanguage\ndef f(): pass\n```")


@pytest.mark.parametrize(
    "text",
    [
        *("- " * 5_000, "x_ " * 5_000, "|a| " * 5_000, "[#]_ " * 5_000, "=\n" * 10_000, "\0"),
        *("a *" * 20_000, "a `b " * 12_000, "**a " * 15_000, "+-" * 30_000, "'*" * 30_000),
    ],
)
def test_a_document_that_would_take_long_is_shown_as_it_is_written(text: str) -> None:
    links = Links("", "main", "")
    made = str(render_to_html(f"{text}\n<b>", links, "rst"))
    assert "&lt;b&gt;" in made


def test_code_in_any_document_has_colours_and_a_notice_is_one() -> None:
    links = Links("", "main", "")
    text = ".. code-block:: python\n\n   def f(): pass\n\n.. code::\n\n   plain <b>\n\n.. note:: Mind\n"
    made = str(render_to_html(text, links, "rst"))
    assert '<pre><code><span class="code-keyword">def</span>' in made
    assert "plain &lt;b&gt;" in made
    assert re.search(r"<aside[^>]*>\s*<p>Note</p>\s*<p>Mind</p>", made)


@pytest.mark.parametrize(
    "written", [".. toctree::\n\n   intro", ".. raw:: html\n\n   <b>x</b>", ".. include:: other.rst", "== =\na b\n==="]
)
def test_what_is_not_followed_in_a_document_is_shown_as_it_is_written(written: str) -> None:
    links = Links("", "main", "")
    made = str(render_to_html(f"Before\n\n{written}\n\nBehind *it*\n", links, "rst"))
    assert str(escape(written)) in made
    assert made.index("Before") < made.index(str(escape(written))) < made.index("Behind <em>it</em>")
    assert (restructured.NOT_FOLLOWED in made, "WARNING" in made, "ERROR" in made) == (True, False, False)
    assert restructured.NOT_FOLLOWED not in render_to_html("Before\n\n:nosuch:`role` `x`_\n", links, "rst")


def test_formulas_beyond_what_a_page_can_take_are_shown_as_they_are_written() -> None:
    many = html("$a$ " * (MOST_FORMULAS + 2))
    assert (many.count("<math"), many.count("<code>a</code>")) == (MOST_FORMULAS, 2)
    long = "b" * LONGEST_FORMULA
    made = html(f"${long}$\n\n" * (MOST_CHARACTERS // LONGEST_FORMULA + 1))
    assert (made.count("<math"), made.count(f"<code>{long}</code>")) == (MOST_CHARACTERS // LONGEST_FORMULA, 1)


@pytest.mark.parametrize(
    ("names", "chosen"),
    [
        (["a", "readme.txt", "ReadMe.md"], "ReadMe.md"),
        (["README", "README.rst"], "README.rst"),
        (["README"], "README"),
        (["readme.py", "md"], None),
    ],
)
def test_a_readme_is_found_in_any_case(names: list[str], chosen: str | None) -> None:
    assert readme_among(names) == chosen


def test_a_folders_readme_is_shown_below_its_files(
    signed_in: Callable[[Account], Visitor], alice: Account, website: ProjectAccess
) -> None:
    visitor = signed_in(alice)
    contents = {
        "README.md": b"# Welcome\n\n![Map](img/map.png) [more](docs/README)\n\n<script>alert(1)</script>",
        "docs/README": b"plain *text*\n<b>",
        "bad/readme.md": b"\xff\xfe\x00",
        "long/readme.md": b"[" * 100_000,
        "huge/readme.md": b"a" * (1 << 19),
    }
    upload(visitor, contents, page="/alice/website/upload/main")
    page = visitor.get("/alice/website").text
    assert '<h1 id="doc-welcome">Welcome</h1>' in page
    assert 'src="/alice/website/raw/main/img/map.png"' in page
    assert "alert(1)" not in page
    assert "plain *text*\n&lt;b&gt;" in visitor.get("/alice/website/tree/main/docs").text
    for folder in ("bad", "long", "huge"):
        assert visitor.get(f"/alice/website/tree/main/{folder}").status_code == 200


def test_a_markdown_file_is_a_document_and_can_be_seen_as_written(
    signed_in: Callable[[Account], Visitor], alice: Account, website: ProjectAccess
) -> None:
    visitor = signed_in(alice)
    upload(visitor, {"docs/guide.md": b"# Guide\n[up](../a.txt)"}, page="/alice/website/upload/main")
    page = "/alice/website/blob/main/docs/guide.md"
    assert 'href="/alice/website/blob/main/a.txt"' in visitor.get(page).text
    as_written = visitor.get(f"{page}?plain=1").text
    assert 'id="L2"' in as_written
    assert "a.txt" in as_written
    assert 'href="/alice/website/blob/main/a.txt"' not in as_written
