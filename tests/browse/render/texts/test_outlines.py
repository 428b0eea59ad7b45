"""YAML, TOML and XML are text first, and trees for who asks."""

import pytest

from framework.browse.render.json_trees import Node, Tree
from framework.browse.render.outlines import read_toml, read_xml, read_yaml
from framework.browse.view_options import ViewOptions
from tests.browse.render.made_files import Show

YAML = """\
# a comment
name: lakes
version: 1.10
wide: &all {a: yes, b: null}
again: *all
list:
  - 0x1F
  - |
    two
    lines
"""
TOML = "title = 'a'\n[tool.x]\nyear = 1_000\nday = 2024-05-01\nfactor = 1.50\nflags = [true, {deep = 1}]\n"
XML = '<?xml version="1.0"?><!-- old --><a:set xmlns:a="urn:x" id="1"><b>one</b>two<c/></a:set>'


def flatten(node: Node, path: str = "") -> list[str]:
    """Each leaf with the keys that lead to it."""
    here = f"{path}/{node.key}".lstrip("/")
    if node.children:
        return [line for child in node.children for line in flatten(child, here)]
    return [f"{here}={node.text or node.kind} ({node.kind})"]


def outline(reader: object, text: str) -> Tree:
    assert callable(reader)
    tree: Tree = reader("", text, ViewOptions())
    return tree


def test_yaml_is_shown_as_it_is_written() -> None:
    assert flatten(outline(read_yaml, YAML).root) == [
        "name=lakes (string)",
        "version=1.10 (number)",
        "wide/a=yes (word)",
        "wide/b=null (word)",
        "again=*all (word)",
        "list/0=0x1F (number)",
        "list/1=two\nlines\n (string)",
    ]
    two = outline(read_yaml, "a: 1\n---\n- {? [x] : 1}\n").root
    assert flatten(two) == ["document 1/a=1 (number)", "document 2/0/[…]=1 (number)"]


def test_toml_is_shown_with_its_times_and_numbers() -> None:
    assert flatten(outline(read_toml, TOML).root) == [
        'title="a" (string)',
        "tool/x/year=1000 (number)",
        "tool/x/day=2024-05-01 (number)",
        "tool/x/factor=1.50 (number)",
        "tool/x/flags/0=true (word)",
        "tool/x/flags/1/deep=1 (number)",
    ]


def test_xml_is_shown_with_attributes_and_comments() -> None:
    assert flatten(outline(read_xml, XML).root) == [
        "=old (comment)",
        "a:set/@xmlns:a=urn:x (string)",
        "a:set/@id=1 (string)",
        "a:set/b=one (string)",
        "a:set/=two (string)",
        "a:set/c=elements (elements)",
    ]


PAIRS = zip("abcdefghijkl", "bcdefghijklm", strict=True)
BOMB = "a: &a [x, x]\n" + "".join(f"{after}: &{after} [*{before}, *{before}]\n" for before, after in PAIRS)
LAUGHS = '<!DOCTYPE a [<!ENTITY b "ha"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>'


def test_an_alias_stays_a_name() -> None:
    assert len(flatten(outline(read_yaml, BOMB).root)) == 26


@pytest.mark.parametrize(
    ("reader", "text", "why"),
    [
        (read_yaml, "a: [1, 2\nb: 3\n", "line 2"),
        (read_yaml, "a: \0", "signs that YAML"),
        (read_yaml, "[" * 100_000, "deeply"),
        (read_yaml, "[" + "1, " * 6_000 + "]", "more than 5,000"),
        (read_toml, "a = ", "Invalid value"),
        (read_toml, "a = " + "[" * 20_000, "deeply"),
        (read_xml, "<a><b></a>", "line 1: mismatched tag"),
        (read_xml, LAUGHS, "declares entities"),
        (read_xml, '<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>', "declares entities"),
        (read_xml, "<a>" * 60 + "</a>" * 60, "deeply"),
        (read_xml, "<a>" + "<b/>" * 6_000 + "</a>", "more than 5,000"),
    ],
)  # fmt: skip
def test_what_is_none_or_too_much_is_refused(reader: object, text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        outline(reader, text)


def test_text_comes_first_and_leads_to_the_outline(shown: Show) -> None:
    onlooker = shown(
        {
            "a.yml": YAML.encode(),
            "old.yml": b"a: \xfc\n",
            "broken.toml": b"a = ",
            "long.xml": b"<a>" + b"<b/>\n" * 120_000,
        }
    )
    page = onlooker.get("/blob/main/a.yml")
    assert "# a comment" in page
    assert 'href="/alice/website/blob/main/a.yml?outline=1"' in page
    asked = onlooker.get("/blob/main/a.yml?outline=1")
    assert "# a comment" not in asked
    assert "<details" in asked
    assert 'href="?plain=1"' in asked
    assert "<details>" not in asked
    assert 'href="?outline=1&amp;encoding=windows-1252"' in onlooker.get("/blob/main/old.yml?outline=1")
    assert "(Invalid value (at end of document))" in onlooker.get("/blob/main/broken.toml?outline=1")
    assert "outline=1" not in onlooker.get("/blob/main/long.xml")
