"""Documents of office programs are shown by their text and pictures, and nothing that they hold does any harm."""

import base64
from pathlib import Path

import pytest

from framework.browse.render.kinds.registry import kind_of
from framework.browse.render.office import package, paper
from framework.browse.render.office.paper import Paper
from framework.browse.render.office.rich_text import read_rich_text
from framework.browse.render.previews import Dump, Rich, read_file
from framework.browse.view_options import ViewOptions
from tests.browse.render import made_papers as made
from tests.browse.render.made_papers import paragraph, run

PICTURE = f'<img src="data:image/png;base64,{base64.b64encode(made.PNG).decode()}"'


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "file"


def preview(file: Path, name: str, content: bytes) -> Rich | Dump:
    """What the page of a file with this name shows."""
    file.write_bytes(content)
    kind = kind_of(name)
    assert kind
    shown = read_file(kind, name, str(file), ViewOptions())
    assert isinstance(shown, Rich | Dump)
    return shown


def html(file: Path, name: str, content: bytes) -> str:
    shown = preview(file, name, content)
    assert isinstance(shown, Rich), shown.note
    assert isinstance(shown.content, Paper)
    return shown.content.html


BLIP = '<w:r><w:drawing><wp:docPr descr="A &lt;b&gt;"/><a:blip r:embed="{}"/></w:drawing></w:r>'
WORD = {
    paragraph(run("Soil"), '<w:pStyle w:val="T"/>'): "<h1>Soil</h1>",
    paragraph(run("Methods"), '<w:pStyle w:val="U"/>'): "<h2>Methods</h2>",
    paragraph(run("Deep"), '<w:outlineLvl w:val="3"/>'): "<h4>Deep</h4>",
    paragraph(run("a&lt;b&gt; ") + run("c", "<w:b/><w:i/>")): "<p>a&lt;b&gt; <em><strong>c</strong></em></p>",
    paragraph(run("x", '<w:b w:val="0"/>') + run("2", '<w:vertAlign w:val="subscript"/>')): "<p>x<sub>2</sub></p>",
    paragraph(run("1"), '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'): "<ol>\n<li>1</li>\n</ol>",
    paragraph(run("1"), '<w:pStyle w:val="L"/>'): "<ul>\n<li>1</li>\n</ul>",
    paragraph('<w:hyperlink r:id="site">' + run("x") + "</w:hyperlink>"): (
        '<p><a href="https://example.org/" rel="nofollow noopener">x</a></p>'
    ),
    paragraph('<w:hyperlink r:id="bad">' + run("x") + "</w:hyperlink>"): "<p>x</p>",
    paragraph(f"<w:ins>{run('new')}</w:ins><w:del><w:r><w:delText>old</w:delText></w:r></w:del>"): "<p>new</p>",
    paragraph('<w:r><w:t>a</w:t><w:footnoteReference w:id="2"/></w:r>'): (
        "<p>a<sup>[1]</sup></p>\n<hr>\n<ol>\n<li>The note</li>\n</ol>"
    ),
    paragraph(BLIP.format("photo")): f'<p>{PICTURE} alt="A &lt;b&gt;"></p>',
    paragraph(BLIP.format("drawing")): f"<p>{paper.PICTURE_LEFT_OUT}</p>",
    f"<w:tbl><w:tr><w:tc>{paragraph(run('a'))}{paragraph(run('b'))}</w:tc><w:tc/></w:tr></w:tbl>": (
        "<table><tbody><tr><td>a<br>b</td><td></td></tr>\n</tbody></table>"
    ),
    "<w:tbl><w:tr><w:sdt><w:sdtContent><w:tc><w:tbl><w:tr><w:tc>" + paragraph(run("in")) + "</w:tc></w:tr></w:tbl>"
    "</w:tc></w:sdtContent></w:sdt></w:tr></w:tbl>": (
        "<table><tbody><tr><td><table><tbody><tr><td>in</td></tr>\n</tbody></table></td></tr>\n</tbody></table>"
    ),
    f"<w:sdt><w:sdtContent>{paragraph(run('filled in'))}</w:sdtContent></w:sdt>": "<p>filled in</p>",
}


@pytest.mark.parametrize("body", WORD)
def test_a_word_document_is_text_with_its_structure(file: Path, body: str) -> None:
    assert html(file, "a.docx", made.word(body)) == WORD[body]


BOLD = '<style:style style:name="B"><style:text-properties fo:font-weight="bold"/></style:style>'
TEXTS = {
    '<text:h text:outline-level="2">Soil</text:h>': "<h2>Soil</h2>",
    '<text:p>a<text:s text:c="2"/>&lt;b&gt;<text:span text:style-name="B">c</text:span>d</text:p>': (
        "<p>a  &lt;b&gt;<strong>c</strong>d</p>"
    ),
    '<text:p><text:a xlink:href="javascript:alert(1)">x</text:a></text:p>': "<p>x</p>",
    "<text:list><text:list-item><text:p>1</text:p></text:list-item></text:list>": "<ul>\n<li>1</li>\n</ul>",
    "<text:p>a<text:note><text:note-body><text:p>N</text:p></text:note-body></text:note></text:p>": (
        "<p>a<sup>[1]</sup></p>\n<hr>\n<ol>\n<li>N</li>\n</ol>"
    ),
    '<text:p><draw:image xlink:href="Pictures/a.png"/></text:p>': f'<p>{PICTURE} alt=""></p>',
    "<table:table><table:table-row><table:table-cell><text:p>a</text:p></table:table-cell></table:table-row>"
    "</table:table>": "<table><tbody><tr><td>a</td></tr>\n</tbody></table>",
    "<text:tracked-changes><text:p>old</text:p></text:tracked-changes><text:p>now</text:p>": "<p>now</p>",
}


@pytest.mark.parametrize("body", TEXTS)
def test_an_opendocument_text_is_text_with_its_structure(file: Path, body: str) -> None:
    assert html(file, "a.odt", made.opendocument(body, BOLD)) == TEXTS[body]


def test_slides_are_shown_in_their_order_with_titles_points_and_pictures(file: Path) -> None:
    picture = '<p:pic><a:blip r:embed="photo"/></p:pic>'
    made_slides = made.slides(
        made.shape("Title &lt;b&gt;", "title") + made.shape("7", "sldNum"), made.shape("Point", "body") + picture
    )
    shown = html(file, "a.pptx", made_slides)
    assert shown == (
        "<p><small>Slide 1</small></p>\n<h2>Title &lt;b&gt;</h2>\n<hr>\n<p><small>Slide 2</small></p>\n"
        "<ul>\n<li>Point</li>\n</ul>\n"
        f'<p>{PICTURE} alt=""></p>'
    )
    page = '<draw:page draw:name="One"><draw:text-box><text:p>x</text:p></draw:text-box></draw:page>'
    assert html(file, "a.odp", made.opendocument(page, kind="presentation")) == "<hr>\n<h4>One</h4>\n<p>x</p>"


def test_a_book_is_its_chapters_without_what_could_act(file: Path) -> None:
    chapters = {
        "b": '<html xmlns="urn:h"><head><title>no</title></head><h2 onclick="x()">One</h2><script>alert(1)</script>',
        "a": "<html><body><p>Two <img src='a.png'/><a href='b.xhtml'>in</a> <a href='https://example.org'>out</a></p>",
    }
    shown = html(file, "a.epub", made.book(**chapters))
    assert shown.startswith("<h1>A &amp; B</h1>\n<section><h2>One</h2></section>\n<section><p>Two ")
    assert ("alert" in shown, "<img" in shown, "b.xhtml" in shown, shown.count("href=")) == (False, False, False, 1)


RICH = {
    r"{\rtf1\ansi{\fonttbl{\f0 Arial;}}{\*\generator x;}One\par {\b Two} {\i <3>}\par}": (
        "<p>One</p>\n<p><strong>Two</strong> <em>&lt;3&gt;</em></p>"
    ),
    r"{\rtf1\ansicpg1251 \'ef\'f0 \u8364?\uc2\u8364xy!\par}": "<p>пр €€!</p>",
    r"{\rtf1 a\cell b\cell\row c\par par}": (
        "<table><tbody><tr><td>a</td><td>b</td></tr>\n</tbody></table>\n<p>c</p>\n<p>par</p>"
    ),
    r'{\rtf1 {\field{\*\fldinst{HYPERLINK "https://a.org/?b=1&c"}}{\fldrslt{\b here}}} on}': (
        '<p><a href="https://a.org/?b=1&amp;c" rel="nofollow noopener"><strong>here</strong></a> on</p>'
    ),
    r'{\rtf1 {\field{\*\fldinst HYPERLINK "javascript:a"}{\fldrslt no}}{\field{\*\fldinst PAGE}{\fldrslt 3}}}': (
        "<p>no3</p>"
    ),
    "{\\rtf1 a\\\nb\\{c\\}\\~\\emdash\n}": "<p>a</p>\n<p>b{c}\xa0—</p>",
}


@pytest.mark.parametrize("text", RICH)
def test_rich_text_is_its_words(text: str) -> None:
    assert read_rich_text("", text, ViewOptions()).html == RICH[text]


ENTITY = '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b SYSTEM "file:///etc/passwd">]>'
BROKEN = {
    "is not a whole ZIP file": b"PK\x03\x04 cut",
    "is damaged": made.packed({"word/document.xml": "<w:document"}),
    "is damaged ": made.packed({"other.xml": "<a/>"}),
    "protected by a password": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600),
    "declares entities": made.packed({"word/document.xml": f"{ENTITY}<w:document>&b;</w:document>"}),
    "text is too long": made.packed({"word/document.xml": b" " * (package.LONGEST_PART_BYTES + 1)}),
    "too many files": made.packed({str(number): b"" for number in range(package.MOST_PARTS + 1)}),
    "nested too deeply": made.word(paragraph("<w:x>" * 3_000 + "</w:x>" * 3_000)),
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_document_that_cannot_be_read_says_why(file: Path, words: str) -> None:
    shown = preview(file, "a.docx", BROKEN[words])
    assert isinstance(shown, Dump)
    assert words.strip() in shown.note


def test_a_document_is_shown_as_far_as_a_page_can_take(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paper, "MOST_BLOCKS", 2)
    monkeypatch.setattr(package, "LONGEST_PICTURES_BYTES", len(made.PNG))
    shown = preview(file, "a.docx", made.word(paragraph(BLIP.format("photo") * 2) + paragraph(run("a")) * 2))
    assert isinstance(shown, Rich)
    assert isinstance(shown.content, Paper)
    assert (shown.content.html.count("<p>"), shown.content.html.count("<img"), shown.content.complete) == (2, 1, False)
