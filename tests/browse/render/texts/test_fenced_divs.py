"""Blocks between lines of colons, attributes and references, as Quarto, Pandoc, bookdown and Docusaurus have them."""

from framework.browse.render.documents import Links, render_to_html
from framework.browse.render.markup import fenced_divs


def html(text: str) -> str:
    return str(render_to_html(text, Links("/ann/notes", "main", "docs"), "markdown"))


def test_blocks_of_quarto_are_alerts_or_their_content() -> None:
    made = html(
        '::: {.callout-tip title="Read <b>this"}\n## Inside {-}\n- a\n:::\n\n:::: {.columns}\n'
        '::: {.column width="50%"}\nleft\n:::\n::::\n\n:::warning\nhot\n:::\n\n:::\n\n```\n::: {.x}\n```\n'
    )
    assert '<aside class="alert-tip"><p>Read &lt;b&gt;this</p>\n<h2 id="doc-inside">Inside</h2>\n<ul>' in made
    assert '<aside class="alert-warning"><p>Warning</p>\n<p>hot</p>\n</aside>' in made
    assert "<p>left</p>" in made
    assert (made.count(":::"), made.count("<aside")) == (2, 2)


def test_attributes_of_a_heading_are_not_shown_and_links_find_its_identifier() -> None:
    made = html("# On maps {#sec-maps .unnumbered}\n\n[there](#sec-maps)\n\n## A set {1, 2}\n")
    assert '<a id="doc-sec-maps"' in made
    assert ">On maps</h1>" in made
    assert 'href="#doc-sec-maps"' in made
    assert "A set {1, 2}</h2>" in made


def test_the_heading_that_a_callout_begins_with_is_its_title() -> None:
    made = html("::: {.callout-tip}\n\n## Use `x` *first*\n\nThen y.\n\n## Later\n:::\n")
    assert '<aside class="alert-tip">\n<p>Use <code>x</code> <em>first</em></p>\n<p>Then y.</p>\n<h2' in made
    assert "Tip" not in made


def test_attributes_of_pictures_links_and_code_are_not_shown() -> None:
    made = html('![a](a.png){width=50% .c} [b](b.md){target="_blank"} `c`{.python} `d` {e} [f](g){1, 2}\n')
    assert 'alt="a" width="50%"' in made
    assert "target" not in made
    assert "<code>c</code> <code>d</code> {e}" in made
    assert "f</a>{1, 2}" in made
    assert 'width="300"' in html("![a](a.png){width=300px}")
    assert "width" not in html("![a](a.png){width=expression}").replace("a.png", "")


def test_breaks_are_left_out_and_references_are_links() -> None:
    made = html("One\n\n\\newpage\n\n. . .\n\n{{< pagebreak >}}\n\nSee \\@ref(fig-one), not `\\newpage`.\n")
    assert made.count("<p>") == 2
    assert '<a href="#doc-fig-one"' in made
    assert "<code>\\newpage</code>" in made


def test_long_lines_of_colons_and_very_many_blocks_are_text() -> None:
    assert ":::" in html(":::" + " " * fenced_divs.LONGEST_LINE + "{.a}")
    assert html("::: {.a}\n" * (fenced_divs.MOST_OPEN + 3)).count(":::") == 3
