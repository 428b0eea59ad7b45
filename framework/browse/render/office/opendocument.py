"""ODT and ODP: the text, headings, lists, tables, pictures and slides of an OpenDocument file (ISO/IEC 26300)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from markupsafe import Markup, escape

from framework.browse.render.office.package import DAMAGED, Package, open_package
from framework.browse.render.office.paper import (
    DEEPEST_TABLE,
    Block,
    Notes,
    Paper,
    cell,
    link,
    make_paper,
    paragraph,
    picture,
    table,
)
from framework.browse.view_options import ViewOptions

MOST_SPACES = 100
_LEFT_OUT = {"tracked-changes", "annotation", "notes", "forms", "variable-decls", "sequence-decls", "desc", "title"}
_MARKS = (("font-weight", "bold", "strong"), ("font-style", "italic", "em"), ("text-line-through-style", "solid", "s"))


def read_opendocument(_name: str, path: str, _asked: ViewOptions) -> Paper:
    """The text or the slides in an OpenDocument file.

    Raises:
        ValueError: it is damaged, protected, or too large.
    """
    with open_package(path) as package:
        return make_paper(list_opendocument_blocks(package))


def list_opendocument_blocks(package: Package) -> Iterator[Block]:
    """The blocks of the document, then its notes.

    Raises:
        ValueError: it is damaged, protected, or too large.
    """
    root = package.parse("content.xml")
    body = root.find("body") if root is not None else None
    if root is None or body is None or not len(body):
        raise ValueError(DAMAGED)
    reader = _Reader(package, {one.get("name", ""): one for one in root.iter("style")}, _find_numbered(root))
    yield from reader.blocks(body[0])
    yield from reader.notes.blocks()


@dataclass
class _Reader:
    """Reads elements of one document; `notes` are those that the text has had so far."""

    package: Package
    styles: dict[str, Element]
    numbered: set[str]
    notes: Notes = field(default_factory=Notes)

    def blocks(self, parent: Element, depth: int = 0) -> Iterator[Block]:
        """The paragraphs, lists, tables and slides in an element."""
        for one in parent:
            if one.tag == "h":
                level = one.get("outline-level", "1")
                yield Block(f"h{min(6, max(1, int(level))) if level.isdecimal() else 1}", self._words(one), _text(one))
            elif one.tag == "p":
                yield Block("p", self._words(one), _text(one))
            elif one.tag == "list":
                yield from self._items(one, 1, "ol" if one.get("style-name") in self.numbered else "ul")
            elif one.tag == "table" and depth < DEEPEST_TABLE:
                cells = ([child for child in row if child.tag == "table-cell"] for row in _rows(one))
                yield table([cell(self.blocks(child, depth + 1)) for child in row] for row in cells)
            elif one.tag == "page":
                yield Block("hr", Markup(), "")
                yield paragraph(one.get("name", ""), "h4")
                yield from self.blocks(one, depth)
            elif one.tag == "image":
                yield Block("p", picture(self._address(one), ""), "")
            elif one.tag not in _LEFT_OUT:
                yield from self.blocks(one, depth)

    def _items(self, one: Element, depth: int, tag: str) -> Iterator[Block]:
        for item in one:
            inner = [child for child in item if child.tag in {"p", "h"}]
            if inner:
                html = Markup("<br>").join(self._words(child) for child in inner)
                yield Block(tag, html, " ".join(_text(child) for child in inner), depth)
            for child in item:
                if child.tag == "list":
                    yield from self._items(child, depth + 1, tag)

    def _words(self, parent: Element) -> Markup:
        return escape(parent.text or "") + Markup().join(self._inline(parent))

    def _inline(self, parent: Element) -> Iterator[Markup]:
        for one in parent:
            yield self._part(one)
            yield escape(one.tail or "")

    def _part(self, one: Element) -> Markup:
        readers: dict[str, Callable[[Element], Markup]] = {
            "s": lambda one: escape(" " * _count(one)),
            "tab": lambda _one: escape("\t"),
            "line-break": lambda _one: Markup("<br>"),
            "span": lambda one: self._mark(one.get("style-name", ""), self._words(one)),
            "a": lambda one: link(one.get("href", ""), self._words(one)),
            "note": self._note,
            "image": lambda one: picture(self._address(one), ""),
        }
        return Markup() if one.tag in _LEFT_OUT else readers.get(one.tag, self._words)(one)

    def _mark(self, name: str, words: Markup) -> Markup:
        """The words in bold and so on, where their style says so."""
        style = self.styles.get(name)
        told = style.find("text-properties") if style is not None else None
        if told is None or not words:
            return words
        for attribute, value, tag in _MARKS:
            if told.get(attribute) == value:
                words = Markup(f"<{tag}>{{}}</{tag}>").format(words)  # noqa: S704 # names of ours
        place = told.get("text-position", "").partition(" ")[0]
        raised = {"super": "sup", "sub": "sub"}.get(place)
        return Markup(f"<{raised}>{{}}</{raised}>").format(words) if raised else words  # noqa: S704 # as before

    def _address(self, one: Element) -> str:
        return self.package.picture(one.get("href", "").removeprefix("./"))

    def _note(self, one: Element) -> Markup:
        body = one.find("note-body")
        return Markup() if body is None else self.notes.add(self.blocks(body))


def _rows(one: Element) -> Iterator[Element]:
    for child in one:
        if child.tag == "table-row":
            yield child
        elif child.tag in {"table-header-rows", "table-rows", "table-row-group"}:
            yield from _rows(child)


def _find_numbered(root: Element) -> set[str]:
    """The styles of lists whose first level has numbers rather than bullets."""
    return {
        one.get("name", "")
        for one in root.iter("list-style")
        if len(one) and one[0].tag == "list-level-style-number" and one[0].get("num-format")
    }


def _text(parent: Element) -> str:
    """The words of an element, without its notes."""
    parts = [parent.text or ""]
    for one in parent:
        if one.tag == "s":
            parts.append(" " * _count(one))
        elif one.tag not in _LEFT_OUT | {"note"}:
            parts.append(" " if one.tag in {"tab", "line-break"} else _text(one))
        parts.append(one.tail or "")
    return "".join(parts)


def _count(one: Element) -> int:
    told = one.get("c", "1")
    return min(MOST_SPACES, int(told)) if told.isdecimal() and len(told) < 4 else 1
